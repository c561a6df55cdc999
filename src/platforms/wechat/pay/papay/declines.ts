import type { Decline } from '../../../mandate-platform.js';
import { ERRORS } from '../pay.errors.js';
import { plainCode } from './v2.errors.js';

/**
 * What a debit that was refused, or that failed, means (docs: papay, error codes), without underscores. Among them are the
 * states that stand for a failure where no code is told: a query by number has none.
 */
const DECLINES: Readonly<Record<string, Decline>> = {
  NOTENOUGH: 'funds',
  BANKERROR: 'funds',
  PAYFAIL: 'funds',
  PAYERROR: 'funds',
  // "Needs a notice first", or the window is over. Of a contract that is over too: then the next notice is refused as well.
  INVALIDREQUEST: 'window',
  // The template's amount, or its number of debits, until the next period.
  RULELIMIT: 'final',
  CONTRACTNOTEXIST: 'ended',
  CONTRACTNOTEXISTS: 'ended',
  CONTRACTNOTEXISTED: 'ended',
  CONTRACTERROR: 'ended',
  USERACCOUNTABNORMAL: 'final',
  PARAMERROR: 'misconfigured',
};

export function declineOf(platformCode: string): Decline {
  const code = plainCode(platformCode);
  return DECLINES[code] ?? (ERRORS[code]?.means === 'misconfigured' ? 'misconfigured' : 'later');
}
