import { createPublicKey, type KeyObject } from 'node:crypto';
import { PlatformError } from '../../errors.js';
import type { PlatformAccount } from '../../platform.js';
import { credentialsOf } from '../credentials.js';
import { rsaPrivateKey, rsaPublicKey } from '../keys.js';

export interface SigningKey {
  readonly key: KeyObject;
  /** As the console counts the uploads of its public half. */
  readonly version: string;
}

/** Read keys by their text: reading one takes longer than a signature, and there are as many as accounts. */
const readPrivate = remembering(rsaPrivateKey);
const readPublic = remembering(rsaPublicKey);

/** The application key with which orders are signed. Throws `platform_account_misconfigured`. */
export function signingKey(program: PlatformAccount): SigningKey {
  const { appPrivateKey, keyVersion } = credentialsOf(program);
  const key = appPrivateKey === undefined ? undefined : readPrivate(appPrivateKey);
  if (!key) {
    throw misconfigured(program, 'Set appPrivateKey in the credentials: orders are signed with the application key.');
  }
  if (keyVersion === undefined) {
    throw misconfigured(
      program,
      'Set keyVersion in the credentials: the console shows it beside the application key, the first is 1.',
    );
  }
  return { key, version: keyVersion };
}

/** The platform key that verifies callbacks. Throws `platform_account_misconfigured`. */
export function platformKey(program: PlatformAccount): KeyObject {
  const { platformPublicKey, appPrivateKey } = credentialsOf(program);
  const key = platformPublicKey === undefined ? undefined : readPublic(platformPublicKey);
  if (!key) {
    throw misconfigured(
      program,
      'Set platformPublicKey in the credentials: the console shows it beside the application key, and without it no callback of Douyin can be believed.',
    );
  }
  const own = appPrivateKey === undefined ? undefined : readPrivate(appPrivateKey);
  if (own && createPublicKey(own).equals(key)) {
    // The console shows both on one page. Whoever has the private half could forge callbacks.
    throw misconfigured(
      program,
      'platformPublicKey is the public half of your own application key: copy the key that the console calls the platform public key.',
    );
  }
  return key;
}

const misconfigured = (program: PlatformAccount, detail: string): PlatformError =>
  new PlatformError('platform_account_misconfigured', program, { detail });

/** At most so many keys are kept; then it begins anew. */
const KEPT = 1_000;

function remembering(read: (text: string) => KeyObject | undefined): (text: string) => KeyObject | undefined {
  const known = new Map<string, KeyObject>();
  return (text) => {
    const found = known.get(text);
    if (found) return found;
    const key = read(text);
    if (known.size >= KEPT) known.clear();
    if (key) known.set(text, key);
    return key;
  };
}
