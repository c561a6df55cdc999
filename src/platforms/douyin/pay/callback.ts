import { createHash } from 'node:crypto';
import { type CallbackContent, CallbackRefused, type PlatformCallback, type RawCallback } from '../../callback.js';
import { PlatformError } from '../../errors.js';
import type { PlatformAccount } from '../../platform.js';
import { signContentOf } from '../sign/sign-callback.js';
import { isGenuine } from './byte-authorization.js';
import { contentOf } from './callback-content.js';
import { platformKey } from './pay-keys.js';
import { CallbackBody } from './pay.wire.js';

/**
 * The three that the signature is made with. Two more come along (Byte-Identifyname, Byte-Logid), for routing and for
 * Douyin's support; nothing is decided by them, so nothing is refused for want of them.
 */
const HEADERS = {
  timestamp: 'byte-timestamp',
  nonce: 'byte-nonce-str',
  signature: 'byte-signature',
} as const;

/**
 * Milliseconds that a signature may be old, or ahead of our clock. Douyin names no window, and does not say whether a
 * repetition is signed anew; the longest that it repeats one callback is 72 hours (pre_create_refund). A replay within
 * that time is the same bytes, so it is known by its hash and changes nothing.
 */
const WINDOW = 73 * 3_600_000;

/** Reads what Douyin says by itself (docs: general trade, callbacks). Throws CallbackRefused. */
export function readCallback(program: PlatformAccount, raw: RawCallback): PlatformCallback {
  const seal = {
    timestamp: header(raw, 'timestamp'),
    nonce: header(raw, 'nonce'),
    signature: header(raw, 'signature'),
  };
  if (!isGenuine(raw.body, seal, keyOf(program))) {
    throw new CallbackRefused(
      'signature_invalid',
      'Byte-Signature is not that of platformPublicKey for these bytes: the key is of another mini-program or was renewed, a proxy has changed the body, or it is a forgery.',
    );
  }
  checkAge(seal.timestamp, raw.receivedAt);
  const { version, type, msg } = bodyOf(raw.body);
  return {
    deduplicationKey: createHash('sha256').update(raw.body).digest('hex'),
    type,
    content: contentOfVersion(program, version, type, msg, raw.receivedAt),
  };
}

/** One key signs them all, but their messages differ. */
function contentOfVersion(
  program: PlatformAccount,
  version: string | undefined,
  type: string,
  msg: string,
  receivedAt: Date,
): CallbackContent {
  switch (version) {
    case '3.0':
      return contentOf(program, type, msg);
    case '1.0':
      return signContentOf(program, type, msg, receivedAt);
    default:
      // 2.0 is industry trade.
      return { kind: 'other' };
  }
}

function header({ headers }: RawCallback, which: keyof typeof HEADERS): string {
  const name = HEADERS[which];
  const value = headers[name];
  if (value) return value;
  throw new CallbackRefused(
    'headers_missing',
    `The header ${name} is missing: a proxy in front of this server drops it, or the request is not from Douyin.`,
  );
}

function keyOf(program: PlatformAccount) {
  try {
    return platformKey(program);
  } catch (error) {
    if (error instanceof PlatformError) throw new CallbackRefused('unknown_key', error.message);
    throw error;
  }
}

/** Only after the signature: what is not signed has no age. */
function checkAge(timestamp: string, receivedAt: Date): void {
  if (!/^\d{1,12}$/.test(timestamp)) throw new CallbackRefused('malformed', 'Byte-Timestamp is no time in seconds.');
  const age = receivedAt.getTime() - Number(timestamp) * 1_000;
  if (Math.abs(age) <= WINDOW) return;
  throw new CallbackRefused(
    'stale',
    `Byte-Timestamp is ${Math.round(age / 3_600_000)} hours old: a replay, or the clock of this server is wrong.`,
  );
}

function bodyOf(body: Buffer): CallbackBody {
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    throw new CallbackRefused('malformed', 'The body is signed, but it is not JSON.');
  }
  const parsed = CallbackBody.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new CallbackRefused('malformed', 'The body is signed, but `type` or `msg` is missing.');
}
