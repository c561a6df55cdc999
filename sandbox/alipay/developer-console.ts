import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { CertificateAuthority } from './certificate-authority.js';
import { isAesKey } from './cipher.js';
import { canonicalPublicKey, newKeyPair } from './rsa.js';
import type { SigningKeys } from './signing-keys.js';
import { TRADE_STATUSES, type TradeStatus } from './trade.js';

/**
 * What becomes of a refund that is asked for: the money moves with the answer; a minute later (business time); not at
 * all, although it was accepted; or it is refused because the merchant has too little money.
 */
export const REFUND_MANNERS = ['at_once', 'later', 'not_executed', 'balance_short'] as const;
type RefundManner = (typeof REFUND_MANNERS)[number];

/** When a debit is decided: with the answer, or a minute later (business time). */
const DEBIT_MANNERS = ['at_once', 'later'] as const;
type DebitManner = (typeof DEBIT_MANNERS)[number];

export interface AlipayCredentials {
  /** How the two sides know each other's keys. A mini-program is in one mode at a time. */
  readonly mode: 'key' | 'certificate';
  /** By which ids the mini-program knows people; `both` while it migrates from user_id to open_id. */
  readonly idMode: 'open_id' | 'user_id' | 'both';
  /** Alipay is seen to answer errors either way: signed like an answer, or bare as `error_response`. */
  readonly errorAnswers: 'signed' | 'unsigned';
  /** The trade statuses that are notified. Absent: what Alipay sends to mini-programs unless asked for more. */
  readonly notifications?: readonly TradeStatus[];
  /** What becomes of refunds. Absent: `at_once`. */
  readonly refunds?: RefundManner;
  /** When debits are decided. Absent: `at_once`. */
  readonly debits?: DebitManner;
  /** SPKI as base64 text. */
  readonly appPublicKey: string;
  /** PKCS#8 as PEM; only when the pair was made here. */
  readonly appPrivateKey?: string;
  /** PEM; certifies `appPublicKey`. */
  readonly appCertificate: string;
  /** Base64 of 16 bytes; empty: content encryption is not switched on. */
  readonly aesKey: string;
  /** Alipay's own keys for this mini-program, in SigningKeys. */
  readonly ring: string;
}

const publicKeySchema = z.string().transform((text, context) => {
  const key = canonicalPublicKey(text);
  if (key !== undefined) return key;
  context.addIssue('an RSA public key of at least 2048 bits, as PEM or base64 text');
  return z.NEVER;
});

/** What the console only shows may come back with what it takes, and changes nothing. */
const shown = z.string().optional();

const givenSchema = z.strictObject({
  mode: z.enum(['key', 'certificate']).optional(),
  idMode: z.enum(['open_id', 'user_id', 'both']).optional(),
  errorAnswers: z.enum(['signed', 'unsigned']).optional(),
  notifications: z.array(z.enum(TRADE_STATUSES)).optional(),
  refunds: z.enum(REFUND_MANNERS).optional(),
  debits: z.enum(DEBIT_MANNERS).optional(),
  appPublicKey: publicKeySchema.optional(),
  aesKey: z
    .string()
    .refine((text) => text === '' || isAesKey(text), 'base64 of 16 bytes, or empty to switch content encryption off')
    .optional(),
  alipayPublicKey: shown,
  appCertificate: shown,
  alipayCertificate: shown,
  alipayRootCertificate: shown,
});

type AppKey = Pick<AlipayCredentials, 'appPublicKey' | 'appPrivateKey' | 'appCertificate'>;

/** The settings page of a mini-program: what the developer types in, and what they copy out. */
export class DeveloperConsole {
  constructor(
    private readonly authority: CertificateAuthority,
    private readonly keys: SigningKeys,
  ) {}

  /** Throws ZodError. */
  async issue(given: unknown, previous?: AlipayCredentials): Promise<AlipayCredentials> {
    const settings = givenSchema.parse(given);
    const { notifications = previous?.notifications } = settings;
    const { refunds = previous?.refunds, debits = previous?.debits } = settings;
    return {
      ...(notifications && { notifications }),
      ...(refunds && { refunds }),
      ...(debits && { debits }),
      mode: settings.mode ?? previous?.mode ?? 'key',
      idMode: settings.idMode ?? previous?.idMode ?? 'open_id',
      errorAnswers: settings.errorAnswers ?? previous?.errorAnswers ?? 'signed',
      aesKey: settings.aesKey ?? previous?.aesKey ?? randomBytes(16).toString('base64'),
      ...(await this.#appKey(settings.appPublicKey, previous)),
      ring: previous?.ring ?? (await this.keys.create()),
    };
  }

  /** Only texts, and only what a server needs. */
  show({ mode, appPrivateKey, appCertificate, aesKey, ring }: AlipayCredentials): Readonly<Record<string, string>> {
    const { publicKey, certificate } = this.keys.newest(ring);
    const ofMode =
      mode === 'key'
        ? { alipayPublicKey: publicKey }
        : { appCertificate, alipayCertificate: certificate, alipayRootCertificate: this.authority.rootFile };
    return { mode, ...(appPrivateKey && { appPrivateKey }), ...ofMode, ...(aesKey && { aesKey }) };
  }

  async #appKey(given: string | undefined, previous: AlipayCredentials | undefined): Promise<AppKey> {
    if (previous && (given === undefined || given === previous.appPublicKey)) {
      const { appPublicKey, appPrivateKey, appCertificate } = previous;
      return { appPublicKey, appCertificate, ...(appPrivateKey && { appPrivateKey }) };
    }
    if (given !== undefined)
      return { appPublicKey: given, appCertificate: await this.authority.certifyDeveloper(given) };
    const { publicKey, privateKey } = await newKeyPair();
    return {
      appPublicKey: publicKey,
      appPrivateKey: privateKey,
      appCertificate: await this.authority.certifyDeveloper(publicKey),
    };
  }
}
