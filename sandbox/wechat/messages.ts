import { setTimeout as wait } from 'node:timers/promises';
import type { Account } from '../core/accounts.js';
import { jsonFields, text } from '../core/body.js';
import type { Answer, Call, Route, World } from '../core/platform.js';
import type { SessionKeys } from '../core/session-keys.js';
import type { AccessTokens } from './access-tokens.js';
import { answering, ok, WechatError } from './answers.js';
import { fitsRule } from './field-rules.js';
import type { MessagePushes } from './message-pushes.js';
import { kindOf, type Template, type Templates } from './templates.js';

export const SEND_PATH = '/cgi-bin/message/subscribe/send';

/** 30,000,000 a day for those who take payments; a rate is not published. */
export const SEND_LIMIT = { perSecond: null, perDay: 30_000_000 };

/** As error codes of a fault they are no errors: WeChat takes the message, and this becomes of it. */
export const DELIVERIES = {
  DELIVERY_REJECTED: { ErrorCode: '1', ErrorStatus: 'user rejected' },
  DELIVERY_FAILED: { ErrorCode: '2', ErrorStatus: 'system failed' },
} as const;
const DELIVERED = { ErrorCode: '0', ErrorStatus: 'success' };
type Delivery = typeof DELIVERED;

const STATES: readonly unknown[] = ['developer', 'trial', 'formal', undefined];
const LANGUAGES: readonly unknown[] = ['zh_CN', 'en_US', 'zh_HK', 'zh_TW', undefined];
const PAGE = /^\/?[\w./-]{1,512}(?:\?[^\s]{0,512})?$/;

/** One call, checked. */
interface Message {
  readonly openid: string;
  readonly user: string;
  readonly template: Template;
  readonly data: Readonly<Record<string, string>>;
  readonly page: string | null;
}

/** What the sending of messages needs. */
export interface MessageNeeds {
  readonly world: World;
  readonly tokens: AccessTokens;
  readonly templates: Templates;
  readonly sessionKeys: SessionKeys;
  readonly pushes: MessagePushes;
}

/** `/cgi-bin/message/subscribe/send`. */
export class Messages {
  /** Whom a message is being sent to at this moment. */
  readonly #underWay = new Set<string>();
  #last = 0n;

  constructor(private readonly needs: MessageNeeds) {}

  readonly routes: readonly Route[] = [
    { methods: ['GET', 'POST'], path: SEND_PATH, handle: (call) => this.send(call, DELIVERED) },
  ];

  /** `delivery`: what becomes of it. The call is under way until its answer leaves. */
  async send(call: Call, delivery: Delivery): Promise<Answer> {
    const sent = answering((one) => this.#send(one, delivery))(call);
    const latency = this.#latency(call);
    if (latency > 0) await wait(latency);
    return sent;
  }

  #send(call: Call, delivery: Delivery): Answer {
    if (call.method !== 'POST') throw new WechatError(43002);
    const account = this.needs.tokens.accountOf(call);
    const exceeded = this.needs.world.sendLimits.take(account, SEND_LIMIT);
    if (exceeded) throw new WechatError(exceeded === 'day' ? 45009 : 45011);
    const message = this.#read(account, call.body);
    const person = `${account.platformAppId}/${message.openid}`;
    if (this.#underWay.has(person)) throw new WechatError(43108);

    const { consents, inbox } = this.needs.world;
    const { openid, template } = message;
    const templateId = template.priTmplId;
    if (!consents.take(account, { openid, templateId }, kindOf(template))) throw new WechatError(43101);
    const msgid = this.#newId();
    if (delivery.ErrorCode === '0') inbox.deliver(account, { ...message, templateId, title: template.title });
    this.needs.pushes.sent(account, openid, { TemplateId: templateId, MsgID: msgid, ...delivery });
    this.#underWay.add(person);
    return { ...withId(msgid), left: () => this.#underWay.delete(person) };
  }

  #read(account: Account, body: Buffer): Message {
    if (body.length === 0) throw new WechatError(44002);
    const { touser, template_id: templateId, page, data, miniprogram_state: state, lang } = jsonFields(body);
    const openid = text(touser);
    const user = openid === undefined ? undefined : this.needs.sessionKeys.get(account.platformAppId, openid)?.user;
    if (openid === undefined || user === undefined) throw new WechatError(touser === undefined ? 47001 : 40003);
    const template = this.needs.templates.find(account, text(templateId) ?? '');
    if (!template) throw new WechatError(40037);
    if (!STATES.includes(state) || !LANGUAGES.includes(lang)) throw new WechatError(40035);
    if (page !== undefined && page !== '' && !(typeof page === 'string' && PAGE.test(page)))
      throw new WechatError(41030);
    return { openid, user, template, data: valuesOf(template, data), page: text(page) ?? null };
  }

  #latency(call: Call): number {
    try {
      return this.needs.world.sendLimits.latency(this.needs.tokens.accountOf(call));
    } catch {
      return 0;
    }
  }

  /** 64 bits, more than a number of JavaScript holds. */
  #newId(): string {
    const id = BigInt(this.needs.world.now()) * 1_000_000n + 1_000_000_000_000_000_000n;
    this.#last = id > this.#last ? id : this.#last + 1n;
    return String(this.#last);
  }
}

/** The texts of a message by field. Throws WechatError. */
function valuesOf({ fields }: Template, data: unknown): Record<string, string> {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw new WechatError(47001);
  const given = data as Readonly<Record<string, unknown>>;
  const values: Record<string, string> = {};
  for (const { name, rule } of fields) {
    const value = (given[name] as { value?: unknown } | null | undefined)?.value ?? '';
    if (typeof value !== 'string') throw new WechatError(47001);
    if (value === '') throw invalid(name, 'is emtpy'); // WeChat really spells it like this.
    if (!fitsRule(rule, value)) throw invalid(name, 'invalid');
    values[name] = value;
  }
  // WeChat does not say what it makes of others; a field that nobody will see is a mistake.
  const other = Object.keys(given).find((name) => !(name in values));
  if (other !== undefined) throw invalid(other, 'invalid');
  return values;
}

const invalid = (name: string, what: string): WechatError =>
  new WechatError(47003, `argument invalid! data.${name}.value ${what}`);

/** The id is a number in the answer, and a text in the push. */
function withId(msgid: string): Answer {
  const answer = ok();
  return { ...answer, body: answer.body.replace(/}$/, `,"msgid":${msgid}}`) };
}
