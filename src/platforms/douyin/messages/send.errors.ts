import type { ErrorTable } from '../../answers.js';
import { sendRow, type SendRow, type SendTable } from '../../sending.js';
import { DOUYIN_ERRORS } from '../errors.js';

const data = (detail: string): SendRow => ({ kind: 'failed', fault: 'data', detail });
const again: SendRow = { kind: 'later', scope: 'message', retryAfter: null, detail: 'Douyin is busy.' };
const malformed = data('Douyin does not take the message as it is: compare its keywords with the template.');
const tooFast = (retryAfter: number): SendRow => ({
  kind: 'later',
  scope: 'account',
  retryAfter,
  detail: 'Douyin limits how often this mini-program may send.',
});
/** Somebody has to act, and until then nobody gets anything: the account waits. */
const stopped = (detail: string): SendRow => ({
  kind: 'later',
  scope: 'account',
  retryAfter: null,
  isAlarm: true,
  detail,
});

/**
 * What Douyin answers to a message. There is no list for the new call; these are the codes of the old one, which the new
 * one has been seen to share (docs: notify; 1000, 1001 and 2000 mean other things to payments).
 */
export const SEND_ERRORS: SendTable = {
  1000: malformed,
  1001: malformed,
  1008: data('Douyin does not let this content through.'),
  1009: stopped('Douyin has banned subscribe messages for this mini-program.'),
  1010: tooFast(1),
  2000: again,
  // Of every call: too fast for 2–3 s, and trouble at the platform.
  12001: tooFast(3),
  13000: again,
  23000: again,
  // 1,000 in a second; each template has a quota of the day as well.
  28006003: tooFast(1),
  28014043: {
    kind: 'refused',
    detail: 'The person has no subscription left for this template, or has taken it back.',
  },
};

/** The row of a code: its own, else by what the code means for every call; undefined for one that nobody wrote down. */
export function rowOf(code: number): SendRow | undefined {
  const own = sendRow(SEND_ERRORS, String(code));
  if (own) return own;
  const general = (DOUYIN_ERRORS.any as ErrorTable)[code];
  switch (general?.problem) {
    case undefined:
      return undefined;
    case 'platform_account_misconfigured':
      return stopped(general.detail ?? 'Douyin refuses this account.');
    case 'platform_rate_limited':
      return tooFast(general.retryAfter ?? 1);
    case 'platform_busy':
      return again;
    default:
      return malformed;
  }
}

/** A code that is in no table: after a second try it is taken for a fault of the message. */
export const UNDOCUMENTED = data('Douyin refuses the message with a code that its documentation does not name.');
