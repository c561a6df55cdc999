import type { Clock } from '../../../common/clock.js';
import type { AccessTokens, TokenSource } from '../../access-tokens.js';
import type { CallbackReader, PlatformCallback } from '../../callback.js';
import { PlatformError } from '../../errors.js';
import type {
  ClientAction,
  Closing,
  MerchantAccount,
  PayAccounts,
  PayOrder,
  PayState,
  PlatformPayments,
  RefundDecision,
  RefundOrder,
  RefundState,
  Submission,
} from '../../payment-platform.js';
import type { AccountCheck, PlatformAccount } from '../../platform.js';
import type { DouyinApi } from '../api.js';
import { Contracts } from '../sign/contracts.js';
import { Debits } from '../sign/debits.js';
import { signAction } from '../sign/sign-action.js';
import { payAndSignData } from '../sign/sign-data.js';
import { SignRefunds } from '../sign/sign-refunds.js';
import { acknowledge } from './acknowledgement.js';
import { readCallback } from './callback.js';
import { ClientCalls, goodUntil, SIGNATURE_LIFE } from './client-calls.js';
import { MERCHANT, verifyMerchant } from './merchant.js';
import { orderData } from './order-data.js';
import { Orders } from './orders.js';
import { platformKey, signingKey } from './pay-keys.js';
import { decide } from './refund-audit.js';
import { Refunds } from './refunds.js';
import { DouyinSettings, REQUIRED_SETTINGS, TEST_SETTINGS } from './settings.js';
import { TradeApi } from './trade-api.js';

const MINUTE = 60_000;

/**
 * Douyin's general trade system: the server signs an order, the client places and pays it, a callback tells. What belongs
 * to a contract of periodic deduction goes by that system instead (see `../sign`).
 */
export class DouyinPayments implements PlatformPayments {
  readonly merchant = MERCHANT;
  readonly settings = DouyinSettings;
  readonly requiredSettings = REQUIRED_SETTINGS;
  readonly testSettings = TEST_SETTINGS;
  readonly callbacksTo = 'program';
  readonly askAfter = {
    payment: [5, 10, 30, 60, 180, 300, 600, 1_800, 3_600],
    refund: [30, 60, 300, 600, 1_800, 3_600],
  };
  /** General trade documents none; the limits of the channels behind it (50 parts with WeChat, 300 with Alipay) stay. */
  readonly refundSpacing = 0;
  readonly callbacks: CallbackReader<PlatformAccount, PlatformCallback> = {
    read: async (program, raw) => readCallback(program, raw),
    acknowledge,
  };
  readonly #trade: TradeApi;
  readonly #orders: Orders;
  readonly #refunds: Refunds;
  readonly #debits: Debits;
  readonly #signRefunds: SignRefunds;
  readonly #calls: ClientCalls;

  constructor(
    api: DouyinApi,
    private readonly tokens: AccessTokens,
    private readonly clientToken: TokenSource,
    clock: Clock,
  ) {
    this.#trade = new TradeApi(api, tokens, clientToken);
    this.#orders = new Orders(this.#trade, clock);
    this.#refunds = new Refunds(this.#trade, this.#orders);
    this.#debits = new Debits(this.#trade, new Contracts(this.#trade, clock), clock);
    this.#signRefunds = new SignRefunds(this.#trade);
    this.#calls = new ClientCalls(clock);
  }

  /** The client hands the order over; here is only seen whether it will be able to. A debit is asked for. */
  async submit(accounts: PayAccounts, order: PayOrder, businessNow: Date): Promise<Submission> {
    const { mandate } = order;
    if (mandate?.kind === 'debit') return this.#debits.submit(accounts, order, mandate);
    signingKey(accounts.program);
    // Not for signing. But money that comes without our being told is worse than money that does not come.
    platformKey(accounts.program);
    if (mandate) payAndSignData(accounts, order, mandate.terms, businessNow);
    else orderData(accounts, order, businessNow);
    if (accounts.program.mode === 'live' && !order.notifyUrl.startsWith('https://')) {
      throw new PlatformError('platform_account_misconfigured', accounts.program, {
        detail: 'Douyin calls back only to https addresses: the public address of this server must be one.',
      });
    }
    return { kind: 'ready', handle: '', handleExpiresAt: null };
  }

  clientAction(accounts: PayAccounts, order: PayOrder, businessNow: Date): ClientAction {
    const { program } = accounts;
    const { mandate } = order;
    const expiresAt = goodUntil(order.expiresAt, businessNow);
    if (mandate?.kind === 'debit')
      throw new PlatformError('platform_refused', program, { detail: 'Nobody pays a debit by hand.' });
    if (mandate) {
      const data = payAndSignData(accounts, order, mandate.terms, businessNow);
      return signAction(this.#calls.signed(program, '/createSignOrder', data), { expiresAt, isPaid: true });
    }
    const data = orderData(accounts, order, businessNow);
    return {
      platform: 'douyin',
      method: 'requestOrder',
      params: this.#calls.signed(program, '/requestOrder', data),
      next: { method: 'getOrderPayment', params: {}, take: { orderId: 'orderId' } },
      proof: 'callback',
      expiresAt,
    };
  }

  query({ program }: PayAccounts, order: PayOrder): Promise<PayState> {
    return order.mandate ? this.#debits.state(program, order) : this.#orders.state(program, order);
  }

  /** Douyin has no call for it: the order lives until its own end, and so does a debit. */
  async close(_accounts: PayAccounts, order: PayOrder): Promise<Closing> {
    return { kind: 'waits', until: lastPayable(order) };
  }

  /** A debit is there as soon as Douyin has it, but its query may lag; nobody waits for it. */
  absentIsFinalAt(order: PayOrder, submittedAt: Date): Date {
    return order.mandate?.kind === 'debit' ? new Date(submittedAt.getTime() + 10 * MINUTE) : lastPayable(order);
  }

  refund(accounts: PayAccounts, refund: RefundOrder): Promise<RefundState> {
    return (refund.payment.mandate ? this.#signRefunds : this.#refunds).create(accounts, refund);
  }

  queryRefund({ program }: PayAccounts, refund: RefundOrder): Promise<RefundState> {
    return (refund.payment.mandate ? this.#signRefunds : this.#refunds).state(program, refund);
  }

  decideRefund({ program }: PayAccounts, refund: RefundOrder, decision: RefundDecision): Promise<void> {
    return decide(this.#trade, this.#refunds, program, refund, decision);
  }

  /** Of what is paid under a contract, Douyin wants to know nothing. */
  async fulfil({ program }: PayAccounts, order: PayOrder): Promise<void> {
    if (!order.mandate) await this.#orders.fulfil(program, order);
  }

  verifyMerchant(_merchant: MerchantAccount, programs: readonly PlatformAccount[]): Promise<AccountCheck> {
    return verifyMerchant(this.#trade, this.tokens, this.clientToken, programs);
  }
}

/**
 * A client may place the order up to an hour after the last signature, which is made before the order's end at the
 * latest. Its time then counts from there: what was left at the signature. So nothing of it is left an hour after the end.
 */
const lastPayable = ({ expiresAt, mandate }: PayOrder): Date =>
  // Half a minute is the shortest time that a contract is given to be signed.
  new Date(expiresAt.getTime() + SIGNATURE_LIFE + (mandate?.kind === 'first' ? MINUTE : 0));
