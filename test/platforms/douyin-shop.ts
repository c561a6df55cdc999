import { newNumber } from '../../src/common/ids.js';
import { toFen } from '../../src/common/money.js';
import { DouyinPlatform } from '../../src/platforms/douyin/douyin.platform.js';
import type { Acknowledgement, HttpReply, PlatformCallback, RawCallback } from '../../src/platforms/callback.js';
import type { ClientAction, PayAccounts, PayOrder, RefundOrder } from '../../src/platforms/payment-platform.js';
import type { Bench } from './bench.js';
import { CallbackAddress } from './callback-address.js';

/** A mini-program on Douyin that takes money, its payee, and the address to which Douyin calls back. */
export class DouyinShop {
  readonly douyin: DouyinPlatform;
  /** How each callback is answered; acknowledged by default. */
  answer: (callback: PlatformCallback) => Acknowledgement = (callback) => ({ kind: 'accepted', callback });

  private constructor(
    private readonly bench: Bench,
    readonly accounts: PayAccounts,
    private readonly address: CallbackAddress,
  ) {
    this.douyin = new DouyinPlatform(bench.http, bench.newTokens(), bench.clock);
  }

  static async open(bench: Bench): Promise<DouyinShop> {
    const address = await CallbackAddress.open();
    const callbackOrigin = address.origin;
    const program = await bench.account('douyin');
    const { platform, platformAppId, appId, mode } = program;
    // A developer of its own, so that no other shop's merchant is bound to the mini-program.
    const common = { platform, entity: platformAppId, callbackOrigin };
    await bench.act('accounts', { ...common, kind: 'program', platformAppId });
    const { merchantId } = await bench.act<{ merchantId: string }>('accounts', { ...common, kind: 'merchant' });
    const merchant = { appId, id: 'mac_test', platform, merchantId, mode, credentials: {}, defaults: {} };
    const shop = new DouyinShop(bench, { program, merchant }, address);
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
    return this.douyin.payments;
  }

  order(over: Partial<PayOrder> = {}): PayOrder {
    return {
      number: newNumber(),
      amount: toFen(990),
      currency: 'CNY',
      subject: '一个月会员',
      payer: 'o1',
      expiresAt: new Date(Date.now() + 1_800_000),
      notifyUrl: `${this.address.origin}/callbacks/pac_test`,
      settings: this.payments.testSettings,
      handle: '',
      transactionId: null,
      ...over,
    };
  }

  action(order: PayOrder, now = new Date()): ClientAction {
    return this.payments.clientAction(this.accounts, order, now);
  }

  /** What the client calls return. */
  cashier(clientAction: object, outcome: 'pay' | 'cancel' | 'fail'): Promise<Record<string, unknown>> {
    return this.bench.act('cashier', { clientAction, outcome, user: 'ming' });
  }

  /** An order that was paid, with Douyin's id of it. */
  async paid(over: Partial<PayOrder> = {}): Promise<PayOrder> {
    const order = this.order(over);
    const { orderId } = await this.cashier(this.action(order), 'pay');
    return { ...order, transactionId: String(orderId) };
  }

  refundOf(payment: PayOrder, over: Partial<RefundOrder> = {}): RefundOrder {
    return {
      number: newNumber(),
      amount: payment.amount,
      reason: null,
      notifyUrl: payment.notifyUrl,
      platformRefundId: null,
      payment,
      refundedBefore: toFen(0),
      ...over,
    };
  }

  /** A refund that somebody starts at Douyin. */
  async refundThere(payment: PayOrder, by: 'user' | 'merchant', amount?: number): Promise<string> {
    const { platform } = this.accounts.program;
    const body = { platform, number: payment.number, by, ...(amount === undefined ? {} : { amount }) };
    return (await this.bench.act<{ refundId: string }>('refund', body)).refundId;
  }

  /** The business time of the mini-program moves on; what is due then happens. */
  async pass(milliseconds: number): Promise<void> {
    const { platform, platformAppId } = this.accounts.program;
    const now = new Date(Date.now() + milliseconds).toISOString();
    await this.bench.act('clock', { accounts: [{ platform, platformAppId }], now });
  }

  /** The first callback of that type for which `is` holds, come or to come. */
  told(type: string, is: (callback: PlatformCallback) => boolean = () => true): Promise<PlatformCallback> {
    let seen = 0;
    return this.address.until(async () => {
      while (seen < this.received.length) {
        const callback = await this.payments.callbacks.read(this.accounts.program, this.received[seen++]!);
        if (callback.type === type && is(callback)) return callback;
      }
      return undefined;
    });
  }

  async #answer(raw: RawCallback): Promise<HttpReply> {
    const { callbacks } = this.payments;
    try {
      return callbacks.acknowledge(this.answer(await callbacks.read(this.accounts.program, raw)));
    } catch {
      return callbacks.acknowledge({ kind: 'refused' });
    }
  }
}
