import { WECHAT_ERRORS } from '../errors.js';
import type { ErrorTable } from '../../answers.js';
import { sendRow, type SendRow, type SendTable } from '../../sending.js';

const data = (detail: string): SendRow => ({ kind: 'failed', fault: 'data', detail });
const malformed = data('WeChat does not take the message as it is: compare its fields with the template.');
/** Somebody has to act, and until then nobody gets anything: the account waits. */
const stopped = (detail: string): SendRow => ({
  kind: 'later',
  scope: 'account',
  retryAfter: null,
  isAlarm: true,
  detail,
});
const tooFast: SendRow = {
  kind: 'later',
  scope: 'account',
  // Its words are "must slower, retry next minute" (docs: general return codes, 45011).
  retryAfter: 60,
  detail: 'WeChat limits how often this mini-program may send in a minute.',
};

/** What WeChat answers to a message (docs: subscribeMessage.send, general return codes). */
export const SEND_ERRORS: SendTable = {
  [-1]: { kind: 'later', scope: 'message', retryAfter: null, detail: 'WeChat is busy.' },
  20002: malformed,
  40003: {
    kind: 'failed',
    fault: 'person',
    detail: 'WeChat does not know this openid in this mini-program.',
  },
  40035: malformed,
  40037: {
    kind: 'failed',
    fault: 'template',
    detail: 'The mini-program has no such template (any more): look at 我的模板 in the console.',
  },
  41030: data('The page is not in the released version of the mini-program.'),
  43101: { kind: 'refused', detail: 'The person has no subscription left for this template, or has taken it back.' },
  // Its text is nowhere to be found; that it is about the account and not the message is.
  43107: stopped('WeChat has banned subscribe messages for this mini-program.'),
  // Two at once to one person. Ours take turns; another system of the developer may send as well.
  43108: {
    kind: 'later',
    scope: 'message',
    retryAfter: 1,
    detail: 'WeChat is sending another message to this person at this moment.',
  },
  // 30,000,000 a day with payments, 10,000,000 without; counted anew at 00:00 UTC+8.
  45009: {
    kind: 'later',
    scope: 'account',
    retryAfter: 'next_day',
    detail: 'What this mini-program may send in one day is used up.',
  },
  45011: tooFast,
  45029: stopped('The quota that WeChat gives this mini-program is used up: look at its API quotas in the console.'),
  45035: tooFast,
  45168: data('A value has a word that WeChat forbids.'),
  47001: malformed,
  47003: data('A value breaks the rule of its field.'),
  48001: stopped('This mini-program is not granted subscribe messages: look at the console.'),
};

/** The row of a code: its own, else by what the code means for every call; undefined for one that nobody wrote down. */
export function rowOf(errcode: number): SendRow | undefined {
  const own = sendRow(SEND_ERRORS, String(errcode));
  if (own) return own;
  const general = (WECHAT_ERRORS.any as ErrorTable)[errcode];
  switch (general?.problem) {
    case undefined:
      return undefined;
    case 'platform_account_misconfigured':
      return stopped(general.detail ?? 'WeChat refuses this account.');
    case 'platform_rate_limited':
      return tooFast;
    case 'platform_busy':
      return { kind: 'later', scope: 'message', retryAfter: null, detail: 'WeChat is busy.' };
    default:
      return malformed;
  }
}

/** A code that is in no table: after a second try it is taken for a fault of the message. */
export const UNDOCUMENTED = data('WeChat refuses the message with a code that its documentation does not name.');

/** Names the field where WeChat does: `argument invalid! data.thing1.value invalid rid: …`. Never the rest of its words. */
export function named(row: SendRow, errmsg: string): SendRow {
  const field = /\bdata\.([a-z_]{1,32}\d{1,3})\b/.exec(errmsg)?.[1];
  return field === undefined ? row : { ...row, detail: `${row.detail} WeChat names the field ${field}.` };
}
