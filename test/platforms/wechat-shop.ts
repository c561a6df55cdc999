import { newNumber } from '../../src/common/ids.js';
import { toFen } from '../../src/common/money.js';
import {
  CallbackRefused,
  type HttpReply,
  type PlatformCallback,
  type RawCallback,
} from '../../src/platforms/callback.js';
import type { MerchantAccount, PayAccounts, PayOrder, RefundOrder } from '../../src/platforms/payment-platform.js';
import { WechatPlatform } from '../../src/platforms/wechat/wechat.platform.js';
import type { Bench } from './bench.js';
import { CallbackAddress } from './callback-address.js';

/** A mini-program in WeChat that takes money, its merchant, and the address to which WeChat Pay calls back. */
export class WechatShop {
  readonly wechat: WechatPlatform;
  /** The same platform with less patience. */
  readonly impatient: WechatPlatform;
  readonly accepted: PlatformCallback[] = [];
  readonly refused: CallbackRefused[] = [];

  private constructor(
    private readonly bench: Bench,
    readonly accounts: PayAccounts,
    readonly payer: string,
    private readonly address: CallbackAddress,
  ) {
    this.wechat = new WechatPlatform(bench.http, bench.newTokens(), bench.clock);
    this.impatient = new WechatPlatform(bench.impatientHttp, bench.newTokens(), bench.clock);
  }

  /** `verification`: with what WeChat Pay signs for the merchant. */
  static async open(bench: Bench, verification: 'public_key' | 'certificate' | 'migrating'): Promise<WechatShop> {
    const address = await CallbackAddress.open();
    const callbackOrigin = address.origin;
    const program = await bench.account('wechat');
    const { platform, platformAppId, appId, mode } = program;
    // A developer of its own, so that no other shop's merchant is bound to the mini-program.
    const common = { platform, entity: platformAppId, callbackOrigin };
    await bench.act('accounts', { ...common, kind: 'program', platformAppId });
    const shown = await bench.act<{ merchantId: string; credentials: object }>('accounts', { ...common, kind: 'merchant', credentials: { verification } }); // prettier-ignore
    const credentials = Object.freeze(shown.credentials);
    const merchant: MerchantAccount = { appId, id: `mac_${platformAppId}`, platform, merchantId: shown.merchantId, mode, credentials, defaults: {} }; // prettier-ignore
    const { code } = await bench.act<{ code: string }>('login', { platform, platformAppId, user: 'ming' });
    const wechat = new WechatPlatform(bench.http, bench.newTokens(), bench.clock);
    const { openid = '' } = await wechat.exchange(program, { code });
    const shop = new WechatShop(bench, { program, merchant }, openid, address);
    address.answers((raw) => shop.#answer(raw));
    return shop;
  }

  close(): Promise<void> {
    return this.address.close();
  }

  get received(): readonly RawCallback[] {
    return this.address.received;
  }

  get payments() {
    return this.wechat.payments;
  }

  /** The shop's merchant with other credentials, as somebody mistyped them. */
  merchantWith(change: object): MerchantAccount {
    const { merchant } = this.accounts;
    return { ...merchant, id: `mac_${newNumber()}`, credentials: { ...(merchant.credentials as object), ...change } };
  }

  order(over: Partial<PayOrder> = {}): PayOrder {
    return {
      number: newNumber(),
      amount: toFen(990),
      currency: 'CNY',
      subject: '一个月会员',
      payer: this.payer,
      expiresAt: new Date(Date.now() + 1_800_000),
      notifyUrl: `${this.address.origin}/callbacks/${this.accounts.merchant.id}`,
      settings: {},
      handle: null,
      transactionId: null,
      ...over,
    };
  }

  /** An order that can be paid. */
  async submitted(over: Partial<PayOrder> = {}): Promise<PayOrder> {
    const order = this.order(over);
    const submission = await this.payments.submit(this.accounts, order, new Date());
    if (submission.kind !== 'ready') throw new Error(submission.kind);
    return { ...order, handle: submission.handle };
  }

  async paid(over: Partial<PayOrder> = {}): Promise<PayOrder> {
    const order = await this.submitted(over);
    await this.cashier(order, 'pay');
    return order;
  }

  /** What `wx.requestPayment` returns. */
  async cashier(order: PayOrder, outcome: 'pay' | 'cancel' | 'fail', user = 'ming'): Promise<string> {
    const clientAction = this.payments.clientAction(this.accounts, order, new Date());
    return (await this.bench.act<{ errMsg: string }>('cashier', { clientAction, outcome, user })).errMsg;
  }

  refundOf(payment: PayOrder, over: Partial<RefundOrder> = {}): RefundOrder {
    const refund = { number: newNumber(), amount: payment.amount, reason: '不好喝', notifyUrl: payment.notifyUrl };
    return { ...refund, platformRefundId: null, payment, refundedBefore: toFen(0), ...over };
  }

  /** A refund that somebody starts in the merchant console. */
  refundThere({ number }: PayOrder, amount: number): Promise<object> {
    return this.bench.act('refund', { platform: 'wechat', number, amount });
  }

  async fault(fault: { kind: string; code?: string; path?: string; direction?: 'in' | 'out'; times?: number }) {
    const { path, direction, ...rest } = fault;
    const { platform, merchantId } = this.accounts.merchant;
    const match = { platform, merchantId, ...(path && { path }), ...(direction && { direction }) };
    await this.bench.act('faults', { match, ...rest });
  }

  /** The business time of the merchant moves on; what is due then happens. */
  async pass(milliseconds: number): Promise<void> {
    const { platform, merchantId } = this.accounts.merchant;
    const now = new Date(Date.now() + milliseconds).toISOString();
    await this.bench.act('clock', { accounts: [{ platform, merchantId }], now });
  }

  /** The first accepted callback of that type for which `is` holds, come or to come. */
  told(type: string, is: (callback: PlatformCallback) => boolean = () => true): Promise<PlatformCallback> {
    return this.address.until(() => this.accepted.find((callback) => callback.type === type && is(callback)));
  }

  /** The first refusal of a callback, come or to come. */
  refusal(): Promise<CallbackRefused> {
    return this.address.until(() => this.refused[0]);
  }

  async #answer(raw: RawCallback): Promise<HttpReply> {
    const { callbacks } = this.payments;
    try {
      const callback = await callbacks.read(this.accounts.merchant, raw);
      this.accepted.push(callback);
      return callbacks.acknowledge({ kind: 'accepted', callback });
    } catch (error) {
      if (!(error instanceof CallbackRefused)) throw error;
      this.refused.push(error);
      return callbacks.acknowledge({ kind: 'refused' });
    }
  }
}
