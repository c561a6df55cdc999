import { CallbackRefused, type CallbackReader, type PlatformCallback, type RawCallback } from '../callback.js';
import { PlatformError } from '../errors.js';
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
import { debitState, isDebit, submitDebit } from './alipay.debits.js';
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
    return isDebit(order) ? submitDebit(this.gateway, accounts, order) : createTrade(this.gateway, accounts, order);
  }

  clientAction({ program }: PayAccounts, order: PayOrder): ClientAction {
    const { handle, expiresAt } = order;
    if (isDebit(order))
      throw new PlatformError('platform_refused', program, { detail: 'Nobody pays a debit by hand.' });
    if (handle === null) throw new Error('the order has no trade_no: it was not submitted');
    return {
      platform: 'alipay',
      method: 'tradePay',
      params: { tradeNO: handle },
      proof: 'callback',
      expiresAt: expiresAt.toISOString(),
    };
  }

  async query({ program }: PayAccounts, order: PayOrder): Promise<PayState> {
    const state = await queryTrade(this.gateway, program, order);
    return isDebit(order) ? debitState(state) : state;
  }

  close({ program }: PayAccounts, order: PayOrder): Promise<Closing> {
    return closeTrade(this.gateway, program, order);
  }

  /** An order exists as soon as Alipay has it; a call of ours is long over by then. For a debit nobody waits: longer. */
  absentIsFinalAt(order: PayOrder, submittedAt: Date): Date {
    return new Date(submittedAt.getTime() + (isDebit(order) ? 10 : 1) * MINUTE);
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
