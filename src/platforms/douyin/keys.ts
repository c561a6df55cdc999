import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** Weaker ones are not accepted by the console either. */
const SMALLEST_MODULUS = 2048;

/** An RSA key as developers have it: PEM, or its base64 alone (PKCS#8 or PKCS#1). Undefined when it is none, or too short. */
export function rsaPrivateKey(text: string): KeyObject | undefined {
  return strong(
    isPem(text)
      ? [() => createPrivateKey(text)]
      : (['pkcs8', 'pkcs1'] as const).map((type) => () => createPrivateKey({ key: der(text), format: 'der', type })),
  );
}

/** The same for a public key (PEM, or base64 of SPKI). */
export function rsaPublicKey(text: string): KeyObject | undefined {
  return strong([
    () => (isPem(text) ? createPublicKey(text) : createPublicKey({ key: der(text), format: 'der', type: 'spki' })),
  ]);
}

const isPem = (text: string): boolean => text.includes('-----BEGIN');
const der = (text: string): Buffer => Buffer.from(text, 'base64');

function strong(readings: readonly (() => KeyObject)[]): KeyObject | undefined {
  for (const read of readings) {
    try {
      const key = read();
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
      return key.asymmetricKeyType === 'rsa' && bits >= SMALLEST_MODULUS ? key : undefined;
    } catch {
      // Not in this form.
    }
  }
  return undefined;
}
