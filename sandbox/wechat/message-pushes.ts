import type { Account, AnyAccount } from '../core/accounts.js';
import { digestOf } from '../core/people.js';
import type { CallbackRequest, CallbackSender, CallbackTamper, OutgoingCallback, World } from '../core/platform.js';
import { encryptMessage, signTexts } from '../core/push-cipher.js';
import { pushXml } from '../core/push-xml.js';
import { randomAlphanumeric } from '../core/random.js';
import type { WechatCredentials } from './credentials.js';

/** Three tries in all; how far apart is not published. */
const SCHEDULE = [1_000, 1_000];

type Value = string | number;
/** The items of an event stand under `List`. */
type Item = Readonly<Record<string, Value>>;
/** What is told, without what every message has. */
type Content = Readonly<Record<string, unknown>>;

/** As it is kept until it was received: each try is signed and encrypted anew. */
interface Letter {
  readonly push: Content & { readonly FromUserName: string; readonly MsgType: string };
  /** XML has another element around the items. */
  readonly items?: { readonly wrapper: string; readonly list: readonly Item[] };
}

const WRAPPERS = {
  subscribe_msg_popup_event: 'SubscribeMsgPopupEvent',
  subscribe_msg_change_event: 'SubscribeMsgChangeEvent',
  subscribe_msg_sent_event: 'SubscribeMsgSentEvent',
} as const;
export type MessageEvent = keyof typeof WRAPPERS;

/** What WeChat pushes to the one URL of a mini-program. */
export class MessagePushes implements CallbackSender {
  readonly schedule = SCHEDULE;
  readonly timeout = 5_000;

  constructor(private readonly world: World) {}

  /** One event about one person; nothing without a URL, or without an item. `common` is the same for each item. */
  consent(account: Account, openid: string, event: MessageEvent, items: readonly Item[], common: Item = {}): void {
    if (items.length === 0) return;
    const list = items.map((item) => ({ ...item, ...common }));
    this.#send(account, event, {
      push: { FromUserName: openid, CreateTime: this.#seconds(), MsgType: 'event', Event: event },
      items: { wrapper: WRAPPERS[event], list },
    });
  }

  /** What became of a message; pushed unless the console is set otherwise. */
  sent(account: Account, openid: string, item: Item): void {
    if (account.push?.sent !== false) this.consent(account, openid, 'subscribe_msg_sent_event', [item]);
  }

  /** A message of a person, or any other event: its fields as they are. */
  message(account: Account, openid: string, fields: Content & { readonly MsgType: string }): void {
    const push = { FromUserName: openid, CreateTime: this.#seconds(), ...fields };
    this.#send(account, typeof fields.Event === 'string' ? fields.Event : fields.MsgType, { push });
  }

  /** The check that WeChat makes when the URL is typed in: signed, with a text that must come back. */
  async check(account: Account<WechatCredentials>): Promise<object> {
    const { push, credentials } = account;
    if (push?.url === undefined) return { ok: false, detail: 'the account was registered without a push url' };
    const { timestamp, nonce } = this.#fresh();
    const echostr = randomAlphanumeric(19);
    const signature = signTexts(credentials.messageToken, timestamp, nonce);
    const reply = await this.world.ask(account, {
      method: 'GET',
      url: push.url,
      query: { signature, timestamp, nonce, echostr },
    });
    const { status, body, error } = reply;
    if (error !== undefined) return { ok: false, detail: error };
    if (status === 200 && body === echostr) return { ok: true };
    return { ok: false, detail: `the answer must be 200 and the echostr, and was ${status}: ${body.slice(0, 200)}` };
  }

  build(to: AnyAccount, { data }: OutgoingCallback, tamper?: CallbackTamper): CallbackRequest {
    const account = to as Account<WechatCredentials>;
    const { platformAppId, push: settings } = account;
    const { mode = 'secure', format = 'json' } = settings ?? {};
    const { messageToken, messageAesKey } = account.credentials;
    // Somebody who is not WeChat knows neither.
    const token = tamper === 'forge' ? randomAlphanumeric(32) : messageToken;
    const aesKey = tamper === 'forge' ? randomAlphanumeric(43) : messageAesKey;
    const { timestamp, nonce } = this.#fresh();
    const told = { ToUserName: originalIdOf(platformAppId), ...messageOf(data as Letter, format) };
    const plain = written(told, format);
    const isWrong = tamper === 'wrong_signature';
    const query = { signature: signTexts(token, timestamp, isWrong ? `${nonce} ` : nonce), timestamp, nonce };
    const headers = { 'content-type': format === 'xml' ? 'text/xml' : 'application/json' };
    if (mode === 'plain') return { headers, query, body: plain };

    const Encrypt = encryptMessage(plain, { aesKey, appid: platformAppId });
    const body = mode === 'secure' ? { ToUserName: told.ToUserName, Encrypt } : { ...told, Encrypt };
    return {
      headers,
      query: {
        ...query,
        openid: (data as Letter).push.FromUserName,
        encrypt_type: 'aes',
        msg_signature: signTexts(token, timestamp, nonce, isWrong ? `${Encrypt} ` : Encrypt),
      },
      body: written(body, format),
    };
  }

  accepts(status: number, body: string): boolean {
    return status === 200 && ['', 'success'].includes(body.trim().toLowerCase());
  }

  #send(account: Account, operation: string, data: Letter): void {
    const url = account.push?.url;
    if (url !== undefined) this.world.call(account, { url, operation, data, schedule: SCHEDULE });
  }

  #seconds(): number {
    return Math.floor(this.world.now() / 1_000);
  }

  #fresh(): { timestamp: string; nonce: string } {
    return { timestamp: String(this.#seconds()), nonce: randomAlphanumeric(10) };
  }
}

/** JSON: one item stands alone, several are a list, and the element around them is gone. */
function messageOf({ push, items }: Letter, format: 'json' | 'xml'): Content {
  if (!items) return push;
  const { wrapper, list } = items;
  if (format === 'xml') return { ...push, [wrapper]: { List: list } };
  return { ...push, List: list.length === 1 ? list[0] : list };
}

const written = (message: object, format: 'json' | 'xml'): string =>
  format === 'json' ? JSON.stringify(message) : pushXml(message);

/** The mini-program's original id. */
const originalIdOf = (platformAppId: string): string =>
  `gh_${digestOf('wechat', 'original_id', platformAppId).toString('hex').slice(0, 12)}`;
