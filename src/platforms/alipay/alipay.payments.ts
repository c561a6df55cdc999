import { CallbackRefused, type CallbackReader, type PlatformCallback, type RawCallback } from '../callback.js';
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
} from '../payment-platform.js';
import type { AccountCheck, PlatformAccount } from '../platform.js';
import { acknowledge, readNotification } from './alipay.callback.js';
import type { AlipayGateway } from './alipay.gateway.js';
import type { AlipayKeyring } from './alipay.keyring.js';
import { AlipayMerchant, verifyMerchant } from './alipay.merchant.js';
import { AlipayNotifications } from './alipay.notification.js';
import { queryRefund, sendRefund } from './alipay.refunds.js';
import { AlipaySettings } from './alipay.settings.js';
import { closeTrade, createTrade, queryTrade } from './alipay.trade.js';

const MINUTE = 60_000;

/** Payments in Alipay's mini-programs: the order is made by our server, the client opens it with `my.tradePay`. */
export class AlipayPayments implements PlatformPayments {
  readonly merchant = AlipayMerchant;
  readonly settings = AlipaySettings;
  readonly requiredSettings = [];
  readonly testSettings = {};
  readonly callbacksTo = 'program';
  readonly askAfter = {
    payment: [3, 10, 30, 60, 180, 600, 1_800, 3_600],
    // Alipay wants to be left alone for ten seconds after a refund.
    refund: [10, 30, 60, 300, 600, 1_800, 3_600],
  };
  readonly refundSpacing = 3;
  readonly callbacks: CallbackReader<PlatformAccount, PlatformCallback>;

  readonly #notifications: AlipayNotifications;

  constructor(
    private readonly gateway: AlipayGateway,
    keyring: AlipayKeyring,
  ) {
    this.#notifications = new AlipayNotifications(gateway, keyring);
    this.callbacks = { read: (program, raw) => this.#read(program, raw), acknowledge };
  }

  submit(accounts: PayAccounts, order: PayOrder): Promise<Submission> {
    return createTrade(this.gateway, accounts, order);
  }

  clientAction(_accounts: PayAccounts, { handle, expiresAt }: PayOrder): ClientAction {
    if (handle === null) throw new Error('the order has no trade_no: it was not submitted');
    return {
      platform: 'alipay',
      method: 'tradePay',
      params: { tradeNO: handle },
      proof: 'callback',
      expiresAt: expiresAt.toISOString(),
    };
  }

  query({ program }: PayAccounts, order: PayOrder): Promise<PayState> {
    return queryTrade(this.gateway, program, order);
  }

  close({ program }: PayAccounts, order: PayOrder): Promise<Closing> {
    return closeTrade(this.gateway, program, order);
  }

  /** An order exists as soon as Alipay has it; a call of ours is long over by then. */
  absentIsFinalAt(_order: PayOrder, submittedAt: Date): Date {
    return new Date(submittedAt.getTime() + MINUTE);
  }

  refund({ program }: PayAccounts, refund: RefundOrder): Promise<RefundState> {
    return sendRefund(this.gateway, program, refund);
  }

  queryRefund({ program }: PayAccounts, refund: RefundOrder): Promise<RefundState> {
    return queryRefund(this.gateway, program, refund);
  }

  verifyMerchant(merchant: MerchantAccount, programs: readonly PlatformAccount[]): Promise<AccountCheck> {
    return verifyMerchant(this.gateway, merchant, programs);
  }

  /** Throws PlatformError as well: for a refund made in Alipay's console while Alipay cannot be asked about it. */
  async #read(program: PlatformAccount, { method, body, receivedAt }: RawCallback): Promise<PlatformCallback> {
    if (method !== 'POST') throw new CallbackRefused('malformed', 'Alipay posts its notifications.');
    const fields = await this.#notifications.open(program, body);
    return readNotification(this.gateway, program, fields, receivedAt);
  }
}
