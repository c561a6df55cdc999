import { createHash } from 'node:crypto';
import { type AddressCheck, CallbackRefused, type PlatformCallback, type RawCallback } from '../../callback.js';
import type { PlatformAccount } from '../../platform.js';
import { pushFields, type PushFields, textIn } from '../../push-body.js';
import { isFreshPush, isSame, openPush, sortedSha1 } from '../../push-seal.js';
import { credentialsOf } from '../credentials.js';

/** WeChat has 16; all else of the two is alike. */
const RANDOM_BYTES = 32;

/** Whether a body is a sealed push (docs: message push of third parties), which is always encrypted. */
export const looksLikePush = (body: Buffer): boolean =>
  body.includes('MsgSignature') && body.includes('Encrypt') && body.length < 256 * 1024;

/** The console's question whether the address is ours. */
export function checkPushAddress(program: PlatformAccount, { query, receivedAt }: RawCallback): AddressCheck {
  const { signature, timestamp, nonce, msg = '', echostr } = query;
  if (!signature || !timestamp || !nonce || !echostr || echostr.length > 1_024) {
    throw new CallbackRefused('headers_missing', 'The address lacks signature, timestamp, nonce or echostr.');
  }
  if (!isSame(signature, sortedSha1([tokenOf(program), timestamp, nonce, msg]))) throw notSigned();
  checkAge(timestamp, receivedAt);
  return { kind: 'check', reply: { status: 200, contentType: 'text/plain', body: echostr } };
}

/** Verifies, opens and reads a sealed push. Throws CallbackRefused. */
export function readPush(program: PlatformAccount, { body, receivedAt }: RawCallback): PlatformCallback {
  const outer = pushFields(body.toString('utf8'));
  const [encrypt, signature] = [textIn(outer, 'Encrypt'), textIn(outer, 'MsgSignature')];
  const [timestamp, nonce] = [textIn(outer, 'TimeStamp'), textIn(outer, 'Nonce')];
  if (!encrypt || !signature || !timestamp || !nonce) {
    throw new CallbackRefused('headers_missing', 'The push lacks Encrypt, MsgSignature, TimeStamp or Nonce.');
  }
  if (!isSame(signature, sortedSha1([tokenOf(program), timestamp, nonce, encrypt]))) throw notSigned();
  checkAge(timestamp, receivedAt);
  const { messageAesKey: aesKey } = credentialsOf(program);
  if (aesKey === undefined) {
    throw new CallbackRefused('unknown_key', 'Set messageAesKey in the credentials: EncodingAESKey of the console.');
  }
  const message = openPush(encrypt, { aesKey, randomBytes: RANDOM_BYTES, appId: program.platformAppId });
  if (message === undefined) {
    const explanation = 'It does not open with messageAesKey, or is for another mini-program: compare EncodingAESKey.';
    throw new CallbackRefused('malformed', explanation);
  }
  return callbackOf(pushFields(message), message, receivedAt);
}

/** No page shows what is inside, so its names are looked for in the ways of Douyin's siblings. */
function callbackOf(fields: PushFields, text: string, receivedAt: Date): PlatformCallback {
  const first = (...names: string[]): string | undefined => names.flatMap((name) => textIn(fields, name) ?? []).at(0);
  const type = (first('Event', 'event', 'MsgType', 'msg_type') ?? 'message').slice(0, 64);
  const openid = first('FromUserName', 'from_user_id', 'open_id')?.slice(0, 128) ?? null;
  const created = first('CreateTime', 'create_time') ?? '';
  const happenedAt = /^\d{1,11}$/.test(created) ? new Date(Number(created) * 1_000) : receivedAt;
  const id = first('MsgId', 'msg_id')?.slice(0, 128) ?? createHash('sha256').update(text).digest('hex');
  return {
    deduplicationKey: `push ${id}`,
    type,
    content: { kind: 'push', push: { type, openid, happenedAt, news: [] } },
  };
}

function tokenOf(program: PlatformAccount): string {
  const { messageToken } = credentialsOf(program);
  if (messageToken !== undefined) return messageToken;
  throw new CallbackRefused(
    'unknown_key',
    'Set messageToken in the credentials: Token of the message push in the console.',
  );
}

function checkAge(timestamp: string, receivedAt: Date): void {
  if (isFreshPush(timestamp, receivedAt)) return;
  const explanation = "Its timestamp is not within 5 minutes of this server's clock: a replay, or the clock is wrong.";
  throw new CallbackRefused('stale', explanation);
}

const notSigned = (): CallbackRefused =>
  new CallbackRefused('signature_invalid', 'It is not signed with messageToken: compare Token in the console.');
