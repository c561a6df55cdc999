import { AlipayProgram } from './alipay-program.js';
import { Receiver } from './receiver.js';
import type { Fields, TestSandbox } from './test-sandbox.js';

export type Texts = Record<string, string>;

/** A mini-program that sells: a merchant, a customer `ann`, and a server of its own that Alipay notifies. */
export class AlipayShop {
  #orders = 0;

  private constructor(
    readonly sandbox: TestSandbox,
    readonly program: AlipayProgram,
    readonly merchantId: string,
    readonly openId: string,
    readonly receiver: Receiver,
  ) {}

  /** Each shop is an entity of its own. */
  static async open(sandbox: TestSandbox, credentials: Fields = {}): Promise<AlipayShop> {
    const receiver = await Receiver.start();
    receiver.answer = () => ({ body: 'success' });
    const entity = `shop at ${receiver.origin}`;
    const program = await AlipayProgram.register(sandbox, credentials, { entity, callbackOrigin: receiver.origin });
    const { merchantId } = await sandbox.merchant('alipay', { entity });
    const { open_id: openId = '' } = await program.token('ann');
    return new AlipayShop(sandbox, program, String(merchantId), openId, receiver);
  }

  /** Of a method of trades, with `content` as its biz_content; the SDK checks the signature. */
  call(method: string, content: Fields, common: Fields = {}): Promise<Texts> {
    return this.program.call(`alipay.trade.${method}`, { bizContent: content, ...common });
  }

  /** An order of 12.34 yuan by ann; a test states only what it is about. */
  order(over: Fields = {}): Fields & { out_trade_no: string } {
    return {
      out_trade_no: `order_${++this.#orders}`,
      total_amount: '12.34',
      subject: 'Tea',
      product_code: 'JSAPI_PAY',
      op_app_id: this.program.platformAppId,
      buyer_open_id: this.openId,
      ...over,
    };
  }

  get notifyUrl(): string {
    return `${this.receiver.origin}/alipay/notify`;
  }

  create(over: Fields = {}): Promise<Texts> {
    return this.call('create', this.order(over), { notify_url: this.notifyUrl });
  }

  /** What `my.tradePay` gives. */
  tradePay(tradeNo: string | undefined, { user = 'ann', outcome = 'pay' } = {}): Promise<Fields> {
    const clientAction = { platform: 'alipay', method: 'tradePay', params: { tradeNO: tradeNo } };
    return this.sandbox.post('/_/cashier', { clientAction, user, outcome });
  }

  /** A trade that ann has paid; its notification has arrived. */
  async paid(over: Fields = {}): Promise<{ trade_no: string; out_trade_no: string }> {
    const { trade_no = '', out_trade_no = '' } = await this.create(over);
    const before = this.receiver.received.length;
    await this.tradePay(trade_no);
    await this.receiver.atLeast(before + 1);
    return { trade_no, out_trade_no };
  }

  async status(outTradeNo: string | undefined): Promise<string | undefined> {
    return (await this.call('query', { out_trade_no: outTradeNo })).trade_status;
  }

  /** Changes what the console of the mini-program says. */
  async set(credentials: Fields): Promise<void> {
    await this.sandbox.account('alipay', { platformAppId: this.program.platformAppId, credentials });
  }

  /** The notifications that have arrived, as their receiver's framework would parse them. */
  get notifications(): Texts[] {
    return this.receiver.received.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
  }

  async notified(count: number): Promise<Texts[]> {
    await this.receiver.atLeast(count);
    return this.notifications;
  }

  /** Moves the shop's business time forwards and does what becomes due; gives when the next thing is due. */
  later({ seconds = 0, minutes = 0, days = 0 }): Promise<number | null> {
    this.#ahead += (seconds + 60 * minutes + 86_400 * days) * 1_000;
    const { platformAppId } = this.program;
    return this.sandbox.moveClock(this.businessNow, { platform: 'alipay', platformAppId });
  }

  get businessNow(): number {
    return this.sandbox.now + this.#ahead;
  }
  #ahead = 0;

  close(): Promise<void> {
    return this.receiver.stop();
  }
}
