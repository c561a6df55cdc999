import { createHash, randomBytes, randomInt } from 'node:crypto';
import { z } from 'zod';
import type { Account, AnyAccount } from '../core/accounts.js';
import { jsonFields } from '../core/body.js';
import {
  type Action,
  action,
  type CallbackReply,
  type CallbackRequest,
  type CallbackSender,
  type CallbackTamper,
  type OutgoingCallback,
  type World,
} from '../core/platform.js';
import { encryptMessage, signTexts } from '../core/push-cipher.js';
import { pushXml } from '../core/push-xml.js';
import { randomAlphanumeric, randomHex } from '../core/random.js';
import { newLogId } from './client-failure.js';
import type { DouyinCredentials } from './credentials.js';
import { openidOf } from './people.js';

/** Three repetitions; how far apart is not published. */
const SCHEDULE = [1_000, 1_000, 1_000];

const pushSchema = z
  .strictObject({
    platform: z.string(),
    platformAppId: z.string().min(1),
    /** `webhook`: verify_webhook; `push`: the question of the message push with its echostr. */
    check: z.enum(['webhook', 'push']).optional(),
    user: z.string().min(1).max(128).optional(),
    /** A webhook with `event` and `content`, or a message of the message push with `MsgType`. */
    message: z.union([z.looseObject({ event: z.string() }), z.looseObject({ MsgType: z.string() })]).optional(),
  })
  .refine(({ check, user, message }) => (check ? !message : user && message), 'say check, or user and message');

/** `data` of an OutgoingCallback. */
interface Letter {
  /** Of a webhook: `Msg-Id`, the same at each try. */
  readonly webhook?: { readonly id: string; readonly body: object };
  /** Of the message push, which is always encrypted. */
  readonly sealed?: object;
}

type Program = Account<DouyinCredentials>;

/** The webhooks of the open platform and the message push; both go to the push url of the mini-program. */
export class Pushes implements CallbackSender {
  readonly schedule = SCHEDULE;
  readonly timeout = 5_000;

  constructor(private readonly world: World) {}

  /** `POST /_/push`. */
  readonly act: Action = action(pushSchema, ({ platformAppId, check, user, message }) => {
    const account = this.world.accounts<DouyinCredentials>('douyin').require(platformAppId);
    const url = account.push?.url;
    if (url === undefined) return { ok: false, detail: 'the account was registered without a push url' };
    if (check) return check === 'webhook' ? this.#verifyWebhook(account, url) : this.#checkPush(account, url);
    this.#send(account, url, openidOf(platformAppId, user ?? ''), message ?? {});
    return { ok: true };
  });

  isFor({ data }: OutgoingCallback): boolean {
    return 'webhook' in data || 'sealed' in data;
  }

  build(to: AnyAccount, { data }: OutgoingCallback, tamper?: CallbackTamper): CallbackRequest {
    const account = to as Program;
    const { webhook, sealed = {} } = data as Letter;
    if (!webhook) return this.#sealed(account, sealed, tamper);
    return signedWebhook(JSON.stringify(webhook.body), account.credentials.secret, webhook.id, tamper);
  }

  /** For local life the documentation says that the status decides; it is silent on the others. */
  accepts(status: number): boolean {
    return status === 200;
  }

  #send(account: Program, url: string, openid: string, message: object): void {
    const at = Math.floor(this.world.now() / 1_000);
    const isWebhook = 'event' in message;
    const data: Letter = isWebhook
      ? {
          webhook: {
            id: randomHex(32),
            body: {
              client_key: account.platformAppId,
              from_user_id: openid,
              log_id: newLogId(),
              content: {},
              ...message,
            },
          },
        }
      : { sealed: { FromUserName: openid, CreateTime: at, ...message } };
    const { event, MsgType } = message as { event?: string; MsgType?: string };
    this.world.call(account, { url, data, operation: event ?? MsgType ?? 'push', schedule: SCHEDULE });
  }

  #sealed(account: Program, message: object, tamper: CallbackTamper | undefined): CallbackRequest {
    const { platformAppId: appid, push } = account;
    const { messageToken, messageAesKey } = account.credentials;
    const token = tamper === 'forge' ? randomAlphanumeric(32) : messageToken;
    const aesKey = tamper === 'forge' ? randomAlphanumeric(43) : messageAesKey;
    const { timestamp, nonce } = this.#fresh();
    const written = push?.format === 'xml' ? pushXml : JSON.stringify;
    // WeChat has 16 random bytes before the message.
    const Encrypt = encryptMessage(written(message), { aesKey, appid, random: randomBytes(32) });
    const signed = tamper === 'wrong_signature' ? `${Encrypt} ` : Encrypt;
    return {
      headers: { 'content-type': push?.format === 'xml' ? 'text/xml' : 'application/json' },
      body: written({
        Nonce: nonce,
        TimeStamp: timestamp,
        Encrypt,
        MsgSignature: signTexts(token, timestamp, nonce, signed),
      }),
    };
  }

  /** Sent when the URL is set; the answer must have the number, as a number. */
  async #verifyWebhook(account: Program, url: string): Promise<object> {
    const challenge = randomInt(10_000, 100_000_000);
    const body = { event: 'verify_webhook', client_key: account.platformAppId, content: { challenge } };
    const { secret } = account.credentials;
    const request = signedWebhook(JSON.stringify(body), secret, randomHex(32));
    const reply = await this.world.ask(account, { method: 'POST', url, ...request });
    return verdict(reply, jsonFields(Buffer.from(reply.body)).challenge === challenge, '{"challenge": <the number>}');
  }

  async #checkPush(account: Program, url: string): Promise<object> {
    const { timestamp, nonce } = this.#fresh();
    const [msg, echostr] = [randomAlphanumeric(8), randomAlphanumeric(19)];
    const signature = signTexts(account.credentials.messageToken, timestamp, nonce, msg);
    const query = { signature, timestamp, nonce, msg, echostr };
    const reply = await this.world.ask(account, { method: 'GET', url, query });
    return verdict(reply, reply.body === echostr, 'the echostr');
  }

  #fresh(): { timestamp: string; nonce: string } {
    return { timestamp: String(Math.floor(this.world.now() / 1_000)), nonce: randomAlphanumeric(10) };
  }
}

function signedWebhook(body: string, secret: string, id: string, tamper?: CallbackTamper): CallbackRequest {
  const key = tamper === 'forge' ? randomHex(40) : secret;
  const signed = tamper === 'wrong_signature' ? `${body} ` : body;
  return {
    headers: {
      'content-type': 'application/json',
      'msg-id': id,
      'x-douyin-signature': signWebhook(key, signed),
    },
    body,
  };
}

/** `sha1` of the secret and the bytes of the body, one after the other: no HMAC. */
export const signWebhook = (secret: string, body: string): string =>
  createHash('sha1')
    .update(secret + body)
    .digest('hex');

function verdict({ status, body, error }: CallbackReply, isRight: boolean, expected: string): object {
  if (error !== undefined) return { ok: false, detail: error };
  if (status === 200 && isRight) return { ok: true };
  return { ok: false, detail: `the answer must be 200 and ${expected}, and was ${status}: ${body.slice(0, 200)}` };
}
