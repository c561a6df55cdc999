import type { ConsentAnswer, ConsentKind } from '../platforms/message-platform.js';
import type { ReportRow } from './consent.sql.js';

/** One acceptance of a person is told twice, by the client and by the platform, at most this far apart. */
export const MATCHED_WITHIN_MS = 10 * 60_000;
/** The client's dialog cannot be answered more often; a second report within that is the first one, repeated. */
export const REPORTED_EVERY_MS = 3_000;
/** Pushes grant for that long after the last one that came. */
export const PUSHED_WITHIN_MS = 30 * 24 * 3_600_000;

export const ENTRY_KINDS = [
  'granted', 'claimed', 'confirmed', 'dropped', 'reserved', 'used', 'returned', 'voided', 'subscribed', 'unsubscribed',
] as const; // prettier-ignore
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** By how much an entry changes its consent, and why. */
export interface Change {
  readonly kind: EntryKind;
  readonly granted: number;
  readonly claimed: number;
  /** Null: as it was. */
  readonly subscribed: boolean | null;
  readonly reason: string;
  readonly notificationId: string | null;
}

/** A change of `kind`; what is left out stays as it is. */
export const change = (kind: EntryKind, reason: string, over: Partial<Change> = {}): Change => ({
  kind,
  granted: 0,
  claimed: 0,
  subscribed: null,
  reason,
  notificationId: null,
  ...over,
});

/** The word for no; others (`ban`, `filter`) say nothing about the person's will. */
const REJECTED = 'reject';

/** What was told of a consent lately; see `LOOK`. */
export interface Lately {
  readonly isPushed: boolean;
  readonly isRepeat: boolean;
  readonly hasClaim: boolean;
  readonly pushIdentity: string | null;
}

/** What a report of the client comes to. */
export interface ReportDecision {
  /** Whether this acceptance is counted, here or by the push that told of it before. */
  readonly isCounted: boolean;
  readonly report?: { readonly mode: 'grant' | 'claim'; readonly status: 'open' | 'matched' };
  readonly change?: Change;
}

type Consent = { readonly kind: ConsentKind; readonly subscribed: boolean };

/** What the client says of a dialog: where pushes arrive it is only a claim, because clients can lie. Pure. */
export function decideReport(consent: Consent, answer: ConsentAnswer, lately: Lately): ReportDecision {
  if (consent.kind === 'long_term') return decideLongTerm(consent, answer, 'report');
  if (!answer.isAccepted) return { isCounted: false };
  // Both tell of one acceptance: the push has granted it.
  if (lately.pushIdentity !== null) return { isCounted: true, report: { mode: 'claim', status: 'matched' } };
  if (lately.isRepeat || (lately.isPushed && lately.hasClaim)) return { isCounted: false };
  return lately.isPushed
    ? {
        isCounted: true,
        report: { mode: 'claim', status: 'open' },
        change: change('claimed', 'report', { claimed: 1 }),
      }
    : {
        isCounted: true,
        report: { mode: 'grant', status: 'open' },
        change: change('granted', 'report', { granted: 1 }),
      };
}

/** Any number of messages, until the person takes it back. Pure. */
export function decideLongTerm(
  { subscribed }: Consent,
  { isAccepted, answer }: ConsentAnswer,
  reason: string,
): { isCounted: boolean; change?: Change } {
  if (isAccepted === subscribed) return { isCounted: isAccepted };
  if (isAccepted) return { isCounted: true, change: change('subscribed', reason, { subscribed: true }) };
  if (answer !== REJECTED) return { isCounted: false };
  return { isCounted: false, change: change('unsubscribed', reason, { subscribed: false }) };
}

/** Whether a person has switched off everything that was granted before. */
export const isTakenBack = (answer: ConsentAnswer, isSetting: boolean): boolean =>
  isSetting && !answer.isAccepted && answer.answer === REJECTED;

/** An acceptance that the platform pushed, and the report that told of it too. `claimed`: of the consent. Pure. */
export function decidePush(report: ReportRow | undefined, claimed: number): Change | undefined {
  if (!report) return change('granted', 'push', { granted: 1 });
  const { mode, notificationId } = report;
  if (mode === 'grant') return undefined;
  return notificationId === null && claimed > 0
    ? change('confirmed', 'push', { granted: 1, claimed: -1 })
    : // What the claim has let through is paid for with this acceptance.
      change('confirmed', 'push', { notificationId });
}
