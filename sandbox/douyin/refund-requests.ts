import type { Account } from '../core/accounts.js';
import { jsonFields, text } from '../core/body.js';
import { SandboxError } from '../core/errors.js';
import { type Action, action, refundSchema, type World } from '../core/platform.js';
import { DouyinError } from './answers.js';
import type { DouyinCredentials } from './credentials.js';
import { randomDigits } from './numbers.js';
import type { Order } from './order.js';
import { auditSchema, parsed } from './refund-data.js';
import { NO_AUDIT, question, type Refund } from './refund.js';
import type { Refunds } from './refunds.js';
import { type CallbackData, callBack } from './trade-callbacks.js';
import { entrySchema } from './trade-fields.js';
import type { TradeOrders } from './trade-orders.js';

const MINUTE = 60_000;
const ASK_EVERY = 10 * MINUTE;
const ASK_FOR = 72 * 60 * MINUTE;
const DECIDE_WITHIN = 3 * 24 * 60 * MINUTE;

/**
 * Refunds that did not begin at the developer's server. The platform first asks for a number (pre_create_refund), again
 * every ten minutes until it has one; after 72 hours it takes one of its own. Where the person asked, the developer then
 * decides until the deadline, and silence is consent.
 */
export class RefundRequests {
  constructor(
    private readonly world: World,
    private readonly orders: TradeOrders,
    private readonly refunds: Refunds,
  ) {}

  readonly timers = {
    askForNumber: ({ refundId }: { refundId: string }, account: Account): void => this.#ask(account, refundId),
    auditOverdue: ({ refundId }: { refundId: string }, account: Account): void => this.#overdue(account, refundId),
  };

  /** `POST /_/refund`. */
  readonly start: Action = action(refundSchema, ({ number, amount, by }) => {
    const order = this.#orderOf(number);
    const account = this.world.accounts<DouyinCredentials>('douyin').require(order.platformAppId);
    const wanted = amount ?? this.refunds.left(order);
    this.#requirePossible(account, order, wanted);
    const deadline = this.world.businessNow(account) + DECIDE_WITHIN;
    const refund = this.refunds.open(account, order, {
      outRefundNo: '',
      amount: wanted,
      source: by === 'user' ? 1 : 4,
      cpExtra: '',
      audit: by === 'user' ? { status: 'TOAUDIT', needed: true, deadline, denyMessage: '' } : NO_AUDIT,
    });
    this.#ask(account, refund.refundId);
    if (by === 'user') this.#at(account, 'auditOverdue', refund.refundId, deadline);
    return { refundId: refund.refundId, amount: wanted };
  });

  /** refund_audit_callback. Throws DouyinError. */
  decide(account: Account, fields: Readonly<Record<string, unknown>>): void {
    const {
      refund_id: refundId,
      refund_audit_status: decision,
      deny_message: denyMessage,
    } = parsed(auditSchema, fields);
    const refund = this.refunds.get(refundId);
    if (refund?.platformAppId !== account.platformAppId) throw new DouyinError(20000);
    const status = decision === 1 ? 'AGREE' : 'DENY';
    const { audit } = refund;
    // A repeat of the same decision, after an answer that was lost.
    if (audit.status === status) return;
    if (audit.status !== 'TOAUDIT') throw new DouyinError(22000, `the audit is over: ${audit.status}`);
    if (!refund.outRefundNo) throw new DouyinError(22006, 'pre_create_refund is not answered yet');

    const decided: Refund = { ...refund, audit: { ...audit, status, denyMessage: denyMessage ?? '' } };
    this.world.cancel(account, keyOf('auditOverdue', refundId));
    if (status === 'AGREE') this.#proceed(account, decided);
    else this.refunds.save({ ...decided, status: 'FAIL', message: denyMessage ?? '' });
  }

  /** What the developer answered to pre_create_refund; an answer that gives no good number leaves the question open. */
  numbered(account: Account, { msg }: CallbackData, body: string): void {
    const refund = this.refunds.get(String(msg.refund_id));
    // The first number stays: the same refund_id must always get the same one.
    if (!refund || refund.outRefundNo) return;
    const data = fieldsIn(jsonFields(Buffer.from(body)).data);
    const outRefundNo = text(data.out_refund_no);
    const isGood =
      outRefundNo !== undefined && outRefundNo.length <= 64 && entrySchema.safeParse(data.order_entry_schema).success;
    if (!isGood || this.refunds.numbered(refund.platformAppId, outRefundNo)) return;
    const notifyUrl = text(data.notify_url);
    this.#number(account, { ...refund, ...(notifyUrl !== undefined && { notifyUrl }) }, outRefundNo);
  }

  #orderOf(number: string): Order {
    const [order, ...others] = this.orders.numbered(number);
    if (!order) throw refused(404, 'order_unknown', `no order was made under outOrderNo ${number}`);
    if (others.length > 0)
      throw refused(422, 'order_ambiguous', `several mini-programs have an order ${number}: use numbers that differ`);
    return order;
  }

  #requirePossible(account: Account, order: Order, amount: number): void {
    try {
      if (amount < 1) throw new DouyinError(22002, 'nothing is left');
      this.refunds.requireRefundable(account, order, amount);
    } catch (error) {
      if (error instanceof DouyinError) throw refused(422, 'refund_impossible', `${error.code}: ${error.message}`);
      throw error;
    }
  }

  #ask(account: Account, refundId: string): void {
    const refund = this.refunds.get(refundId);
    const order = refund && this.orders.get(refund.orderId);
    if (!order || refund.outRefundNo) return;
    const now = this.world.businessNow(account);
    const until = refund.createdAt + ASK_FOR;
    if (now >= until) return this.#number(account, refund, randomDigits(19));
    callBack(this.world, account, order.notifyUrl, 'pre_create_refund', question(refund, order));
    this.#at(account, 'askForNumber', refundId, Math.min(now + ASK_EVERY, until));
  }

  #number(account: Account, refund: Refund, outRefundNo: string): void {
    const numbered: Refund = { ...refund, outRefundNo };
    this.refunds.save(numbered);
    this.world.cancel(account, keyOf('askForNumber', refund.refundId));
    if (numbered.audit.status !== 'TOAUDIT') this.#proceed(account, numbered);
  }

  #overdue(account: Account, refundId: string): void {
    const refund = this.refunds.get(refundId);
    if (refund?.audit.status !== 'TOAUDIT') return;
    this.#proceed(account, { ...refund, audit: { ...refund.audit, status: 'OVERTIME' } });
  }

  /** Nothing is decided any more; without a number it waits for that. */
  #proceed(account: Account, refund: Refund): void {
    this.refunds.save(refund);
    if (refund.outRefundNo) this.refunds.release(account, refund);
  }

  #at(account: Account, name: keyof RefundRequests['timers'], refundId: string, at: number): void {
    this.world.at(account, { key: keyOf(name, refundId), name, at, data: { refundId } });
  }
}

const keyOf = (timer: string, refundId: string): string => `${timer}/${refundId}`;

const fieldsIn = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const refused = (status: number, error: string, message: string): SandboxError =>
  new SandboxError(status, error, message);
