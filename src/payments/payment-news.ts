import { Injectable } from '@nestjs/common';
import { Database, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import type { EventType } from '../events/event-types.js';
import type { PaymentRow, RefundRow } from './rows.js';
import { RAISE_PAYMENT } from './settlement.sql.js';

type Data = Readonly<Record<string, string | number | boolean | null>>;

/** Announces what happens to payments and their refunds; both are one stream, the payment's. */
@Injectable()
export class PaymentNews {
  constructor(
    private readonly db: Database,
    private readonly announcer: Announcer,
  ) {}

  /** `sequence`: what the conditional UPDATE of the payment has just raised it to. */
  ofPayment(
    tx: Tx,
    type: EventType,
    payment: Pick<PaymentRow, 'appId' | 'id' | 'userId' | 'amount' | 'currency' | 'reference' | 'status'>,
    sequence: number,
    more: Data = {},
  ): Promise<void> {
    const { appId, id, userId, amount, currency, reference, status } = payment;
    return this.announcer.announce(tx, {
      appId,
      type,
      stream: { type: 'payment', id },
      sequence,
      data: { paymentId: id, userId, amount, currency, reference, status, ...more },
    });
  }

  /** Raises the payment's sequence by itself: a refund's change is no change of the payment's status. */
  async ofRefund(
    tx: Tx,
    type: EventType,
    refund: Pick<RefundRow, 'appId' | 'id' | 'paymentId' | 'amount' | 'currency' | 'reference' | 'source' | 'status'>,
    now: Date,
    more: Data = {},
  ): Promise<void> {
    const { appId, id, paymentId, amount, currency, reference, source, status } = refund;
    const [raised] = await this.db.run<{ sequence: number }>(RAISE_PAYMENT, [appId, paymentId, now], tx);
    if (!raised) throw new Error(`refund ${id} has no payment`);
    await this.announcer.announce(tx, {
      appId,
      type,
      stream: { type: 'payment', id: paymentId },
      sequence: raised.sequence,
      object: { type: 'refund', id },
      data: { refundId: id, paymentId, amount, currency, reference, source, status, ...more },
    });
  }
}
