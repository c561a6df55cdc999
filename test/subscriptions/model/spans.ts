import type { InvoiceRecord, SubscriptionRecord } from './records.js';

/** A time that a paid invoice, or a trial, covers. In ms of business time. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** A change with another interval: the period before it ends where this begins, and was given back from there on. */
  readonly cuts: boolean;
  readonly of: string;
}

/** Invoices that have brought what they are for, or still may. */
const BILLED = ['open', 'paid', 'uncollectible'];

/** Whether a change that was paid took effect; else its money became credit. The event of that follows in its transaction. */
export function tookEffect({ events }: SubscriptionRecord, invoice: InvoiceRecord): boolean {
  const paid = events.findIndex(({ type, object_id: id }) => type === 'invoice.paid' && id === invoice.id);
  if (paid < 0) return false;
  for (const { type } of events.slice(paid + 1)) {
    if (type === 'subscription.changed') return true;
    // Other things of the same transaction: the next period's invoice of the old price is taken back.
    if (type !== 'invoice.voided') return false;
  }
  return false;
}

/** What was billed, in the order of its beginnings. `paidOnly`: only what is paid. */
export function spansOf(record: SubscriptionRecord, paidOnly = false): Span[] {
  const spans = record.invoices.flatMap((invoice): Span[] => {
    const { id, kind, status, lines } = invoice;
    if (!BILLED.includes(status) || (paidOnly && status !== 'paid')) return [];
    const cuts = kind === 'change';
    if (cuts && (status !== 'paid' || !lines.some((line) => line.kind === 'period') || !tookEffect(record, invoice)))
      return [];
    return [{ start: Date.parse(invoice.period_start), end: Date.parse(invoice.period_end), cuts, of: id }];
  });
  return spans.sort((a, b) => a.start - b.start);
}
