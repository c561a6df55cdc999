import { type Debits, firstStep, type Step } from './billing-times.js';
import type { InvoiceRow } from './rows.js';

/** Windows that are opened for one invoice at most: a platform that refuses each of them will refuse the next one. */
const MOST_WINDOWS = 3;

type Tried = Pick<InvoiceRow, 'periodStart' | 'collectFrom' | 'collectUntil' | 'noticeAt' | 'failures'>;
/** A further try, in another window where one is given. */
export type NextTry = Step & Partial<Pick<InvoiceRow, 'noticeAt' | 'noticedAt' | 'collectFrom' | 'collectUntil'>>;

/** When to debit again after a failure; undefined: never again. `now` is business time. */
export function nextTry(debits: Debits, invoice: Tried, platformCode: string, now: Date): NextTry | undefined {
  const { policy } = debits;
  switch (policy.decline(platformCode)) {
    case 'funds':
    case 'later':
      return again(debits, invoice, now);
    case 'window':
      return invoice.failures > MOST_WINDOWS ? undefined : newWindow(debits, invoice, now);
    case 'ended':
    case 'final':
    case 'misconfigured':
      return undefined;
  }
}

/** The next window of a platform, for an invoice whose own has passed or was not accepted. */
export function newWindow({ policy, terms }: Debits, { periodStart }: Pick<Tried, 'periodStart'>, now: Date): NextTry {
  const window = policy.window({ periodStart, now, terms });
  return { ...window, noticedAt: null, ...firstStep(policy, window, now) };
}

function again({ policy }: Debits, invoice: Tried, failedAt: Date): NextTry | undefined {
  const { collectFrom, collectUntil, noticeAt, failures } = invoice;
  if (!collectFrom || !collectUntil) return undefined;
  const at = policy.retryAt({ failures, failedAt, window: { noticeAt, collectFrom, collectUntil } });
  if (!at) return undefined;
  const nextAt = policy.debitTime(at);
  return nextAt < collectUntil ? { nextAction: 'collect', nextAt } : undefined;
}
