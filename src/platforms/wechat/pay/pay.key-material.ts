import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

const SHORTEST_KEY = 2048;

/** Key material that cannot be used. The message is for the developer who pasted it; it never repeats the material. */
export class UnusableKey extends Error {}

/** The merchant's RSA key, `apiclient_key.pem`. Throws UnusableKey. */
export function readPrivateKey(pem: string): KeyObject {
  const { label, der } = unwrap(pem);
  if (label?.includes('CERTIFICATE') === true) {
    throw new UnusableKey('This is a certificate; the private key belongs here: apiclient_key.pem.');
  }
  if (label?.includes('PUBLIC') === true) throw new UnusableKey('This is a public key; the private key belongs here.');
  const key = attempt(() =>
    createPrivateKey({ key: der, format: 'der', type: label === 'RSA PRIVATE KEY' ? 'pkcs1' : 'pkcs8' }),
  );
  return longEnough(key, 'This is not an RSA private key as PEM: copy all of apiclient_key.pem.');
}

/** WeChat Pay's own public key, `pub_key.pem`. Throws UnusableKey. */
export function readPublicKey(pem: string): KeyObject {
  const { label, der } = unwrap(pem);
  if (label?.includes('CERTIFICATE') === true) {
    throw new UnusableKey(
      'This is a certificate; platform certificates are downloaded, only pub_key.pem belongs here.',
    );
  }
  if (label?.includes('PRIVATE') === true) throw new UnusableKey('This is a private key; a public key belongs here.');
  const key = attempt(() => createPublicKey({ key: der, format: 'der', type: 'spki' }));
  return longEnough(key, "This is not WeChat Pay's public key as PEM: copy all of pub_key.pem.");
}

/** The public key of a pair as PEM. */
export const publicHalf = (key: KeyObject): string =>
  (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'pem', type: 'spki' }).toString();

/** PEM that came through an environment variable has often lost its line breaks, so the body is read apart from its frame. */
function unwrap(pem: string): { label: string | undefined; der: Buffer } {
  const framed = /^\s*-----BEGIN ([A-Z ]+)-----([\s\S]+)-----END \1-----\s*$/.exec(pem);
  return { label: framed?.[1], der: Buffer.from((framed?.[2] ?? '').replaceAll('\\n', ''), 'base64') };
}

function longEnough(key: KeyObject | undefined, complaint: string): KeyObject {
  if (key?.asymmetricKeyType !== 'rsa') throw new UnusableKey(complaint);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < SHORTEST_KEY)
    throw new UnusableKey(`This key has ${bits} bits; WeChat Pay needs at least ${SHORTEST_KEY}.`);
  return key;
}

function attempt(read: () => KeyObject): KeyObject | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
