import { Broken } from '../../payments/model/stage.js';
import { accessUntil, BLURRED_MS, grantedUntil } from './access.js';
import type { Club } from './club.js';
import { checkAmounts } from './prorations.js';
import type { SubscriptionRecord } from './records.js';
import { spansOf } from './spans.js';

/** What must be so of every subscription at any moment. Throws Broken where it is not. */
export function judge(club: Club, record: SubscriptionRecord): void {
  const check = (holds: boolean, what: string): void => {
    if (!holds) throw new Broken(what, record.id);
  };
  billedOnce(record, check);
  currentPeriod(record, check);
  payments(record, check);
  eventsCount(record, check);
  nothingForgotten(record, check);
  access(club, record, check);
  checkAmounts(club, record);
}

type Check = (holds: boolean, what: string) => void;

/** No two periods lie over each other, unless a change has cut one short and given its rest back. */
function billedOnce(record: SubscriptionRecord, check: Check): void {
  const spans = spansOf(record);
  spans.slice(1).forEach((next, n) => {
    const { end, of } = spans[n]!;
    check(next.start >= end || next.cuts, `invoices ${of} and ${next.of} are for the same time`);
  });
}

/** The time that runs is paid, or somebody tries to collect it. */
function currentPeriod(record: SubscriptionRecord, check: Check): void {
  const { status, current_period_start: from, current_period_end: to, trial_end: trialEnd } = record;
  const start = Date.parse(from);
  if (status === 'past_due' || status === 'unpaid') {
    const isOpen = record.invoices.some((one) => one.status === 'open' && Date.parse(one.period_start) === start);
    check(isOpen, `it is ${status}, and no invoice is open from ${from}`);
  }
  if (status !== 'active' && status !== 'trialing') return;
  const isTrial = trialEnd !== null && Date.parse(trialEnd) === Date.parse(to);
  const paid = spansOf(record, true).some((one) => one.start === start && one.end === Date.parse(to));
  check(isTrial || paid, `it is ${status} from ${from} to ${to}, and nobody has paid that`);
}

/** Money for an invoice came once if it is paid, and not at all otherwise. */
function payments(record: SubscriptionRecord, check: Check): void {
  for (const { id, status, amount } of record.invoices) {
    const succeeded = record.payments.filter((one) => one.reference === id && one.status === 'succeeded');
    const wanted = status === 'paid' && amount > 0 ? 1 : 0;
    check(succeeded.length === wanted, `invoice ${id} is ${status}, and ${succeeded.length} payments of it succeeded`);
    check(succeeded.every((one) => one.amount === amount && one.kept === 1), `invoice ${id} of ${amount} was paid otherwise`); // prettier-ignore
    const open = record.payments.filter((one) => one.reference === id && ['created', 'pending'].includes(one.status));
    check(open.length < 2, `invoice ${id} is being paid ${open.length} times at once`);
  }
}

function eventsCount({ events, sequence }: SubscriptionRecord, check: Check): void {
  const isInOrder = events.every((event, n) => event.sequence === n + 1) && events.length === sequence;
  check(isInOrder, `its events count ${events.map((event) => event.sequence).join(' ')}, it ${sequence}`);
}

/** Whoever is to act next is written down. */
function nothingForgotten(record: SubscriptionRecord, check: Check): void {
  const { status, next_at: nextAt, pending_change: change } = record;
  if (status === 'active' || status === 'trialing' || status === 'incomplete')
    check(nextAt !== null, `it is ${status}, and nobody looks at it again`);
  for (const invoice of record.invoices) {
    if (invoice.status !== 'open' || invoice.next_action !== null || invoice.payment_id !== null) continue;
    const waits = status === 'unpaid' || status === 'incomplete' || change?.invoiceId === invoice.id;
    check(waits, `invoice ${invoice.id} is open, and nobody collects it while the subscription is ${status}`);
  }
}

function access(club: Club, record: SubscriptionRecord, check: Check): void {
  const [now, due, given] = [club.now(), accessUntil(record, club.rules), grantedUntil(record)];
  if ([due, given].some((until) => Math.abs(until - now) < BLURRED_MS)) return;
  const [may, can] = [due > now, given > now];
  check(may === can, `at ${iso(now)} its user ${can ? 'has' : 'has not'} access, which is due until ${iso(due)} and given until ${iso(given)}`); // prettier-ignore
}

const iso = (at: number): string => (Number.isFinite(at) ? new Date(at).toISOString() : 'never');
