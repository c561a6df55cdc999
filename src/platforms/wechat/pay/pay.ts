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
import { WechatPayApi } from './pay.api.js';
import { WECHAT_MERCHANT } from './pay.credentials.js';
import { WechatPaySettings } from './pay.settings.js';
import { queryRefund, sendRefund } from './refunds.js';
import { verifyMerchant } from './verification.js';

/** Long enough for an order of ours that WeChat Pay has read, and not yet answered, to be there. */
const IN_FLIGHT = 60_000;

/** WeChat Pay, APIv3, for direct merchants: mini-program payments and their refunds. */
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
  readonly #api: WechatPayApi;

  constructor(http: PlatformHttp, clock: Clock) {
    this.#api = new WechatPayApi(http, clock);
    this.callbacks = { read: (merchant, raw) => readCallback(this.#api, merchant, raw), acknowledge };
  }

  submit(accounts: PayAccounts, order: PayOrder, businessNow: Date): Promise<Submission> {
    return submitOrder(this.#api, accounts, order, businessNow);
  }

  clientAction(accounts: PayAccounts, order: PayOrder, businessNow: Date): ClientAction {
    return requestPayment(this.#api, accounts, order, businessNow);
  }

  query(accounts: PayAccounts, order: PayOrder): Promise<PayState> {
    return queryOrder(this.#api, accounts, order);
  }

  close(accounts: PayAccounts, order: PayOrder): Promise<Closing> {
    return closeOrder(this.#api, accounts, order);
  }

  absentIsFinalAt(_: PayOrder, submittedAt: Date): Date {
    return new Date(submittedAt.getTime() + IN_FLIGHT);
  }

  refund(accounts: PayAccounts, refund: RefundOrder): Promise<RefundState> {
    return sendRefund(this.#api, accounts, refund);
  }

  queryRefund(accounts: PayAccounts, refund: RefundOrder): Promise<RefundState> {
    return queryRefund(this.#api, accounts, refund);
  }

  verifyMerchant(merchant: MerchantAccount, programs: readonly PlatformAccount[]): Promise<AccountCheck> {
    return verifyMerchant(this.#api, merchant, programs);
  }
}
