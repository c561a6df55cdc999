import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newNumber } from '../../src/common/ids.js';
import { toFen } from '../../src/common/money.js';
import type {
  HttpReply,
  MerchantAccount,
  PayAccounts,
  PayOrder,
  PlatformCallback,
  RawCallback,
  RefundOrder,
} from '../../src/platforms/payment-platform.js';
import { CallbackRefused } from '../../src/platforms/payment-platform.js';
import { WechatPlatform } from '../../src/platforms/wechat/wechat.platform.js';
import type { Bench } from './bench.js';

/** A mini-program in WeChat that takes money, its merchant, and the address to which WeChat Pay calls back. */
export class WechatShop {
  readonly wechat: WechatPlatform;
  /** The same platform with less patience. */
  readonly impatient: WechatPlatform;
  readonly received: RawCallback[] = [];
  readonly accepted: PlatformCallback[] = [];
  readonly refused: CallbackRefused[] = [];
  #wake: () => void = () => undefined;

  private constructor(
    private readonly bench: Bench,
    readonly accounts: PayAccounts,
    readonly payer: string,
    private readonly server: Server,
    readonly origin: string,
  ) {
    this.wechat = new WechatPlatform(bench.http, bench.newTokens(), bench.clock);
    this.impatient = new WechatPlatform(bench.impatientHttp, bench.newTokens(), bench.clock);
  }

  /** `verification`: with what WeChat Pay signs for the merchant. */
  static async open(bench: Bench, verification: 'public_key' | 'certificate' | 'migrating'): Promise<WechatShop> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const callbackOrigin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const program = await bench.account('wechat');
    const { platform, platformAppId, appId, mode } = program;
    // A developer of its own, so that no other shop's merchant is bound to the mini-program.
    const common = { platform, entity: platformAppId, callbackOrigin };
    await act(bench, 'accounts', { ...common, kind: 'program', platformAppId });
    const shown = await act<{ merchantId: string; credentials: object }>(bench, 'accounts', { ...common, kind: 'merchant', credentials: { verification } }); // prettier-ignore
    const credentials = Object.freeze(shown.credentials);
    const merchant: MerchantAccount = { appId, id: `mac_${platformAppId}`, platform, merchantId: shown.merchantId, mode, credentials, defaults: {} }; // prettier-ignore
    const { code } = await act<{ code: string }>(bench, 'login', { platform, platformAppId, user: 'ming' });
    const wechat = new WechatPlatform(bench.http, bench.newTokens(), bench.clock);
    const { openid = '' } = await wechat.exchange(program, { code });
    const shop = new WechatShop(bench, { program, merchant }, openid, server, callbackOrigin);
    server.on('request', (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        void shop.#receive(request.method ?? '', request.headers, Buffer.concat(parts)).then((reply) => {
          response.writeHead(reply.status, { 'content-type': reply.contentType }).end(reply.body);
        });
      });
    });
    return shop;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
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
      notifyUrl: `${this.origin}/callbacks/${this.accounts.merchant.id}`,
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
    return (await act<{ errMsg: string }>(this.bench, 'cashier', { clientAction, outcome, user })).errMsg;
  }

  refundOf(payment: PayOrder, over: Partial<RefundOrder> = {}): RefundOrder {
    const refund = { number: newNumber(), amount: payment.amount, reason: '不好喝', notifyUrl: payment.notifyUrl };
    return { ...refund, platformRefundId: null, payment, refundedBefore: toFen(0), ...over };
  }

  /** A refund that somebody starts in the merchant console. */
  refundThere({ number }: PayOrder, amount: number): Promise<object> {
    return act(this.bench, 'refund', { platform: 'wechat', number, amount });
  }

  async fault(fault: { kind: string; code?: string; path?: string; direction?: 'in' | 'out'; times?: number }) {
    const { path, direction, ...rest } = fault;
    const { platform, merchantId } = this.accounts.merchant;
    const match = { platform, merchantId, ...(path && { path }), ...(direction && { direction }) };
    await act(this.bench, 'faults', { match, ...rest });
  }

  /** The business time of the merchant moves on; what is due then happens. */
  async pass(milliseconds: number): Promise<void> {
    const { platform, merchantId } = this.accounts.merchant;
    const now = new Date(Date.now() + milliseconds).toISOString();
    await act(this.bench, 'clock', { accounts: [{ platform, merchantId }], now });
  }

  /** The first accepted callback of that type for which `is` holds, come or to come. */
  async told(type: string, is: (callback: PlatformCallback) => boolean = () => true): Promise<PlatformCallback> {
    return this.#until(() => this.accepted.find((callback) => callback.type === type && is(callback)));
  }

  /** The first refusal of a callback, come or to come. */
  refusal(): Promise<CallbackRefused> {
    return this.#until(() => this.refused[0]);
  }

  async #until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async #receive(method: string, headers: object, body: Buffer): Promise<HttpReply> {
    const raw: RawCallback = { method, headers: headers as RawCallback['headers'], body, hint: undefined, receivedAt: new Date() }; // prettier-ignore
    this.received.push(raw);
    let reply: HttpReply;
    try {
      const callback = await this.payments.readCallback(this.accounts.merchant, raw);
      this.accepted.push(callback);
      reply = this.payments.acknowledge({ kind: 'accepted', callback });
    } catch (error) {
      if (!(error instanceof CallbackRefused)) throw error;
      this.refused.push(error);
      reply = this.payments.acknowledge({ kind: 'refused' });
    }
    this.#wake();
    return reply;
  }
}

async function act<T>(bench: Bench, action: string, body: object): Promise<T> {
  const answer = await fetch(`${bench.sandboxUrl}/_/${action}`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${action}: ${await answer.text()}`);
  return (await answer.json()) as T;
}
