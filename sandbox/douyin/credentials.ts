import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { randomAlphanumeric, randomHex } from '../core/random.js';
import { newRsaKeys } from '../core/rsa-keys.js';

export interface DouyinCredentials {
  /** AppSecret. */
  readonly secret: string;
  /** Token of the message push. */
  readonly messageToken: string;
  /** EncodingAESKey of the message push: 43 letters and digits. */
  readonly messageAesKey: string;
  /** PEM. The platform encrypts phone numbers to it, and checks the developer's signatures with it. */
  readonly appPublicKey: string;
  /** PEM; only while the application key is one that was generated here. */
  readonly appPrivateKey?: string;
  /** `1` for the first application key, one more for each that replaces it. */
  readonly keyVersion: string;
  /** PEM. Each mini-program has a platform key pair of its own. */
  readonly platformPublicKey: string;
  readonly platformPrivateKey: string;
}

type AppKey = Pick<DouyinCredentials, 'appPublicKey' | 'appPrivateKey' | 'keyVersion'>;

const givenSchema = z.strictObject({
  secret: z.string().min(1).max(128).optional(),
  messageToken: z
    .string()
    .regex(/^[A-Za-z0-9]{3,32}$/, '3 to 32 letters and digits')
    .optional(),
  messageAesKey: z
    .string()
    .regex(/^[A-Za-z0-9]{43}$/, '43 letters and digits')
    .optional(),
  appPublicKey: z
    .string()
    .transform((text, context) => {
      const key = rsaKeyIn(text);
      if (key) return key.export({ type: 'spki', format: 'pem' }).toString();
      context.addIssue({ code: 'custom', message: 'an RSA public key of at least 2048 bit, as PEM or as bare base64' });
      return z.NEVER;
    })
    .optional(),
  keyVersion: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional(),
});

/** Throws ZodError. */
export async function issueCredentials(given: unknown, previous?: DouyinCredentials): Promise<DouyinCredentials> {
  const { secret, messageToken, messageAesKey, appPublicKey, keyVersion } = givenSchema.parse(given);
  const [appKey, platformKey] = await Promise.all([
    issueAppKey(appPublicKey, keyVersion, previous),
    previous ? undefined : newKeyPair(),
  ]);
  return {
    secret: secret ?? previous?.secret ?? randomHex(40),
    messageToken: messageToken ?? previous?.messageToken ?? randomAlphanumeric(32),
    messageAesKey: messageAesKey ?? previous?.messageAesKey ?? randomAlphanumeric(43),
    ...appKey,
    platformPublicKey: platformKey?.publicKey ?? previous?.platformPublicKey ?? '',
    platformPrivateKey: platformKey?.privateKey ?? previous?.platformPrivateKey ?? '',
  };
}

/** What the console shows: the platform's private key stays with the platform. */
export const showCredentials = ({
  secret,
  messageToken,
  messageAesKey,
  appPrivateKey,
  keyVersion,
  platformPublicKey,
}: DouyinCredentials): object => ({
  secret,
  messageToken,
  messageAesKey,
  ...(appPrivateKey && { appPrivateKey }),
  keyVersion,
  platformPublicKey,
});

async function issueAppKey(given?: string, keyVersion?: string, previous?: DouyinCredentials): Promise<AppKey> {
  if (given && given !== previous?.appPublicKey) {
    const next = previous ? String(Number(previous.keyVersion) + 1) : '1';
    return { appPublicKey: given, keyVersion: keyVersion ?? next };
  }
  if (previous) {
    const { appPublicKey, appPrivateKey } = previous;
    return { appPublicKey, ...(appPrivateKey && { appPrivateKey }), keyVersion: keyVersion ?? previous.keyVersion };
  }
  const { publicKey, privateKey } = await newKeyPair();
  return { appPublicKey: publicKey, appPrivateKey: privateKey, keyVersion: keyVersion ?? '1' };
}

async function newKeyPair(): Promise<{ privateKey: string; publicKey: string }> {
  const { privateKey, publicKey } = await newRsaKeys();
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

function rsaKeyIn(text: string): KeyObject | undefined {
  try {
    const key = text.includes('-----')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    const isStrong = (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
    return key.asymmetricKeyType === 'rsa' && isStrong ? key : undefined;
  } catch {
    return undefined;
  }
}
