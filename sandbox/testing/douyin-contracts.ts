import { createVerify } from 'node:crypto';
import { DouyinShop, MERCHANT, PROGRAM, type TradeCallback, unquoted } from './douyin-shop.js';
import type { Fields } from './test-sandbox.js';

export const DAY = 86_400;

/** A shop whose people sign contracts under which it debits; everything valid unless a test says otherwise. */
export class DouyinContracts {
  #numbers = 0;

  private constructor(
    readonly shop: DouyinShop,
    private readonly token: string,
    /** Of ann. */
    readonly openId: string,
  ) {}

  static async open(): Promise<DouyinContracts> {
    const shop = await DouyinShop.open();
    return new DouyinContracts(shop, await shop.tokenOf(PROGRAM), await openIdOf(shop, 'ann'));
  }

  close(): Promise<void> {
    return this.shop.close();
  }

  number(kind: string): string {
    this.#numbers += 1;
    return `${kind}${this.#numbers}`;
  }

  /** `data` of tt.createSignOrder where the person only signs. */
  signData(over: Fields = {}): Fields {
    return {
      outAuthOrderNo: this.number('contract'),
      serviceId: 'service_monthly',
      openId: this.openId,
      notifyUrl: `${this.shop.receiver.origin}/signed`,
      firstDeductionDate: '2026-06-01',
      ...over,
    };
  }

  /** The same where the person pays and signs; `pay` changes authPayOrder. */
  payAndSignData(over: Fields = {}, pay: Fields = {}): Fields {
    const authPayOrder = {
      outPayOrderNo: this.number('first'),
      merchantUid: MERCHANT,
      initialAmount: 100,
      notifyUrl: `${this.shop.receiver.origin}/debited`,
      ...pay,
    };
    return this.signData({ firstDeductionDate: undefined, authPayOrder, ...over });
  }

  /** What the person does with the contract page; `data` may be text, to sign it as it is. */
  page(
    data: Fields | string,
    { user = 'ann', outcome = 'pay', sign = true, authorization = {}, action = {} }: Partial<Visit> = {},
  ): Promise<Fields> {
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    const parts = this.shop.authorize(text, { uri: '/createSignOrder', ...authorization });
    return this.shop.sandbox.post('/_/cashier', {
      clientAction: {
        platform: 'douyin',
        method: 'createSignOrder',
        params: { businessType: 2, data: text, byteAuthorization: unquoted(parts) },
        next: {
          method: 'sign',
          params: { businessType: 2 },
          take: { orderId: 'authOrderId', payOrderId: 'payOrderId' },
        },
        ...action,
      },
      user,
      outcome,
      sign,
    });
  }

  /** A contract that serves. */
  async signed(data: Fields = this.signData(), user = 'ann'): Promise<Signed> {
    const { authOrderId, payOrderId, errMsg } = await this.page(data, { user });
    if (errMsg !== 'sign:ok') throw new Error(String(errMsg));
    return {
      authOrderId: String(authOrderId),
      payOrderId: String(payOrderId),
      number: String(data.outAuthOrderNo),
    };
  }

  /** A server call of periodic deduction. */
  call(name: string, body: Fields, token = this.token): Promise<Fields> {
    const headers = { 'access-token': token };
    return this.shop.sandbox.post(`/api/trade_auth/v1/developer/${name}/`, body, { headers });
  }

  /** The data of a server call that must succeed. */
  async ask(name: string, body: Fields): Promise<Fields> {
    const answer = await this.call(name, body);
    if (answer.err_no !== 0) throw new Error(JSON.stringify(answer));
    return answer.data as Fields;
  }

  /** create_sign_pay; the whole answer. */
  debit(authOrderId: string, over: Fields = {}): Promise<Fields> {
    return this.call('create_sign_pay', {
      auth_order_id: authOrderId,
      out_pay_order_no: this.number('debit'),
      merchant_uid: MERCHANT,
      total_amount: 990,
      notify_url: `${this.shop.receiver.origin}/debited`,
      ...over,
    });
  }

  /** A debit and its result; what query_sign_pay says then. */
  async debited(authOrderId: string, over: Fields = {}): Promise<Fields> {
    const { err_no: errNo, err_msg: errMsg, data } = await this.debit(authOrderId, over);
    if (errNo !== 0) throw new Error(String(errMsg));
    await this.shop.pass(1);
    return this.ask('query_sign_pay', { pay_order_id: (data as Fields).pay_order_id });
  }

  /** `POST /_/contract`. */
  contract(number: string, over: Fields = {}): Promise<Fields> {
    return this.shop.sandbox.post('/_/contract', { platform: 'douyin', number, ...over });
  }

  async debitsOf(number: string): Promise<Fields[]> {
    return (await this.contract(number)).debits as Fields[];
  }

  wallet(balance: string, over: Fields = {}): Promise<Fields> {
    const person = { platform: 'douyin', platformAppId: PROGRAM, user: 'ann' };
    return this.shop.sandbox.post('/_/wallet', { ...person, balance, ...over });
  }

  isGenuine({ raw: { headers, body } }: TradeCallback): boolean {
    return createVerify('RSA-SHA256')
      .update(`${String(headers['byte-timestamp'])}\n${String(headers['byte-nonce-str'])}\n${body}\n`)
      .verify(this.shop.platformPublicKey, String(headers['byte-signature']), 'base64');
  }
}

interface Signed {
  readonly authOrderId: string;
  readonly payOrderId: string;
  readonly number: string;
}

interface Visit {
  readonly user: string;
  readonly outcome: 'pay' | 'cancel' | 'fail';
  readonly sign: boolean;
  /** What of the authorization differs. */
  readonly authorization: Record<string, string>;
  /** What of the client action differs. */
  readonly action: Fields;
}

export async function openIdOf({ sandbox }: DouyinShop, user: string, platformAppId = PROGRAM): Promise<string> {
  const { code } = await sandbox.post('/_/login', { platform: 'douyin', platformAppId, user });
  const { data } = await sandbox.post('/api/apps/v2/jscode2session', { appid: platformAppId, secret: 's', code });
  return String((data as Fields).openid);
}
