import type { Clock } from '../../../common/clock.js';
import { toFen } from '../../../common/money.js';
import { PlatformError } from '../../errors.js';
import type { AttemptMandate } from '../../mandate-platform.js';
import type { PayAccounts, PayOrder, PayState, Submission } from '../../payment-platform.js';
import type { PlatformAccount } from '../../platform.js';
import { orAbsent } from '../pay/orders.js';
import { EXISTS } from '../pay/pay.errors.js';
import { codeOf, type TradeApi, unknown } from '../pay/trade-api.js';
import type { Contracts } from './contracts.js';
import { SIGN_PAY_CREATE, SIGN_PAY_QUERY } from './sign-api.js';
import type { SignPay } from './sign.wire.js';

/** Before the state of a contract under which nothing is debited any more; stands for a code, which Douyin has not. */
export const OVER = 'SIGN_ORDER_';

const ACCEPTED: Submission = { kind: 'ready', handle: '', handleExpiresAt: null };

/** Payments under a contract: the first, which the person makes with it, and the deductions that nobody is there for. */
export class Debits {
  constructor(
    private readonly trade: TradeApi,
    private readonly contracts: Contracts,
    private readonly clock: Clock,
  ) {}

  /** `create_sign_pay`. The same number debits once, however often it is sent. */
  async submit({ program, merchant }: PayAccounts, order: PayOrder, mandate: AttemptMandate): Promise<Submission> {
    const { contractId } = mandate.terms;
    if (contractId === null) throw new Error(`the debit ${order.number} has no contract under which to be made`);
    const body = {
      auth_order_id: contractId,
      out_pay_order_no: order.number,
      merchant_uid: merchant.merchantId,
      total_amount: order.amount,
      notify_url: order.notifyUrl,
    };
    try {
      await this.trade.act(program, SIGN_PAY_CREATE, body);
      return ACCEPTED;
    } catch (error) {
      if (!(error instanceof PlatformError) || error.problem !== 'platform_refused') throw error;
      return this.#judge(program, order, mandate, error);
    }
  }

  async state(program: PlatformAccount, order: PayOrder): Promise<PayState> {
    const found = await this.#find(program, order);
    if (!found) return { kind: 'absent' };
    switch (found.status) {
      case 'PROCESS':
      case 'PROCESSING':
        return { kind: 'pending' };
      case 'SUCCESS':
        return { kind: 'succeeded', paid: this.#paid(found) };
      case 'FAIL':
        return { kind: 'failed', platformCode: 'FAIL' };
      case 'TIMEOUT':
      case 'TIME_OUT':
        return order.mandate?.kind === 'debit' ? { kind: 'failed', platformCode: 'TIMEOUT' } : { kind: 'closed' };
    }
  }

  /**
   * A refusal may be of a number that was taken before, when its answer was lost: what Douyin has decides. Otherwise it
   * tells with hardly a code why, so the contract is asked for.
   */
  async #judge(
    program: PlatformAccount,
    order: PayOrder,
    { terms }: AttemptMandate,
    refusal: PlatformError,
  ): Promise<Submission> {
    const platformCode = codeOf(refusal) ?? 'none';
    try {
      if (platformCode === EXISTS || (await this.#find(program, order))) return ACCEPTED;
      const contract = await this.contracts.find(program, terms);
      if (contract?.status === 'SERVING') return { kind: 'refused', platformCode, detail: refusal.message };
      const detail = `The contract is not in force any more. ${refusal.message}`;
      return { kind: 'refused', platformCode: `${OVER}${contract?.status ?? 'ABSENT'}`, detail };
    } catch (error) {
      throw error instanceof PlatformError ? unknown(program, error) : error;
    }
  }

  async #find(program: PlatformAccount, { number }: PayOrder): Promise<SignPay | undefined> {
    const found = await orAbsent(this.trade.ask(program, SIGN_PAY_QUERY, { out_pay_order_no: number }));
    if (found === undefined || found.out_pay_order_no === number) return found;
    throw new PlatformError('platform_answer_invalid', program, {
      detail: 'Douyin has answered with another payment than the one it was asked about.',
    });
  }

  #paid({ pay_order_id, pay_time, total_amount, merchant_uid, app_id }: SignPay) {
    return {
      transactionId: pay_order_id,
      // Money is there; a missing time must not hide it.
      paidAt: pay_time ?? this.clock.now(),
      amount: toFen(total_amount),
      currency: 'CNY',
      ...(merchant_uid === undefined ? {} : { merchantId: merchant_uid }),
      ...(app_id === undefined ? {} : { platformAppId: app_id }),
    };
  }
}
