import { randomUUID } from 'node:crypto';
import type { AnyAccount } from '../core/accounts.js';
import type { CallbackRequest, CallbackSender, CallbackTamper, OutgoingCallback, World } from '../core/platform.js';
import { randomAlphanumeric } from '../core/random.js';
import { signedHeaders } from './answers.js';
import type { Merchant } from './authorization.js';
import { beijingTime } from './beijing-time.js';
import { encryptAead } from './cipher.js';
import type { PlatformKeys } from './platform-keys.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** What a merchant is told. */
export interface Notice {
  /** At most 32 characters. */
  readonly type: string;
  readonly originalType: 'transaction' | 'refund';
  readonly summary: string;
  readonly content: object;
}

/** As it is kept until it was received: each try encrypts the same and signs anew. */
interface Letter extends Notice {
  readonly id: string;
  readonly createTime: string;
  readonly nonce: string;
}

/** The amounts that `wrong_amount` changes, by fen. */
const AMOUNTS = { transaction: ['total', 'payer_total'], refund: ['refund', 'payer_refund'] } as const;

/** WeChat Pay's notifications, v3. */
export class Notifications implements CallbackSender {
  /** 15 times in 24 h 4 min. */
  readonly schedule = [
    ...[15 * SECOND, 15 * SECOND, 30 * SECOND],
    ...[3 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, 30 * MINUTE, 30 * MINUTE, 60 * MINUTE],
    ...[3 * HOUR, 3 * HOUR, 3 * HOUR, 6 * HOUR, 6 * HOUR],
  ];
  readonly timeout = 5 * SECOND;

  constructor(
    private readonly world: World,
    private readonly keys: PlatformKeys,
  ) {}

  send(merchant: Merchant, url: string, notice: Notice): void {
    const letter: Letter = {
      ...notice,
      id: randomUUID(),
      createTime: beijingTime(this.world.businessNow(merchant)),
      nonce: randomAlphanumeric(12),
    };
    this.world.call(merchant, { url, operation: notice.type, data: letter });
  }

  build(account: AnyAccount, { data }: OutgoingCallback, tamper?: CallbackTamper): CallbackRequest {
    const merchant = account as Merchant;
    const letter = tamper === 'wrong_amount' ? withWrongAmount(data as Letter) : (data as Letter);
    const body = envelope(letter, merchant.credentials.apiV3Key);
    const genuine = this.keys.forNotification(merchant.merchantId);
    const signer = tamper === 'forge' ? this.keys.forged(genuine) : genuine;
    const headers = signedHeaders(body, signer, { at: this.world.now(), isProbe: tamper === 'wrong_signature' });
    return { headers: { 'content-type': 'application/json', 'user-agent': 'Mozilla/4.0', ...headers }, body };
  }

  /** The status alone decides. */
  accepts(status: number): boolean {
    return status === 200 || status === 204;
  }
}

const envelope = ({ id, createTime, type, originalType, summary, content, nonce }: Letter, apiV3Key: string): string =>
  JSON.stringify({
    id,
    create_time: createTime,
    resource_type: 'encrypt-resource',
    event_type: type,
    summary,
    resource: {
      original_type: originalType,
      algorithm: 'AEAD_AES_256_GCM',
      ciphertext: encryptAead(JSON.stringify(content), apiV3Key, nonce, originalType),
      associated_data: originalType,
      nonce,
    },
  });

function withWrongAmount(letter: Letter): Letter {
  const { amount } = letter.content as { amount: Record<string, unknown> };
  const changed = Object.fromEntries(AMOUNTS[letter.originalType].map((name) => [name, Number(amount[name]) + 1]));
  const content = { ...letter.content, amount: { ...amount, ...changed } };
  // One nonce must never cover two texts.
  return { ...letter, content, nonce: randomAlphanumeric(12) };
}
