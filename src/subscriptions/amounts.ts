import type { Price } from '../catalog/prices.service.js';
import { type Fen, toFen } from '../common/money.js';
import type { Period } from './periods.js';
import { divide, unusedShare } from './proration.js';

/**
 * A part of an invoice. `period`: a whole one. `unused`: what is left of the old price, given back. `remaining`: the same
 * days at the new price. `credit`: what the user had left.
 */
export interface InvoiceLine {
  readonly kind: 'period' | 'unused' | 'remaining' | 'credit';
  readonly description: string;
  readonly priceId: string | null;
  readonly quantity: number | null;
  /** Fen; negative for what is given back. */
  readonly amount: number;
  /** RFC 3339 */
  readonly periodStart: string;
  readonly periodEnd: string;
}

/** So many of a price, called as the payer reads it. */
export interface Selection {
  readonly price: Pick<Price, 'id' | 'amount' | 'introductory'>;
  readonly quantity: number;
  readonly name: string;
}

/** What an invoice comes to. `creditUsed` is part of the lines. In fen. */
export interface Total {
  readonly lines: InvoiceLine[];
  readonly amount: Fen;
  readonly creditUsed: Fen;
  /** What is left over for later invoices: the lines give back more than they charge. */
  readonly creditAdded: Fen;
}

/** Fen of a period before which `billedBefore` others were billed: the first ones may cost something else. */
export function amountOfPeriod({ price, quantity }: Selection, billedBefore: number): Fen {
  const { amount, introductory } = price;
  const each = introductory && billedBefore < introductory.periods ? introductory.amount : amount;
  return toFen(each * quantity);
}

/** Fen of a period without any introduction. */
export const ordinaryAmount = ({ price, quantity }: Selection): Fen => toFen(price.amount * quantity);

const span = ({ start, end }: Period) => ({ periodStart: start.toISOString(), periodEnd: end.toISOString() });

/** A whole period. */
export const periodLine = (selection: Selection, period: Period, amount: Fen): InvoiceLine => ({
  kind: 'period',
  description: titleOf(selection),
  ...{ priceId: selection.price.id, quantity: selection.quantity, amount },
  ...span(period),
});

/** `Pro × 3` */
export const titleOf = ({ name, quantity }: Pick<Selection, 'name' | 'quantity'>): string =>
  quantity === 1 ? name : `${name} × ${quantity}`;

/** A change in the middle of a period. */
export interface Switch {
  readonly from: Selection;
  readonly to: Selection;
  /** Fen that the current period cost, in whole. */
  readonly paid: Fen;
  readonly period: Period;
  readonly at: Date;
  readonly timeZone: string;
  /** The period that begins at `at`, where the new price has another interval. */
  readonly next?: Period | undefined;
}

/** What is left of the old price, and either the same days at the new one or a whole new period. */
export function switchLines({ from, to, paid, period, at, timeZone, next }: Switch): InvoiceLine[] {
  const division = divide(period, at, timeZone);
  const rest = { start: at, end: period.end };
  const unused: InvoiceLine = {
    ...periodLine(from, rest, unusedShare(paid, division)),
    kind: 'unused',
  };
  const charged = next
    ? periodLine(to, next, ordinaryAmount(to))
    : { ...periodLine(to, rest, unusedShare(ordinaryAmount(to), division)), kind: 'remaining' as const };
  return [{ ...unused, amount: 0 - unused.amount }, charged];
}

/** Adds up, and takes what the user has left from it. Credit is in fen. */
export function totalOf(lines: readonly InvoiceLine[], credit: number, period: Period): Total {
  const sum = lines.reduce((total, line) => total + line.amount, 0);
  if (sum <= 0) return { lines: [...lines], amount: toFen(0), creditUsed: toFen(0), creditAdded: toFen(-sum) };
  const creditUsed = toFen(Math.min(sum, credit));
  const amount = toFen(sum - creditUsed);
  if (creditUsed === 0) return { lines: [...lines], amount, creditUsed, creditAdded: toFen(0) };
  const used: InvoiceLine = {
    ...{ kind: 'credit', description: 'Credit', priceId: null, quantity: null, amount: 0 - creditUsed },
    ...span(period),
  };
  return { lines: [...lines, used], amount, creditUsed, creditAdded: toFen(0) };
}
