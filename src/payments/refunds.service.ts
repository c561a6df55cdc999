import { Injectable } from '@nestjs/common';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { notFound, problem } from '../common/problems.js';
import { Clock } from '../common/clock.js';
import { Database, statement, type Tx } from '../database/database.js';
import { Relay } from '../events/relay.js';
import { Lanes } from '../queues/lane.js';
import { BusinessTime } from '../tenancy/business-time.js';
import type { AppRecord, RequestContext, ServerCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { REFUND_LANES } from './refund-lane.js';
import { refundView } from './refund.view.js';
import { Refunding } from './refunding.js';
import { FIND_REFUND, FIND_REFUND_BY_REFERENCE, LEFT, RESERVE } from './refunding.sql.js';
import type { CreateRefund, RefundQuery, RefundView } from './refunds.schemas.js';
import { type AttemptRow, type PaymentRow, refundColumns, type RefundRow } from './rows.js';
import { LOCK_PAYMENT } from './settlement.sql.js';

const LIST = statement(`
  select ${refundColumns('r')} from refunds r
  where r.app_id = $1 and ($2::text is null or r.id < $2) and ($3::text is null or r.payment_id = $3)
    and ($4::text is null or r.reference = $4) and ($5::text is null or r.status = $5)
  order by r.id desc limit $6`);

/** The decision goes to the platform next. $3 approve or reject  $4 business now  $5 now  $6 reason? */
const DECIDE = statement(`
  update refunds r set decision = $3, check_at = $4, checks = 0, failure_detail = $6, updated_at = $5
  where r.app_id = $1 and r.id = $2 and r.status = 'requested' and r.decide_before > $4 and r.decision is null
  returning ${refundColumns('r')}`);

type Reserved = Pick<AttemptRow, 'id' | 'platform' | 'merchantAccountId'>;

/** What is given back. The amount is reserved before anybody is asked, so no two refunds give back the same money. */
@Injectable()
export class Refunds {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly refunding: Refunding,
    private readonly idempotency: Idempotency,
    private readonly relay: Relay,
    private readonly lanes: Lanes,
  ) {}

  /**
   * Accepts a refund; it goes out to the platform right after. Throws `payment_not_paid`, `refund_exceeds_payment`,
   * `refund_reference_taken`.
   */
  async create({ app }: ServerCaller, body: CreateRefund, context: RequestContext) {
    const made = await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const result = await this.#create(tx, app, body);
        return { id: result.refund.id, result };
      },
      async ({ resourceId }) => ({ isNew: false, refund: await this.find(app.id, resourceId) }),
    );
    if (made.isNew) this.#wake(app, made.refund);
    return { isNew: made.isNew, refund: refundView(made.refund) };
  }

  async get(appId: string, id: string): Promise<RefundView> {
    return refundView(await this.find(appId, id));
  }

  async find(appId: string, id: string, tx?: Tx): Promise<RefundRow> {
    const [refund] = await this.db.run<RefundRow>(FIND_REFUND, [appId, id], tx);
    if (!refund) throw notFound('refund', id);
    return refund;
  }

  async list(appId: string, query: RefundQuery): Promise<Page<RefundView>> {
    const { limit, cursor, paymentId, reference, status } = query;
    const before = cursor === undefined ? null : fromCursor(cursor, /^rfd_[0-9a-f]{32}$/);
    const values = [appId, before, paymentId ?? null, reference ?? null, status ?? null, limit + 1];
    return toPage(await this.db.run<RefundRow>(LIST, values), limit, ({ id }) => id, refundView);
  }

  /** Says yes or no to a refund that somebody asked for at the platform. Throws `refund_not_decidable`. */
  async decide(
    { app }: ServerCaller,
    id: string,
    decision: { approve: true } | { approve: false; reason: string },
    context: RequestContext,
  ): Promise<RefundView> {
    const refund = await this.idempotency.once(
      context.idempotency,
      async (tx) => ({ id, result: await this.#decide(tx, app, id, decision) }),
      () => this.find(app.id, id),
    );
    this.#wake(app, refund);
    return refundView(refund);
  }

  async #decide(tx: Tx, app: AppRecord, id: string, decision: { approve: true } | { approve: false; reason: string }) {
    await this.find(app.id, id, tx);
    const values = [
      ...[app.id, id, decision.approve ? 'approve' : 'reject'],
      ...[this.time.now(app), this.clock.now(), decision.approve ? null : decision.reason],
    ];
    const [decided] = await this.db.run<RefundRow>(DECIDE, values, tx);
    if (!decided) throw problem('refund_not_decidable', 'Nobody waits for a decision about this refund (any more).');
    return decided;
  }

  async #create(tx: Tx, app: AppRecord, body: CreateRefund): Promise<{ isNew: boolean; refund: RefundRow }> {
    const [payment] = await this.db.run<PaymentRow>(LOCK_PAYMENT, [app.id, body.paymentId], tx);
    if (!payment) throw notFound('payment', body.paymentId);
    const earlier = body.reference && (await this.#earlier(tx, app.id, body, body.reference));
    if (earlier) return { isNew: false, refund: earlier };
    const wanted = body.amount ?? (await this.#left(tx, payment, body)) ?? 0;
    const values = [app.id, payment.id, body.attemptId ?? null, wanted, this.clock.now()];
    const [attempt] = await this.db.run<Reserved>(RESERVE, values, tx);
    if (!attempt) throw await this.#refusal(tx, payment, body);
    const refund = await this.refunding.insert(tx, {
      attempt: { ...attempt, appId: app.id, paymentId: payment.id, currency: payment.currency },
      amount: wanted,
      source: 'api',
      status: 'requested',
      reason: body.reason ?? null,
      reference: body.reference ?? null,
      checkAt: this.time.now(app),
    });
    // Another payment's refund took the reference in this moment.
    if (!refund) throw problem('refund_reference_taken', 'Another refund has this reference.');
    return { isNew: true, refund };
  }

  async #earlier(tx: Tx, appId: string, body: CreateRefund, reference: string): Promise<RefundRow | undefined> {
    const [earlier] = await this.db.run<RefundRow>(FIND_REFUND_BY_REFERENCE, [appId, reference], tx);
    if (!earlier) return undefined;
    const { paymentId, amount = earlier.amount, attemptId = earlier.attemptId } = body;
    const isSame = earlier.paymentId === paymentId && earlier.amount === amount && earlier.attemptId === attemptId;
    if (isSame) return earlier;
    const detail = `The reference ${reference} belongs to ${earlier.id}, which gives back something else.`;
    throw problem('refund_reference_taken', detail, { refundId: earlier.id });
  }

  /** Undefined: nothing came, through that attempt or at all. */
  async #left(tx: Tx, { appId, id }: PaymentRow, { attemptId }: CreateRefund): Promise<number | undefined> {
    const [row] = await this.db.run<{ left: number }>(LEFT, [appId, id, attemptId ?? null], tx);
    return row?.left;
  }

  async #refusal(tx: Tx, payment: PaymentRow, body: CreateRefund) {
    const left = await this.#left(tx, payment, body);
    if (left !== undefined) {
      return problem('refund_exceeds_payment', `Of this payment ${left} fen are left to refund.`, { left });
    }
    const of = body.attemptId ? ` through attempt ${body.attemptId}` : '';
    const detail = `Payment ${payment.id} is ${payment.status}, and nothing was paid${of}; only what was paid can be refunded.`;
    return problem('payment_not_paid', detail);
  }

  /** After the commit: the event gets its number, and the refund its turn at the platform. */
  #wake(app: AppRecord, { merchantAccountId }: RefundRow): void {
    this.relay.nudge();
    void this.lanes.nudge(REFUND_LANES, { appId: app.id, lane: merchantAccountId });
  }
}
