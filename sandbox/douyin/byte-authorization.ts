import { createVerify } from 'node:crypto';
import type { Account, AccountBook } from '../core/accounts.js';
import { ClientFailure } from './client-failure.js';
import type { DouyinCredentials } from './credentials.js';

const SCHEME = 'SHA256-RSA2048 ';
const NAMES = ['appid', 'nonce_str', 'timestamp', 'key_version', 'signature'] as const;
/** A signature older than an hour is refused (one source). Refusing one from as far ahead finds milliseconds. */
const HOUR = 3_600;

export type ByteAuthorization = Readonly<Record<(typeof NAMES)[number], string>>;

/**
 * The parts of `SHA256-RSA2048 appid=…,nonce_str=…,timestamp=…,key_version=…,signature=…`, in any order, with quotes round
 * the values or without: the official pages show both. Undefined when one is missing.
 */
export function parseByteAuthorization(text: string): ByteAuthorization | undefined {
  if (!text.startsWith(SCHEME)) return undefined;
  const parts: Partial<Record<string, string>> = {};
  for (const item of text.slice(SCHEME.length).split(',')) {
    // At the first `=` only: base64 ends with more of them.
    const at = item.indexOf('=');
    if (at < 0) return undefined;
    parts[item.slice(0, at).trim()] = item.slice(at + 1).replace(/^"(.*)"$/, '$1');
  }
  return NAMES.every((name) => parts[name]) ? (parts as ByteAuthorization) : undefined;
}

/** Whether the signature fits: five lines, each ended by a newline, the last too; `uri` is a literal, not an HTTP path. */
export function isSignedBy(publicKey: string, uri: string, data: string, authorization: ByteAuthorization): boolean {
  const { timestamp, nonce_str: nonce, signature } = authorization;
  return createVerify('RSA-SHA256')
    .update(`POST\n${uri}\n${timestamp}\n${nonce}\n${data}\n`)
    .verify(publicKey, signature, 'base64');
}

/** The mini-program that signed `data` for the client call `uri`, all checked. `now` is protocol time in ms. Throws ClientFailure. */
export function signerOf(
  accounts: AccountBook<DouyinCredentials>,
  uri: string,
  data: string,
  byteAuthorization: string,
  now: number,
): Account<DouyinCredentials> {
  const authorization = parseByteAuthorization(byteAuthorization);
  if (!authorization) throw refused(`byteAuthorization must be "${SCHEME}" and ${NAMES.join(', ')}`);
  const account = accounts.get(authorization.appid);
  if (!account) throw refused(`there is no mini-program ${authorization.appid}`);
  const { keyVersion, appPublicKey } = account.credentials;
  if (authorization.key_version !== keyVersion)
    throw refused(`key_version is ${authorization.key_version}, the console has ${keyVersion}`);
  const age = now / 1_000 - Number(authorization.timestamp);
  // Also when the timestamp is no number at all.
  if (!(Math.abs(age) <= HOUR)) throw refused('timestamp (seconds) is more than an hour away');
  if (!isSignedBy(appPublicKey, uri, data, authorization))
    throw refused(`the signature does not fit this data, ${uri} and application key ${keyVersion}`);
  return account;
}

const refused = (reason: string): ClientFailure => new ClientFailure(11004, `signature: ${reason}`);
