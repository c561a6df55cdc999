import { createDecipheriv, createSign, createVerify, randomUUID } from 'node:crypto';
import { type Received, Receiver } from './receiver.js';
import { type Fields, TestSandbox } from './test-sandbox.js';

export const PROGRAM = 'wx00000000000000aa';
export const MERCHANT = '1600000001';
export const USER = 'ann';
export const ORDERS = '/v3/pay/transactions';
export const REFUNDS = '/v3/refund/domestic/refunds';

/** What WeChat Pay answered; `numeric` is the number at the end of Request-ID. */
export interface PayAnswer {
  readonly status: number;
  readonly body: Fields;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly numeric: number;
}

/** What changes a request that is otherwise right. */
export interface Twist {
  readonly mchid?: string;
  readonly serial?: string;
  readonly nonce?: string;
  /** ms */
  readonly at?: number;
  /** What is signed in place of the body that is sent. */
  readonly signed?: string;
  readonly privateKey?: string;
  /** The whole Authorization header. */
  readonly authorization?: (right: string) => string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A merchant with a mini-program and a server that takes notifications; everything valid unless a test says otherwise. */
export class WechatShop {
  credentials: Readonly<Record<string, string>> = {};
  openid = '';
  #numbers = 0;

  private constructor(
    readonly sandbox: TestSandbox,
    readonly receiver: Receiver,
  ) {}

  static async open(credentials: Fields = {}): Promise<WechatShop> {
    const [sandbox, receiver] = await Promise.all([TestSandbox.start(), Receiver.start()]);
    const shop = new WechatShop(sandbox, receiver);
    await sandbox.account('wechat', { platformAppId: PROGRAM, credentials: { secret: 's' } });
    await shop.register(credentials);
    shop.openid = await shop.login(USER);
    return shop;
  }

  async close(): Promise<void> {
    await Promise.all([this.sandbox.stop(), this.receiver.stop()]);
  }

  async register(credentials: Fields): Promise<void> {
    const given = { merchantId: MERCHANT, callbackOrigin: this.receiver.origin, credentials };
    const { credentials: shown } = await this.sandbox.merchant('wechat', given);
    this.credentials = shown as Record<string, string>;
  }

  /** The openid of a person who opens the mini-program. */
  async login(user: string, platformAppId = PROGRAM): Promise<string> {
    const { code } = await this.sandbox.post('/_/login', { platform: 'wechat', platformAppId, user });
    const query = { appid: platformAppId, secret: 's', js_code: String(code), grant_type: 'authorization_code' };
    return String((await this.sandbox.get('/sns/jscode2session', query)).openid);
  }

  /** Business time only goes forwards. */
  async later({ seconds = 0, minutes = 0, days = 0 }): Promise<void> {
    this.#ahead += ((days * 24 * 60 + minutes) * 60 + seconds) * 1_000;
    await this.sandbox.moveClock(this.businessNow, { platform: 'wechat', merchantId: MERCHANT });
  }
  #ahead = 0;

  get businessNow(): number {
    return this.sandbox.now + this.#ahead;
  }

  number(): string {
    this.#numbers += 1;
    return `order-${String(this.#numbers).padStart(4, '0')}`;
  }

  draft(over: Fields = {}): Fields {
    return {
      appid: PROGRAM,
      mchid: MERCHANT,
      description: '会员一个月',
      out_trade_no: this.number(),
      notify_url: `${this.receiver.origin}/notify`,
      amount: { total: 990, currency: 'CNY' },
      payer: { openid: this.openid },
      ...over,
    };
  }

  /** A signed request; `path` with its query. */
  async call(method: string, path: string, body?: unknown, twist: Twist = {}): Promise<PayAnswer> {
    const sent = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const right = this.#authorization(method, path, twist.signed ?? sent, twist);
    const response = await fetch(`${this.sandbox.url}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        'user-agent': 'shop/1.0',
        ...(sent && { 'content-type': 'application/json' }),
        authorization: twist.authorization?.(right) ?? right,
        ...twist.headers,
      },
      ...(sent && { body: sent }),
    });
    const text = await response.text();
    const headers = Object.fromEntries(response.headers);
    const numeric = Number(/-(\d+)$/.exec(headers['request-id'] ?? '')?.[1]);
    return { status: response.status, body: (text ? JSON.parse(text) : {}) as Fields, text, headers, numeric };
  }

  place(draft: Fields, twist?: Twist): Promise<PayAnswer> {
    return this.call('POST', `${ORDERS}/jsapi`, draft, twist);
  }

  query(number: unknown): Promise<PayAnswer> {
    return this.call('GET', `${ORDERS}/out-trade-no/${String(number)}?mchid=${MERCHANT}`);
  }

  closeOrder(number: unknown): Promise<PayAnswer> {
    return this.call('POST', `${ORDERS}/out-trade-no/${String(number)}/close`, { mchid: MERCHANT });
  }

  /** What the front end hands to wx.requestPayment. */
  clientParams(prepayId: unknown, over: Fields = {}): Fields {
    const params = { timeStamp: '1780000000', nonceStr: 'n0nce', package: `prepay_id=${String(prepayId)}` };
    const message = `${PROGRAM}\n${params.timeStamp}\n${params.nonceStr}\n${params.package}\n`;
    return { ...params, signType: 'RSA', paySign: this.#sign(message), ...over };
  }

  /** The `errMsg` that wx.requestPayment gives. */
  async cashier(params: Fields, { user = USER, outcome = 'pay' } = {}): Promise<string> {
    const clientAction = { platform: 'wechat', method: 'requestPayment', params };
    return String((await this.sandbox.post('/_/cashier', { clientAction, user, outcome })).errMsg);
  }

  /** An order that is paid, and its payment notification received; its number. */
  async paid(over: Fields = {}): Promise<string> {
    const draft = this.draft(over);
    const { body } = await this.place(draft);
    await this.cashier(this.clientParams(body.prepay_id));
    return String(draft.out_trade_no);
  }

  refund(number: string, over: Fields = {}, amount: Fields = {}): Promise<PayAnswer> {
    this.#numbers += 1;
    return this.call('POST', REFUNDS, {
      out_trade_no: number,
      out_refund_no: `refund-${this.#numbers}`,
      notify_url: `${this.receiver.origin}/refunded`,
      amount: { refund: 100, total: 990, currency: 'CNY', ...amount },
      ...over,
    });
  }

  fault(fault: Fields): Promise<Fields> {
    const { match, ...rest } = fault;
    return this.sandbox.post('/_/faults', { match: { platform: 'wechat', ...(match as Fields) }, ...rest });
  }

  /** Whether an answer or a notification was signed with `key` (PEM). */
  isSigned({ headers, text }: { headers: Readonly<Record<string, unknown>>; text: string }, key: string): boolean {
    const [timestamp, nonce, signature] = ['timestamp', 'nonce', 'signature'].map((name) =>
      String(headers[`wechatpay-${name}`]),
    );
    return createVerify('sha256').update(`${timestamp}\n${nonce}\n${text}\n`).verify(key, String(signature), 'base64');
  }

  /** Opens a `resource` or an `encrypt_certificate`. */
  decrypt(resource: Fields): string {
    const { ciphertext, nonce, associated_data: associated } = resource as Record<string, string>;
    const bytes = Buffer.from(ciphertext ?? '', 'base64');
    const decipher = createDecipheriv('aes-256-gcm', this.credentials.apiV3Key ?? '', nonce ?? '');
    decipher.setAAD(Buffer.from(associated ?? '')).setAuthTag(bytes.subarray(-16));
    return decipher.update(bytes.subarray(0, -16), undefined, 'utf8') + decipher.final('utf8');
  }

  /** The content of a notification. */
  read({ body }: Received): Fields {
    return JSON.parse(this.decrypt((JSON.parse(body) as { resource: Fields }).resource)) as Fields;
  }

  #authorization(method: string, path: string, body: string, twist: Twist): string {
    const { mchid = MERCHANT, serial = this.credentials.serial, nonce = randomUUID().replaceAll('-', '') } = twist;
    const timestamp = String(Math.floor((twist.at ?? this.sandbox.now) / 1_000));
    const message = `${method}\n${path}\n${timestamp}\n${nonce}\n${body}\n`;
    const parts = { mchid, nonce_str: nonce, signature: this.#sign(message, twist.privateKey), timestamp };
    const list = Object.entries({ ...parts, serial_no: serial }).map(([name, value]) => `${name}="${value}"`);
    return `WECHATPAY2-SHA256-RSA2048 ${list.join(',')}`;
  }

  #sign(message: string, key = this.credentials.privateKey ?? ''): string {
    return createSign('sha256').update(message).sign(key, 'base64');
  }
}
