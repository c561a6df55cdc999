import { createSign, randomUUID } from 'node:crypto';
import { douyin } from '../douyin/douyin.js';
import { type Received, Receiver } from './receiver.js';
import { type Fields, TestSandbox } from './test-sandbox.js';

export const PROGRAM = 'tt00000000000000aa';
export const MERCHANT = '71000000000000000001';

/** What arrived, its `msg` read. */
export interface TradeCallback {
  readonly raw: Received;
  readonly type: string;
  readonly msg: Fields;
}

/** A mini-program that sells, with a server that takes callbacks; everything valid unless a test says otherwise. */
export class DouyinShop {
  #token = '';
  #orders = 0;
  #ahead = 0;

  private constructor(
    readonly sandbox: TestSandbox,
    readonly receiver: Receiver,
    readonly privateKey: string,
    readonly platformPublicKey: string,
  ) {}

  static async open(): Promise<DouyinShop> {
    const [sandbox, receiver] = await Promise.all([TestSandbox.start([douyin]), Receiver.start()]);
    receiver.answer = () => ({ body: '{"err_no":0,"err_tips":"success"}' });
    const program = { platformAppId: PROGRAM, credentials: { secret: 's' }, callbackOrigin: receiver.origin };
    const { credentials } = await sandbox.account('douyin', program);
    await sandbox.post('/_/accounts', { platform: 'douyin', kind: 'merchant', merchantId: MERCHANT });
    const { appPrivateKey, platformPublicKey } = credentials as Fields;
    const shop = new DouyinShop(sandbox, receiver, String(appPrivateKey), String(platformPublicKey));
    shop.#token = await shop.tokenOf(PROGRAM);
    return shop;
  }

  async close(): Promise<void> {
    await Promise.all([this.sandbox.stop(), this.receiver.stop()]);
  }

  async tokenOf(platformAppId: string): Promise<string> {
    const body = { client_key: platformAppId, client_secret: 's', grant_type: 'client_credential' };
    const { data } = await this.sandbox.post('/oauth/client_token/', body);
    return String((data as Fields).access_token);
  }

  /** `data` of tt.requestOrder; `sku` changes its only item. */
  orderData(over: Fields = {}, sku: Fields = {}): Fields {
    this.#orders += 1;
    return {
      skuList: [
        {
          skuId: 'sku1',
          price: 990,
          quantity: 1,
          title: '会员',
          imageList: ['https://example.com/a.png'],
          type: 301,
          tagGroupId: 'tag_group_7272625659888058380',
          ...sku,
        },
      ],
      outOrderNo: `order${this.#orders}`,
      totalAmount: 990,
      payNotifyUrl: `${this.receiver.origin}/paid`,
      orderEntrySchema: { path: 'pages/order/detail' },
      ...over,
    };
  }

  /** The parts of byteAuthorization; `over` changes them before or, as `signature`, after signing. */
  authorize(data: string, { uri = '/requestOrder', ...over }: Record<string, string> = {}): Record<string, string> {
    const parts = {
      appid: PROGRAM,
      nonce_str: randomUUID(),
      timestamp: String(Math.floor(this.sandbox.now / 1_000)),
      key_version: '1',
      ...over,
    };
    const base = `POST\n${uri}\n${parts.timestamp}\n${parts.nonce_str}\n${data}\n`;
    return { ...parts, signature: createSign('RSA-SHA256').update(base).sign(this.privateKey, 'base64'), ...over };
  }

  /** What the person does with an order; `data` may be text, to sign it as it is. */
  buy(
    data: Fields | string = this.orderData(),
    { user = 'ann', outcome = 'pay', authorization = {}, action = {} }: Partial<Visit> = {},
  ): Promise<Fields> {
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    const byteAuthorization =
      typeof authorization === 'string' ? authorization : unquoted(this.authorize(text, authorization));
    return this.sandbox.post('/_/cashier', {
      clientAction: {
        platform: 'douyin',
        method: 'requestOrder',
        params: { data: text, byteAuthorization },
        next: { method: 'getOrderPayment', params: {}, take: { orderId: 'orderId' } },
        ...action,
      },
      user,
      outcome,
    });
  }

  /** A server call of the trade system. */
  call(name: string, body: Fields, token = this.#token): Promise<Fields> {
    return this.sandbox.post(`/api/trade_basic/v1/developer/${name}/`, body, { headers: { 'access-token': token } });
  }

  /** The data of a server call that must succeed. */
  async ask(name: string, body: Fields): Promise<Fields> {
    const answer = await this.call(name, body);
    if (answer.err_no !== 0) throw new Error(JSON.stringify(answer));
    return answer.data as Fields;
  }

  /** A paid order. */
  async sale(
    over: Fields = {},
    sku: Fields = {},
  ): Promise<{ orderId: string; itemOrderId: string; outOrderNo: string }> {
    const data = this.orderData(over, sku);
    const { orderId, itemOrderList } = await this.buy(data);
    const [item] = itemOrderList as Fields[];
    return { orderId: String(orderId), itemOrderId: String(item?.itemOrderId), outOrderNo: String(data.outOrderNo) };
  }

  /** Business time in ms. */
  get now(): number {
    return this.sandbox.now + this.#ahead;
  }

  /** Lets business time pass, and all that it sets off be done; when the next thing is due, or null. */
  pass(seconds: number): Promise<number | null> {
    this.#ahead += seconds * 1_000;
    return this.sandbox.moveClock(this.now, { platform: 'douyin', platformAppId: PROGRAM });
  }

  get callbacks(): TradeCallback[] {
    return this.receiver.received.map((raw) => {
      const { type, msg } = JSON.parse(raw.body) as { type: string; msg: string };
      return { raw, type, msg: JSON.parse(msg) as Fields };
    });
  }

  /** The callbacks of one type, sent by now. */
  async heard(type: string): Promise<TradeCallback[]> {
    await this.pass(0);
    return this.callbacks.filter((callback) => callback.type === type);
  }
}

interface Visit {
  readonly user: string;
  readonly outcome: 'pay' | 'cancel' | 'fail';
  /** What of the authorization differs, or all of it. */
  readonly authorization: Record<string, string> | string;
  /** What of the client action differs. */
  readonly action: Fields;
}

export const unquoted = (parts: Record<string, string>): string =>
  `SHA256-RSA2048 ${Object.entries(parts)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')}`;

export const quoted = (parts: Record<string, string>): string =>
  `SHA256-RSA2048 ${Object.entries(parts)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}`;
