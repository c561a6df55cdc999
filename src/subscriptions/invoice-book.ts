import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { notFound } from '../common/problems.js';
import { Database, type Tx } from '../database/database.js';
import { Announcer, type Announcement } from '../events/announce.js';
import type { EventType } from '../events/event-types.js';
import type { CollectionWindow } from '../platforms/mandate-platform.js';
import type { Total } from './amounts.js';
import type { Step } from './billing-times.js';
import { FIND_INVOICE, FIND_OF_PERIOD, FIND_PAID_INVOICE, INSERT_INVOICE, LAST_CHANGE, OPEN_OF_SUBSCRIPTION, SAVE_INVOICE } from './invoices.sql.js'; // prettier-ignore
import { INVOICE_MOVES } from './moves.js';
import type { Period } from './periods.js';
import { INVOICE_CHANGES, type InvoiceChange, type InvoiceRow, type SubscriptionRow } from './rows.js';
import { RAISE_SUBSCRIPTION } from './subscriptions.sql.js';

/** An invoice before it is written. */
export interface InvoiceDraft {
  readonly kind: 'period' | 'change';
  readonly period: Period;
  readonly total: Total;
  readonly graceUntil?: Date | undefined;
  /** When it may be collected without the user. */
  readonly window?: CollectionWindow | undefined;
  readonly step?: Step | undefined;
}

/** Invoices as rows. Each change of status is an event of the subscription's stream; the subscription is locked. */
@Injectable()
export class InvoiceBook {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly announcer: Announcer,
  ) {}

  /** Throws `invoice_not_found`, also for another user's. */
  async find(appId: string, id: string, ofUser?: string, tx?: Tx): Promise<InvoiceRow> {
    const [row] = await this.db.run<InvoiceRow>(FIND_INVOICE, [appId, id], tx);
    if (!row || (ofUser !== undefined && row.userId !== ofUser)) throw notFound('invoice', id);
    return row;
  }

  /** The invoice that a payment was made for. */
  async paidBy(appId: string, paymentId: string, tx?: Tx): Promise<InvoiceRow | undefined> {
    const [row] = await this.db.run<InvoiceRow>(FIND_PAID_INVOICE, [appId, paymentId], tx);
    return row;
  }

  async ofPeriod({ appId, id }: SubscriptionRow, start: Date, tx?: Tx): Promise<InvoiceRow | undefined> {
    const [row] = await this.db.run<InvoiceRow>(FIND_OF_PERIOD, [appId, id, start], tx);
    return row;
  }

  /** The newest change in the current period, if one was paid. */
  async lastChange({ appId, id, currentPeriodStart }: SubscriptionRow, tx?: Tx): Promise<InvoiceRow | undefined> {
    const [row] = await this.db.run<InvoiceRow>(LAST_CHANGE, [appId, id, currentPeriodStart], tx);
    return row;
  }

  /** Those that somebody may still pay, the oldest first. */
  open({ appId, id }: SubscriptionRow, tx?: Tx): Promise<InvoiceRow[]> {
    return this.db.run<InvoiceRow>(OPEN_OF_SUBSCRIPTION, [appId, id], tx);
  }

  /** Opens an invoice. `now` is business time. Throws when its period has one. */
  async insert(tx: Tx, { appId, id, userId }: SubscriptionRow, draft: InvoiceDraft, now: Date): Promise<InvoiceRow> {
    const { kind, period, total, graceUntil, window, step } = draft;
    const values = [
      ...[appId, newId('invoice'), id, userId, kind, total.amount, total.creditUsed, JSON.stringify(total.lines)],
      ...[period.start, period.end, graceUntil ?? null],
      ...[window?.noticeAt ?? null, window?.collectFrom ?? null, window?.collectUntil ?? null],
      ...[step?.nextAction ?? null, step?.nextAt ?? null, now, this.clock.now()],
    ];
    const [row] = await this.db.run<InvoiceRow>(INSERT_INVOICE, values, tx);
    if (!row) throw new Error(`subscription ${id} has an invoice from ${period.start.toISOString()} already`);
    await this.tell(tx, 'invoice.created', row);
    return row;
  }

  /** Nothing is to be done about one that is no longer open. Throws when the table of moves does not allow it. */
  async move(
    tx: Tx,
    row: InvoiceRow,
    how: 'paid' | 'voided' | 'givenUp',
    change: InvoiceChange = {},
  ): Promise<InvoiceRow> {
    const { from, to } = INVOICE_MOVES[how];
    const moved = await this.#save(tx, { ...row, ...change, status: to, nextAction: null, nextAt: null }, from);
    if (!moved) throw new Error(`invoice ${row.id} is ${row.status}: it cannot become ${to}`);
    await this.tell(tx, TOLD[how], moved);
    return moved;
  }

  /** Changes one that keeps its status; undefined when it was moved meanwhile. */
  change(tx: Tx, row: InvoiceRow, change: InvoiceChange): Promise<InvoiceRow | undefined> {
    return this.#save(tx, { ...row, ...change }, [row.status]);
  }

  async tell(tx: Tx, type: EventType, row: InvoiceRow, more: Announcement['data'] = {}): Promise<void> {
    const { appId, id, subscriptionId, userId, kind, status, amount, currency, paymentId } = row;
    const values = [appId, subscriptionId, this.clock.now()];
    const [raised] = await this.db.run<{ sequence: number }>(RAISE_SUBSCRIPTION, values, tx);
    if (!raised) throw new Error(`invoice ${id} has no subscription`);
    await this.announcer.announce(tx, {
      appId,
      type,
      stream: { type: 'subscription', id: subscriptionId },
      sequence: raised.sequence,
      object: { type: 'invoice', id },
      data: {
        ...{ invoiceId: id, subscriptionId, userId, kind, status, amount, currency, paymentId },
        periodStart: row.periodStart.toISOString(),
        periodEnd: row.periodEnd.toISOString(),
        ...more,
      },
    });
  }

  async #save(tx: Tx, row: InvoiceRow, from: readonly string[]): Promise<InvoiceRow | undefined> {
    const values = [row.appId, row.id, from, this.clock.now(), ...INVOICE_CHANGES.map((name) => row[name])];
    const [saved] = await this.db.run<InvoiceRow>(SAVE_INVOICE, values, tx);
    return saved;
  }
}

const TOLD = { paid: 'invoice.paid', voided: 'invoice.voided', givenUp: 'invoice.uncollectible' } as const;
