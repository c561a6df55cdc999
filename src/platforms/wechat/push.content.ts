import { createHash } from 'node:crypto';
import { CallbackRefused, type PlatformCallback } from '../callback.js';
import type { PushNews, SendOutcome } from '../message-platform.js';
import { type PushFields, textIn } from '../push-body.js';
import { outcomeOf } from '../sending.js';
import { answerOf } from './messages/answers.js';
import { rowOf } from './messages/send.errors.js';

const POPUP = 'subscribe_msg_popup_event';
const CHANGE = 'subscribe_msg_change_event';
const SENT = 'subscribe_msg_sent_event';
/** Around the items in XML; JSON has `List` alone, though some have seen the wrapper there too. */
const WRAPPERS: Readonly<Record<string, string>> = {
  [POPUP]: 'SubscribeMsgPopupEvent',
  [CHANGE]: 'SubscribeMsgChangeEvent',
  [SENT]: 'SubscribeMsgSentEvent',
};
/** A push as the port tells it. `text` is all of it, in which repeats of one push are alike. Throws CallbackRefused. */
export function pushCallback(fields: PushFields, text: string, receivedAt: Date): PlatformCallback {
  const message = textIn(fields, 'MsgType');
  const type = (message === 'event' ? textIn(fields, 'Event') : message)?.slice(0, 64);
  if (type === undefined)
    throw new CallbackRefused('malformed', 'The push has no MsgType, or is an event without name.');
  const openid = textIn(fields, 'FromUserName') ?? textIn(fields, 'OpenID') ?? null;
  const created = textIn(fields, 'CreateTime') ?? '';
  const happenedAt = /^\d{1,11}$/.test(created) ? new Date(Number(created) * 1_000) : receivedAt;
  const news = openid === null ? [] : itemsOf(fields, type).flatMap((item) => newsOf(type, openid, created, item));
  return {
    deduplicationKey: keyOf(fields, text, [openid ?? '', created, type]),
    type,
    content: { kind: 'push', push: { type, openid, happenedAt, news } },
  };
}

/** Messages have an id. Events have none: who, when, what, and all of it, since one person can cause two in one second. */
function keyOf(fields: PushFields, text: string, who: readonly string[]): string {
  const id = textIn(fields, 'MsgId');
  if (id !== undefined) return `message ${id.slice(0, 64)}`;
  return [...who, createHash('sha256').update(text).digest('hex').slice(0, 32)].join(' ').slice(0, 300);
}

/** The items of a subscription event: one as an object, several as a list. */
function itemsOf(fields: PushFields, type: string): readonly PushFields[] {
  const wrapper = WRAPPERS[type];
  if (wrapper === undefined) return [];
  const inner = fields[wrapper] ?? fields;
  const list = [inner].flat().flatMap((one: unknown) => (isFields(one) ? [one['List']].flat() : []));
  return list.filter(isFields).slice(0, 100);
}

const isFields = (value: unknown): value is PushFields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function newsOf(type: string, openid: string, created: string, item: PushFields): PushNews[] {
  const templateId = textIn(item, 'TemplateId');
  if (templateId === undefined) return [];
  if (type === SENT) {
    const platformMessageId = textIn(item, 'MsgID') ?? null;
    const outcome = deliveryOf(platformMessageId, textIn(item, 'ErrorCode'), textIn(item, 'ErrorStatus') ?? '');
    return [{ kind: 'delivery', openid, templateId, platformMessageId, outcome }];
  }
  const answer = textIn(item, 'SubscribeStatusString');
  if (answer === undefined) return [];
  const isSetting = type === CHANGE;
  const identity = `${isSetting ? 'change' : 'popup'} ${openid} ${created} ${templateId}`;
  return [{ kind: 'consent', openid, answer: answerOf(templateId, answer), isSetting, identity }];
}

/** How a message that WeChat had taken ended. It tells once, so there is no later: what is not sent, is not. */
function deliveryOf(platformMessageId: string | null, code = '', status: string): SendOutcome {
  if (code === '0') return { kind: 'sent', platformMessageId };
  const platformCode = code.slice(0, 32) || 'none';
  const row = rowOf(Number(code));
  if (row?.kind === 'refused' || /reject|refuse/i.test(status)) {
    return { kind: 'refused', platformCode, detail: 'The person has refused the message.' };
  }
  if (row?.kind === 'failed') return outcomeOf(row, platformCode);
  return { kind: 'failed', fault: 'person', platformCode, detail: 'WeChat could not deliver the message.' };
}
