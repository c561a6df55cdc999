import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { MerchantBook, World } from '../core/platform.js';
import { randomAlphanumeric } from '../core/random.js';
import { newCertified, serialOfKey } from './certificates.js';
import { newMerchantId } from './numbers.js';
import { PLANS } from './papay-plans.js';
import type { PlatformKeys } from './platform-keys.js';
import { publicKeyIn } from './signatures.js';

export interface PayCredentials {
  /** Of the merchant API certificate: 40 hexadecimal digits in upper case. */
  readonly serial: string;
  /** SPKI as PEM. */
  readonly merchantPublicKey: string;
  /** PKCS#8 as PEM; only when the pair was made here. */
  readonly privateKey?: string;
  /** 32 ASCII characters. */
  readonly apiV3Key: string;
  /** 32 ASCII characters: signs the older API, where contracts and debits are. */
  readonly apiV2Key: string;
  readonly merchantId: string;
}

type MerchantKey = Pick<PayCredentials, 'serial' | 'merchantPublicKey' | 'privateKey'>;

/** What the console only shows may come back with what it takes, and changes nothing. */
const shown = z.string().optional();

const keySchema = z.string().transform((pem, context) => {
  const key = publicKeyIn(pem);
  if (key) return key.export({ type: 'spki', format: 'pem' }).toString();
  context.addIssue('an RSA public key of at least 2048 bits, or a certificate of one, as PEM');
  return z.NEVER;
});

const certificateSchema = z.string().transform((pem, context) => {
  try {
    const { serialNumber, publicKey } = new X509Certificate(pem);
    return { serial: serialNumber, key: keySchema.parse(publicKey.export({ type: 'spki', format: 'pem' })) };
  } catch {
    context.addIssue('the X.509 certificate of an RSA key of at least 2048 bits, as PEM');
    return z.NEVER;
  }
});

const secretSchema = z.string().regex(/^[\x21-\x7e]{32}$/, '32 ASCII characters');

const givenSchema = z.strictObject({
  serial: z
    .string()
    .regex(/^[0-9A-F]{1,40}$/, 'hexadecimal digits in upper case, at most 40')
    .optional(),
  merchantPublicKey: keySchema.optional(),
  merchantCertificate: certificateSchema.optional(),
  apiV3Key: secretSchema.optional(),
  apiV2Key: secretSchema.optional(),
  verification: z.enum(['public_key', 'certificate', 'migrating']).optional(),
  privateKey: shown,
  publicKeyId: shown,
  publicKey: shown,
});
type Given = z.output<typeof givenSchema>;

/** Account centre, API security: what the merchant types in, and what they copy out. */
export class MerchantConsole implements MerchantBook<PayCredentials> {
  readonly plans = PLANS;

  constructor(
    private readonly world: World,
    private readonly keys: PlatformKeys,
  ) {}

  newMerchantId(): string {
    return newMerchantId();
  }

  /** Throws ZodError. */
  async issueCredentials(
    given: unknown,
    previous: PayCredentials | undefined,
    merchantId: string,
  ): Promise<PayCredentials> {
    const settings = givenSchema.parse(given);
    await this.keys.prepare(merchantId, settings.verification);
    return {
      merchantId,
      apiV3Key: settings.apiV3Key ?? previous?.apiV3Key ?? randomAlphanumeric(32),
      apiV2Key: settings.apiV2Key ?? previous?.apiV2Key ?? randomAlphanumeric(32),
      ...(await this.#merchantKey(settings, previous, merchantId)),
    };
  }

  /** Only texts, and only what a server needs: how a merchant verifies shows in whether it has a public key. */
  showCredentials({
    merchantId,
    serial,
    privateKey,
    apiV3Key,
    apiV2Key,
  }: PayCredentials): Readonly<Record<string, string>> {
    const platform = this.keys.publicKey(merchantId);
    return {
      serial,
      ...(privateKey && { privateKey }),
      apiV3Key,
      apiV2Key,
      ...(platform && { publicKeyId: platform.id, publicKey: platform.publicKey }),
    };
  }

  async #merchantKey(given: Given, previous: PayCredentials | undefined, merchantId: string): Promise<MerchantKey> {
    const publicKey = given.merchantCertificate?.key ?? given.merchantPublicKey;
    const serial = given.merchantCertificate?.serial ?? given.serial;
    const isKept =
      previous &&
      (publicKey ?? previous.merchantPublicKey) === previous.merchantPublicKey &&
      (serial ?? previous.serial) === previous.serial;
    if (isKept) {
      const { privateKey } = previous;
      return {
        serial: previous.serial,
        merchantPublicKey: previous.merchantPublicKey,
        ...(privateKey && { privateKey }),
      };
    }
    if (publicKey) return { serial: serial ?? serialOfKey(publicKey), merchantPublicKey: publicKey };
    const made = await newCertified(merchantId, this.world.now(), serial);
    return { serial: made.serial, merchantPublicKey: made.publicKey, privateKey: made.privateKey };
  }
}
