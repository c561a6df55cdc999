import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import {
  type Acknowledgement,
  type AddressCheck,
  type CallbackReader,
  CallbackRefused,
  type HttpReply,
  type PlatformCallback,
  type RawCallback,
} from '../callback.js';
import type { PlatformAccount } from '../platform.js';
import { pushFields, type PushFields, textIn } from '../push-body.js';
import { isFreshPush, isSame, openPush, sortedSha1 } from '../push-seal.js';
import { credentialsOf } from './credentials.js';
import { pushCallback } from './push.content.js';

const RANDOM_BYTES = 16;
/** Two windows of a timestamp: after that, an address that somebody has read is too old anyway. */
const REMEMBERED = { max: 20_000, ttl: 600_000 };

/**
 * Message push of a mini-program (docs: message push): the address is signed with the token of the console. In secure and
 * compatible mode the body is sealed and signed as well, and nothing but what was sealed is believed.
 *
 * In plain mode WeChat signs nothing of the body: whoever reads one address on its way could, within five minutes, send
 * another body to it. It is taken only where the account has no messageAesKey, and an address that comes with a second body
 * is refused, as far as this process remembers. The secure mode is the one to choose.
 */
export class WechatPushes implements CallbackReader<PlatformAccount> {
  readonly #bodies = new LRUCache<string, string>(REMEMBERED);

  async read(account: PlatformAccount, raw: RawCallback): Promise<PlatformCallback | AddressCheck> {
    const { timestamp, nonce, token } = believed(account, raw);
    if (raw.method === 'GET') return checkOf(raw);
    if (raw.method !== 'POST') throw new CallbackRefused('malformed', 'WeChat posts its pushes.');
    const text = raw.body.toString('utf8');
    const outer = pushFields(text);
    const { messageAesKey: aesKey } = credentialsOf(account);
    const encrypt = textIn(outer, 'Encrypt');
    if (aesKey === undefined) {
      if (encrypt !== undefined) {
        const explanation =
          'The push is encrypted and this account has no messageAesKey: copy EncodingAESKey from the console.';
        throw new CallbackRefused('unknown_key', explanation);
      }
      this.#rememberBody(account, raw);
      return pushCallback(outer, text, raw.receivedAt);
    }
    const message = unsealed(account, { raw, outer, timestamp, nonce, token, aesKey });
    return pushCallback(pushFields(message), message, raw.receivedAt);
  }

  /**
   * Everything but `success`, or nothing at all, makes WeChat send it again, three times in all within 15 seconds; any other
   * text in answer to what a person has written shows that person that the service is down.
   */
  acknowledge({ kind }: Acknowledgement): HttpReply {
    if (kind === 'accepted') return reply(200, 'success');
    return kind === 'retry' ? reply(500, 'fail') : reply(401, 'fail');
  }

  #rememberBody({ id }: PlatformAccount, { query, body }: RawCallback): void {
    const address = `${id} ${query['timestamp'] ?? ''} ${query['nonce'] ?? ''}`;
    const hash = createHash('sha256').update(body).digest('base64');
    const before = this.#bodies.get(address);
    if (before !== undefined && before !== hash) {
      const explanation = 'The same signed address has come with another body before: somebody uses it again.';
      throw new CallbackRefused('signature_invalid', explanation);
    }
    this.#bodies.set(address, hash);
  }
}

interface Believed {
  readonly timestamp: string;
  readonly nonce: string;
  readonly token: string;
}

/** The signature of the address, which every request has. */
function believed(account: PlatformAccount, { query, receivedAt }: RawCallback): Believed {
  const { signature, timestamp, nonce } = query;
  if (!signature || !timestamp || !nonce) {
    throw new CallbackRefused('headers_missing', 'The address lacks signature, timestamp or nonce: it is no push.');
  }
  const { messageToken: token } = credentialsOf(account);
  if (token === undefined) {
    throw new CallbackRefused(
      'unknown_key',
      'Set messageToken in the credentials: it is Token of 消息推送 in the console.',
    );
  }
  if (!isSame(signature, sortedSha1([token, timestamp, nonce]))) {
    const explanation =
      'It is not signed with messageToken: compare Token of 消息推送 in the console, or it is a forgery.';
    throw new CallbackRefused('signature_invalid', explanation);
  }
  if (!isFreshPush(timestamp, receivedAt)) {
    const explanation =
      "Its timestamp is not within 5 minutes of this server's clock: a replay, or the clock is wrong.";
    throw new CallbackRefused('stale', explanation);
  }
  return { timestamp, nonce, token };
}

/** The console wants to read what it has sent, and nothing else. */
function checkOf({ query }: RawCallback): AddressCheck {
  const { echostr } = query;
  if (!echostr || echostr.length > 1_024) throw new CallbackRefused('malformed', 'The address lacks echostr.');
  return { kind: 'check', reply: reply(200, echostr) };
}

interface Sealed extends Believed {
  readonly raw: RawCallback;
  readonly outer: PushFields;
  readonly aesKey: string;
}

/** What was sealed. Beside it, in compatible mode, are fields that nobody has signed: they are not looked at. */
function unsealed(account: PlatformAccount, { raw, outer, timestamp, nonce, token, aesKey }: Sealed): string {
  const encrypt = textIn(outer, 'Encrypt');
  const signature = raw.query['msg_signature'];
  if (encrypt === undefined || !signature) {
    const explanation =
      'The push is not encrypted, and this account has a messageAesKey: choose the secure mode in the console, or take the key away.';
    throw new CallbackRefused('signature_invalid', explanation);
  }
  if (!isSame(signature, sortedSha1([token, timestamp, nonce, encrypt]))) {
    throw new CallbackRefused('signature_invalid', 'Its msg_signature is not that of the token for this body.');
  }
  const message = openPush(encrypt, { aesKey, randomBytes: RANDOM_BYTES, appId: account.platformAppId });
  if (message !== undefined) return message;
  const explanation = 'It does not open with messageAesKey, or is for another mini-program: compare EncodingAESKey.';
  throw new CallbackRefused('malformed', explanation);
}

const reply = (status: number, body: string): HttpReply => ({ status, contentType: 'text/plain', body });
