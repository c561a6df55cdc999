import type { Clock } from '../../../common/clock.js';
import type { CallbackReader, PlatformCallback } from '../../callback.js';
import type {
  ClientAction,
  Closing,
  MerchantAccount,
  PayAccounts,
  PayOrder,
  PayState,
  PlatformPayments,
  RefundOrder,
  RefundState,
  Submission,
} from '../../payment-platform.js';
import type { PlatformHttp } from '../../platform-http.js';
import type { AccountCheck, PlatformAccount } from '../../platform.js';
import { acknowledge, readCallback } from './callback.js';
import { closeOrder, queryOrder, requestPayment, submitOrder } from './orders.js';
import { closeDebit, submitDebit } from './papay/debits.js';
import { requestFirst, submitFirst } from './papay/first-order.js';
import { WechatMandates } from './papay/mandates.js';
import { PapayApi } from './papay/v2.api.js';
import { WechatPayApi } from './pay.api.js';
import { WECHAT_MERCHANT } from './pay.credentials.js';
import { WechatPaySettings } from './pay.settings.js';
import { queryRefund, sendRefund } from './refunds.js';
import { verifyMerchant } from './verification.js';

/** Long enough for an order of ours that WeChat Pay has read, and not yet answered, to be there. */
const IN_FLIGHT = 60_000;
/** The same for a debit: the call is not what makes the order. Nobody waits for it, so there is time. */
const DEBIT_IN_FLIGHT = 5 * 60_000;

/** WeChat Pay for direct merchants: mini-program payments, debits under a contract, and the refunds of both. */
export class WechatPayments implements PlatformPayments {
  readonly merchant = WECHAT_MERCHANT;
  readonly settings = WechatPaySettings;
  readonly requiredSettings = [];
  readonly testSettings = {};
  readonly callbacksTo = 'merchant';
  // A refund to a wallet takes minutes, to a bank card up to three days.
  readonly askAfter = {
    payment: [5, 10, 30, 60, 180, 300, 600, 1_800, 3_600],
    refund: [60, 120, 300, 600, 1_800, 3_600],
  };
  readonly refundSpacing = 60;
  readonly callbacks: CallbackReader<MerchantAccount, PlatformCallback>;
  readonly mandates: WechatMandates;
  readonly #api: WechatPayApi;
  readonly #papay: PapayApi;

  constructor(http: PlatformHttp, clock: Clock) {
    this.#api = new WechatPayApi(http, clock);
    this.#papay = new PapayApi(http, this.#api);
    this.mandates = new WechatMandates(this.#papay);
    this.callbacks = { read: (merchant, raw) => readCallback(this.#papay, merchant, raw), acknowledge };
  }

  submit(accounts: PayAccounts, order: PayOrder, businessNow: Date): Promise<Submission> {
    const { mandate } = order;
    if (mandate?.kind === 'first') return submitFirst(this.#papay, accounts, order, mandate.terms, businessNow);
    if (mandate) return submitDebit(this.#papay, accounts, order, mandate.terms);
    return submitOrder(this.#api, accounts, order, businessNow);
  }

  clientAction(accounts: PayAccounts, order: PayOrder, businessNow: Date): ClientAction {
    if (order.mandate) return requestFirst(this.#papay, accounts, order, businessNow);
    return requestPayment(this.#api, accounts, order, businessNow);
  }

  /** All orders are known to v3, those of v2 and debits too. */
  query(accounts: PayAccounts, order: PayOrder): Promise<PayState> {
    return queryOrder(this.#api, accounts, order);
  }

  async close(accounts: PayAccounts, order: PayOrder): Promise<Closing> {
    if (order.mandate?.kind === 'debit') return closeDebit(order);
    return closeOrder(this.#api, accounts, order);
  }

  absentIsFinalAt({ mandate }: PayOrder, submittedAt: Date): Date {
    return new Date(submittedAt.getTime() + (mandate?.kind === 'debit' ? DEBIT_IN_FLIGHT : IN_FLIGHT));
  }

  refund(accounts: PayAccounts, refund: RefundOrder): Promise<RefundState> {
    return sendRefund(this.#api, accounts, refund);
  }

  queryRefund(accounts: PayAccounts, refund: RefundOrder): Promise<RefundState> {
    return queryRefund(this.#api, accounts, refund);
  }

  verifyMerchant(merchant: MerchantAccount, programs: readonly PlatformAccount[]): Promise<AccountCheck> {
    return verifyMerchant(this.#papay, merchant, programs);
  }
}
