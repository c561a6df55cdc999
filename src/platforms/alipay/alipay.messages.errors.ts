import type { PlatformAccount } from '../platform.js';
import { outcomeOf, sendRow, type SendRow, type SendTable } from '../sending.js';
import type { SendOutcome } from '../message-platform.js';
import { errorOf, type Refusal } from './alipay.errors.js';
import { codeOf } from './alipay.trade.errors.js';

const data = (detail: string): SendRow => ({ kind: 'failed', fault: 'data', detail });
const person = (detail: string): SendRow => ({ kind: 'failed', fault: 'person', detail });
const again = (detail: string): SendRow => ({ kind: 'later', scope: 'message', retryAfter: null, detail });
/** Somebody has to act, and until then nobody gets anything: the account waits. */
const stopped = (detail: string): SendRow => ({
  kind: 'later',
  scope: 'account',
  retryAfter: null,
  isAlarm: true,
  detail,
});

/** Ours go to those who have subscribed; a template that wants the number of a form or a payment is of the older kind. */
const NO_SUBSCRIPTION_TEMPLATE: SendRow = {
  kind: 'failed',
  fault: 'template',
  detail: 'Alipay wants a form_id for this template: only templates for subscription messages (订阅消息) can be sent.',
};
const TEMPLATE: SendRow = {
  kind: 'failed',
  fault: 'template',
  detail: 'The template is gone, off or not as it is mapped here: compare it with the console.',
};
const MALFORMED = data('Alipay does not take the message as it is: compare its keywords with the template.');
const FORBIDDEN = data('Alipay does not let this content through.');
const UNSUBSCRIBED: SendRow = {
  kind: 'refused',
  detail: 'The person has no subscription left for this template, or has taken it back.',
};
const UNREACHABLE = person('Alipay delivers no such message to this person.');
const APP = stopped('The mini-program may not send messages: look at it, and at its product 消息, in the console.');

/** Business codes of `alipay.open.app.mini.templatemessage.send`, by the part of `sub_code` behind the last dot. */
export const SEND_ERRORS: SendTable = {
  FORM_ID_INVALID: NO_SUBSCRIPTION_TEMPLATE,
  FORM_ID_OVER_TIME: NO_SUBSCRIPTION_TEMPLATE,
  FORM_ID_SEND_LIMIT: NO_SUBSCRIPTION_TEMPLATE,
  FORM_ID_NOT_MATCH_APPID: NO_SUBSCRIPTION_TEMPLATE,
  TRADE_NO_NOT_MATCH_USERID: NO_SUBSCRIPTION_TEMPLATE,
  USER_TEMPLATE_ILLEGAL: TEMPLATE,
  TEMPLATE_ILLEGAL: TEMPLATE,
  USER_TEMPLATE_STATUS_ILLEGAL: TEMPLATE,
  MSG_TEMPLATE_ID_VALID: TEMPLATE,
  MESSAGE_TEMPLATE_KEYWORD_ILLEGAL: TEMPLATE,
  USER_TEMPLATE_LACK_KEYWORD: data('The template has more keywords than the message.'),
  USER_KEYWORD_LENGTH_ERROR: data('A value is too long.'),
  DATA_IS_EMPTY: MALFORMED,
  DATA_CONTENT_FORMAT_ERROR: MALFORMED,
  BIZ_CONTENT_FORMAT_ERROR: MALFORMED,
  PAGE_OVER_LIMIT: data('The page has more than 128 characters.'),
  ILLEGAL_ARGUMENT_PARAMS: MALFORMED,
  DATA_SENSITIVE: FORBIDDEN,
  MSG_REJECTED: FORBIDDEN,
  MSG_UNSUBSCRIBED: UNSUBSCRIBED,
  MSG_UNAUTHORIZED: UNSUBSCRIBED,
  MSG_CONTENT_NOT_INTERESTED: person('The person has told Alipay that they do not want such messages.'),
  NO_RECENT_VISIT_RECORD: UNREACHABLE,
  NO_PLACE_ORDER_RECORD: UNREACHABLE,
  MSG_SINGLE_SD_OVER: {
    kind: 'later',
    scope: 'person',
    retryAfter: 'next_day',
    detail: 'The person has had as many messages today as Alipay allows.',
  },
  USER_ID_INVALID: person('Alipay does not know this person.'),
  // In Alipay's spelling.
  QUERY_CONSUMER_REQEUST_ERROR: again('Alipay could not look up the person.'),
  MSG_SEND_ERROR: again('Alipay could not send it.'),
  SYSTEM_ERROR: again('Alipay is busy.'),
  APP_TYPE_ERROR: APP,
  APP_NO_AVAIABLE: APP,
  NO_BIND_PUBLIC_APP: APP,
  MESSAGE_SEND_AUTH_ERROR: APP,
};

/** What a refusal of the gateway means for the message. */
export function refusalOutcome(account: PlatformAccount, refusal: Refusal): SendOutcome {
  const { subCode = '' } = refusal;
  const row = sendRow(SEND_ERRORS, subCode.slice(subCode.lastIndexOf('.') + 1)) ?? generalRow(account, refusal);
  return outcomeOf(row, codeOf(refusal));
}

/** By what the code means for every call (docs: common error codes). */
function generalRow(account: PlatformAccount, refusal: Refusal): SendRow {
  const { problem, message, extra } = errorOf(account, refusal);
  switch (problem) {
    // 20000 and its names, 10003: Alipay does not say whether it has done anything.
    case 'platform_busy':
    case 'platform_unknown':
      return { kind: 'unknown', detail: `Alipay failed on the way [${codeOf(refusal)}].` };
    case 'platform_rate_limited':
      return { kind: 'later', scope: 'account', retryAfter: Number(extra.retryAfter ?? 1), detail: message };
    case 'platform_refused':
      return MALFORMED;
    case 'user_refused':
      return person('The person has not authorised this mini-program at Alipay.');
    default:
      return stopped(message);
  }
}
