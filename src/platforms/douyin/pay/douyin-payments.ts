import { randomBytes } from 'node:crypto';
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
import { acknowledge } from './acknowledgement.js';
import { byteAuthorization } from './byte-authorization.js';
import { readCallback } from './callback.js';
import { MERCHANT, verifyMerchant } from './merchant.js';
import { orderData } from './order-data.js';
import { Orders } from './orders.js';
import { platformKey, signingKey } from './pay-keys.js';
import { decide } from './refund-audit.js';
import { Refunds } from './refunds.js';
import { DouyinSettings, REQUIRED_SETTINGS, TEST_SETTINGS } from './settings.js';
import { TradeApi } from './trade-api.js';

/** Milliseconds for which Douyin takes a signature; so long after it a client may still place the order. */
const SIGNATURE_LIFE = 3_600_000;

/** Douyin's general trade system: the server signs an order, the client places and pays it, a callback tells. */
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

  constructor(
    api: DouyinApi,
    private readonly tokens: AccessTokens,
    private readonly clientToken: TokenSource,
    private readonly clock: Clock,
  ) {
    this.#trade = new TradeApi(api, tokens, clientToken);
    this.#orders = new Orders(this.#trade, clock);
    this.#refunds = new Refunds(this.#trade, this.#orders);
  }

  /** The client hands the order over; here is only seen whether it will be able to. */
  async submit(accounts: PayAccounts, order: PayOrder, businessNow: Date): Promise<Submission> {
    signingKey(accounts.program);
    // Not for signing. But money that comes without our being told is worse than money that does not come.
    platformKey(accounts.program);
    orderData(accounts, order, businessNow);
    if (accounts.program.mode === 'live' && !order.notifyUrl.startsWith('https://')) {
      throw new PlatformError('platform_account_misconfigured', accounts.program, {
        detail: 'Douyin calls back only to https addresses: the public address of this server must be one.',
      });
    }
    return { kind: 'ready', handle: '', handleExpiresAt: null };
  }

  clientAction(accounts: PayAccounts, order: PayOrder, businessNow: Date): ClientAction {
    const { program } = accounts;
    const data = orderData(accounts, order, businessNow);
    const authorization = byteAuthorization(data, signingKey(program), {
      platformAppId: program.platformAppId,
      timestamp: Math.floor(this.clock.now().getTime() / 1_000),
      nonce: randomBytes(16).toString('hex'),
    });
    const signatureEnds = businessNow.getTime() + SIGNATURE_LIFE;
    return {
      platform: 'douyin',
      method: 'requestOrder',
      // The client must hand over these very strings: the signature is of each byte.
      params: { data, byteAuthorization: authorization },
      next: { method: 'getOrderPayment', params: {}, take: { orderId: 'orderId' } },
      proof: 'callback',
      expiresAt: new Date(Math.min(order.expiresAt.getTime(), signatureEnds)).toISOString(),
    };
  }

  query({ program }: PayAccounts, order: PayOrder): Promise<PayState> {
    return this.#orders.state(program, order);
  }

  /** Douyin has no call for it: the order lives until its own end. */
  async close(_accounts: PayAccounts, order: PayOrder): Promise<Closing> {
    return { kind: 'waits', until: lastPayable(order) };
  }

  absentIsFinalAt(order: PayOrder): Date {
    return lastPayable(order);
  }

  refund(accounts: PayAccounts, refund: RefundOrder): Promise<RefundState> {
    return this.#refunds.create(accounts, refund);
  }

  queryRefund({ program }: PayAccounts, refund: RefundOrder): Promise<RefundState> {
    return this.#refunds.state(program, refund);
  }

  decideRefund({ program }: PayAccounts, refund: RefundOrder, decision: RefundDecision): Promise<void> {
    return decide(this.#trade, this.#refunds, program, refund, decision);
  }

  fulfil({ program }: PayAccounts, order: PayOrder): Promise<void> {
    return this.#orders.fulfil(program, order);
  }

  verifyMerchant(_merchant: MerchantAccount, programs: readonly PlatformAccount[]): Promise<AccountCheck> {
    return verifyMerchant(this.#trade, this.tokens, this.clientToken, programs);
  }
}

/**
 * A client may place the order up to an hour after the last signature, which is made before the order's end at the
 * latest. Its time then counts from there: what was left at the signature. So nothing of it is left an hour after the end.
 */
const lastPayable = ({ expiresAt }: PayOrder): Date => new Date(expiresAt.getTime() + SIGNATURE_LIFE);
