import { Broken } from '../../payments/model/stage.js';
import type { Club } from './club.js';
import { PRICES, type PriceName, priceOf } from './price-list.js';
import type { InvoiceRecord, LineRecord, SubscriptionRecord } from './records.js';
import { tookEffect } from './spans.js';

const DAY_MS = 86_400_000;

/** Fen that a whole period costs: of an introduction, or the ordinary price. */
function wholes({ prices }: Club, { priceId, quantity }: LineRecord): { ordinary: number; all: readonly number[] } {
  const name = (Object.keys(PRICES) as PriceName[]).find((one) => prices[one] === priceId);
  if (!name) throw new Broken(`a line is of the price ${priceId}`);
  const { amount, introductory } = priceOf(name);
  const ordinary = amount * quantity!;
  return { ordinary, all: introductory ? [ordinary, introductory.amount * quantity!] : [ordinary] };
}

/** The part of `whole` for what is left of the period from `at` on: what remains of a division falls to the later days. */
function rest(whole: number, start: number, end: number, at: number): number {
  const total = Math.round((end - start) / DAY_MS);
  const passed = Math.floor((at - start) / DAY_MS);
  return whole - Math.floor((whole * passed) / total);
}

/** Every line is what the price list says, every sum is the sum of its lines, and all credit comes from somewhere. */
export function checkAmounts(club: Club, record: SubscriptionRecord): void {
  let credit = 0;
  for (const invoice of record.invoices) {
    const { id, status, amount, lines, credit_used: used } = invoice;
    const net = lines.reduce((sum, line) => sum + (line.kind === 'credit' ? 0 : line.amount), 0);
    const usedLines = lines.reduce((sum, line) => sum + (line.kind === 'credit' ? -line.amount : 0), 0);
    if (usedLines !== used || amount !== Math.max(0, net - used))
      throw new Broken(`invoice ${id} of ${amount} has lines of ${net} and ${usedLines} credit`, record.id);
    checkLines(club, record, invoice);
    if (status === 'open') credit -= used;
    if (status === 'uncollectible') credit -= used;
    if (status === 'paid') credit += isCredit(record, invoice) ? amount : amount - net;
  }
  if (credit !== record.credit)
    throw new Broken(`the credit is ${record.credit}, and the invoices leave ${credit}`, record.id);
}

/** A change that was paid and came too late. */
const isCredit = (record: SubscriptionRecord, invoice: InvoiceRecord): boolean =>
  invoice.kind === 'change' && !tookEffect(record, invoice);

function checkLines(club: Club, record: SubscriptionRecord, invoice: InvoiceRecord): void {
  for (const line of invoice.lines) {
    if (line.kind === 'credit') continue;
    const { ordinary, all } = wholes(club, line);
    const whole = invoice.kind === 'period' ? all : [ordinary];
    const expected = line.kind === 'period' ? whole : [shareOf(record, line, ordinary)];
    const amount = line.kind === 'unused' ? 0 - line.amount : line.amount;
    if (!expected.includes(amount)) {
      const what = `has ${line.kind} of ${amount}, not ${expected.join(' or ')}: ${JSON.stringify(line)}`;
      throw new Broken(`invoice ${invoice.id} ${what}`, record.id);
    }
  }
}

/**
 * The part of a period that was divided. The period is known by its end, and by containing the moment. What is given back is
 * a part of what it was billed at, the introduction included, unless it was changed before.
 */
function shareOf({ invoices, id }: SubscriptionRecord, line: LineRecord, ordinary: number): number {
  const [at, end] = [Date.parse(line.periodStart), Date.parse(line.periodEnd)];
  const divided = invoices.flatMap(({ status, lines, period_start: from, period_end: to }) => {
    const billed = lines.find(({ kind }) => kind === 'period');
    const contains = Date.parse(from) <= at && Date.parse(to) === end;
    return billed && contains && status === 'paid' ? [{ start: Date.parse(from), billed }] : [];
  });
  const [whole] = divided;
  if (!whole) throw new Broken(`no paid invoice has the period that ends at ${line.periodEnd}`, id);
  const { priceId, quantity, amount } = whole.billed;
  const isTheSame = line.kind === 'unused' && priceId === line.priceId && quantity === line.quantity;
  return rest(isTheSame ? amount : ordinary, whole.start, end, at);
}
