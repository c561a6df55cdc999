import type { Account } from '../core/accounts.js';
import type { World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import { DouyinError } from './answers.js';
import { randomDigits } from './numbers.js';
import type { SignRefundRequest } from './sign-data.js';
import type { SignPay } from './sign-pay.js';
import type { SignPays } from './sign-pays.js';
import { type SignRefund, signRefundMessage } from './sign-refund.js';
import { callBack } from './trade-callbacks.js';

const SECOND = 1_000;
const REFUND_TAKES = 10 * SECOND;
const REFUNDABLE_FOR = 365 * 24 * 3_600 * SECOND;

interface Numbered extends Row {
  readonly payRefundId: string;
}

/** What is given back of what was paid under contracts; the rules and codes are those of the trade system's refunds. */
export class SignRefunds {
  readonly #refunds: Table<SignRefund>;
  readonly #numbers: Table<Numbered>;

  constructor(
    private readonly world: World,
    private readonly pays: SignPays,
  ) {
    this.#refunds = world.table('douyin.signRefunds');
    this.#numbers = world.table('douyin.signRefundNumbers');
  }

  readonly timers = {
    signRefundArrives: ({ payRefundId }: { payRefundId: string }, account: Account): void =>
      this.#arrive(account, payRefundId),
  };

  get(payRefundId: string): SignRefund | undefined {
    return this.#refunds.get(payRefundId);
  }

  numbered(platformAppId: string, outPayRefundNo: string): SignRefund | undefined {
    const { payRefundId } = this.#numbers.get(`${platformAppId}/${outPayRefundNo}`) ?? {};
    return payRefundId === undefined ? undefined : this.get(payRefundId);
  }

  of({ refundIds }: SignPay): SignRefund[] {
    return refundIds.flatMap((id) => this.get(id) ?? []);
  }

  /** create_sign_refund. Throws DouyinError. */
  create(account: Account, pay: SignPay, request: SignRefundRequest): SignRefund {
    const { platformAppId } = account;
    const { out_pay_refund_no: outPayRefundNo, refund_total_amount: amount } = request;
    if (this.numbered(platformAppId, outPayRefundNo)) throw new DouyinError(22004);
    this.#requireRefundable(account, pay, amount);
    const refund: SignRefund = {
      payRefundId: `motr${randomDigits(19)}`,
      ...{ outPayRefundNo, payOrderId: pay.payOrderId, platformAppId, amount },
      ...(request.refund_reason !== undefined && { reason: request.refund_reason }),
      ...(request.notify_url !== undefined && { notifyUrl: request.notify_url }),
      status: 'PROCESSING',
      createdAt: this.world.businessNow(account),
    };
    const { payRefundId } = refund;
    this.#refunds.set(payRefundId, refund);
    this.#numbers.set(`${platformAppId}/${outPayRefundNo}`, { payRefundId });
    this.pays.save({ ...pay, refundIds: [...pay.refundIds, payRefundId] });
    this.world.at(account, {
      key: `signRefund/${payRefundId}`,
      name: 'signRefundArrives',
      at: refund.createdAt + REFUND_TAKES,
      data: { payRefundId },
    });
    return refund;
  }

  #requireRefundable(account: Account, pay: SignPay, amount: number): void {
    if (pay.status !== 'SUCCESS') throw new DouyinError(22000, `the debit is ${pay.status}`);
    if (this.world.businessNow(account) - (pay.endedAt ?? 0) > REFUNDABLE_FOR)
      throw new DouyinError(22000, 'the payment is older than a year');
    const left = this.of(pay).reduce((rest, refund) => rest - refund.amount, pay.amount);
    if (amount > left) throw new DouyinError(22002, `${left} of the debit can still be refunded`);
  }

  #arrive(account: Account, payRefundId: string): void {
    const refund = this.get(payRefundId);
    const pay = refund && this.pays.get(refund.payOrderId);
    if (!pay || refund.status !== 'PROCESSING') return;
    const refundedAt = this.world.businessNow(account);
    const done: SignRefund = { ...refund, status: 'SUCCESS', refundedAt };
    this.#refunds.set(payRefundId, done);
    const url = done.notifyUrl ?? account.push?.url;
    callBack(this.world, account, url, 'sign_refund_callback', signRefundMessage(done, pay, refundedAt));
  }
}
