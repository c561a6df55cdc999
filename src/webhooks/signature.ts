import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** How deliveries are signed: `v1` with a shared secret (HMAC-SHA256), `v1a` with a key pair (ed25519). */
export const SIGNATURES = ['v1', 'v1a'] as const;
export type SignatureKind = (typeof SIGNATURES)[number];

const SECRET_BYTES = 32;
const HMAC_PREFIX = 'whsec_';
const PRIVATE_PREFIX = 'whsk_';
const PUBLIC_PREFIX = 'whpk_';

/** What a new endpoint signs with. */
export interface SigningSecret {
  /** `whsec_…`, or `whsk_…`, which is never shown. */
  readonly secret: string;
  /** `whpk_…`; null for `v1`. */
  readonly publicKey: string | null;
}

export function newSigningSecret(kind: SignatureKind): SigningSecret {
  if (kind === 'v1') return { secret: HMAC_PREFIX + randomBytes(SECRET_BYTES).toString('base64'), publicKey: null };
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(publicKey.export({ format: 'jwk' }).x ?? x, 'base64url')]; // prettier-ignore
  return {
    secret: PRIVATE_PREFIX + Buffer.concat([seed, point]).toString('base64'),
    publicKey: PUBLIC_PREFIX + point.toString('base64'),
  };
}

/** Signs one message: `<version>,<base64>`, as it stands in `webhook-signature`. */
export type Signer = (id: string, timestamp: number, body: string) => string;

/** The signer for a secret of either kind. Throws for a text that is neither. */
export function signerOf(secret: string): Signer {
  if (secret.startsWith(HMAC_PREFIX)) {
    const key = Buffer.from(secret.slice(HMAC_PREFIX.length), 'base64');
    return (id, timestamp, body) =>
      `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  }
  if (!secret.startsWith(PRIVATE_PREFIX)) throw new Error('this is not a signing secret');
  const key = privateKeyOf(Buffer.from(secret.slice(PRIVATE_PREFIX.length), 'base64'));
  return (id, timestamp, body) =>
    `v1a,${sign(null, Buffer.from(`${id}.${timestamp}.${body}`), key).toString('base64')}`;
}

/** `bytes`: seed and public key, 32 bytes each, as libsodium keeps a private key. */
const privateKeyOf = (bytes: Buffer): KeyObject =>
  createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'OKP',
      crv: 'Ed25519',
      d: bytes.subarray(0, 32).toString('base64url'),
      x: bytes.subarray(32).toString('base64url'),
    },
  });
