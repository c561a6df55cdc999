import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newNumber } from '../../src/common/ids.js';
import { toFen } from '../../src/common/money.js';
import { DouyinPlatform } from '../../src/platforms/douyin/douyin.platform.js';
import type {
  Acknowledgement,
  ClientAction,
  HttpReply,
  PayAccounts,
  PayOrder,
  PlatformCallback,
  RawCallback,
  RefundOrder,
} from '../../src/platforms/payment-platform.js';
import type { Bench } from './bench.js';

/** A mini-program on Douyin that takes money, its payee, and the address to which Douyin calls back. */
export class DouyinShop {
  readonly douyin: DouyinPlatform;
  readonly received: RawCallback[] = [];
  /** How each callback is answered; acknowledged by default. */
  answer: (callback: PlatformCallback) => Acknowledgement = (callback) => ({ kind: 'accepted', callback });
  #wake: () => void = () => undefined;

  private constructor(
    private readonly bench: Bench,
    readonly accounts: PayAccounts,
    private readonly server: Server,
    readonly origin: string,
  ) {
    this.douyin = new DouyinPlatform(bench.http, bench.newTokens(), bench.clock);
  }

  static async open(bench: Bench): Promise<DouyinShop> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const callbackOrigin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const program = await bench.account('douyin');
    const { platform, platformAppId, appId, mode } = program;
    // A developer of its own, so that no other shop's merchant is bound to the mini-program.
    const common = { platform, entity: platformAppId, callbackOrigin };
    await act(bench, 'accounts', { ...common, kind: 'program', platformAppId });
    const { merchantId } = await act<{ merchantId: string }>(bench, 'accounts', { ...common, kind: 'merchant' });
    const merchant = { appId, id: 'mac_test', platform, merchantId, mode, credentials: {}, defaults: {} };
    const shop = new DouyinShop(bench, { program, merchant }, server, callbackOrigin);
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
      notifyUrl: `${this.origin}/callbacks/pac_test`,
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
    return act(this.bench, 'cashier', { clientAction, outcome, user: 'ming' });
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
    return (await act<{ refundId: string }>(this.bench, 'refund', body)).refundId;
  }

  /** The business time of the mini-program moves on; what is due then happens. */
  async pass(milliseconds: number): Promise<void> {
    const { platform, platformAppId } = this.accounts.program;
    const now = new Date(Date.now() + milliseconds).toISOString();
    await act(this.bench, 'clock', { accounts: [{ platform, platformAppId }], now });
  }

  /** The first callback of that type for which `is` holds, come or to come. */
  async told(type: string, is: (callback: PlatformCallback) => boolean = () => true): Promise<PlatformCallback> {
    for (let seen = 0; ;) {
      for (; seen < this.received.length; seen++) {
        const callback = await this.payments.readCallback(this.accounts.program, this.received[seen]!);
        if (callback.type === type && is(callback)) return callback;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async #receive(method: string, headers: object, body: Buffer): Promise<HttpReply> {
    const raw: RawCallback = {
      method,
      headers: headers as RawCallback['headers'],
      body,
      hint: undefined,
      receivedAt: new Date(),
    };
    let reply: HttpReply;
    try {
      reply = this.payments.acknowledge(this.answer(await this.payments.readCallback(this.accounts.program, raw)));
    } catch {
      reply = this.payments.acknowledge({ kind: 'refused' });
    }
    this.received.push(raw);
    this.#wake();
    return reply;
  }
}

async function act<T>(bench: Bench, action: string, body: object): Promise<T> {
  const answer = await fetch(`${bench.sandboxUrl}/_/${action}`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${action}: ${await answer.text()}`);
  return (await answer.json()) as T;
}
