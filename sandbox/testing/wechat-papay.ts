import { createHash, createHmac } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';
import type { Received } from './receiver.js';
import type { Fields } from './test-sandbox.js';
import { MERCHANT, PROGRAM, USER, WechatShop } from './wechat-shop.js';

export type Texts = Record<string, string>;
export const NOTICE_PLAN = '100001';
export const DAY_PLAN = '100002';
export const SIGNING_APP = 'wxbd687630cd02ce1d';
const BEIJING = 8 * 3_600_000;
const DAY = 86_400_000;
const PARSER = new XMLParser({ parseTagValue: false, ignoreDeclaration: true });
const RECEIVED = '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>';

/** The v2 signature, written again from its description. */
export function v2Sign(fields: Texts, key: string, type = 'MD5'): string {
  const parts: string[] = [];
  for (const name of Object.keys(fields).sort()) {
    if (name !== 'sign' && fields[name]) parts.push(`${name}=${fields[name]}`);
  }
  const text = `${parts.join('&')}&key=${key}`;
  const hash = type === 'MD5' ? createHash('md5') : createHmac('sha256', key);
  return hash.update(text).digest('hex').toUpperCase();
}

export const readXml = (text: string): Texts => (PARSER.parse(text) as { xml: Texts }).xml;
export const writeXml = (fields: Texts): string =>
  `<xml>${Object.entries(fields)
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    .join('')}</xml>`;

/** A merchant whose people sign contracts, and who debits them. Its clock starts at 12:00 in Beijing. */
export class PapayShop {
  #numbers = 0;

  private constructor(readonly shop: WechatShop) {}

  static async open(): Promise<PapayShop> {
    const papay = new PapayShop(await WechatShop.open());
    papay.shop.receiver.answer = () => ({ body: RECEIVED });
    return papay;
  }

  close(): Promise<void> {
    return this.shop.close();
  }

  get key(): string {
    return this.shop.credentials.apiV2Key ?? '';
  }

  number(prefix = 'debit'): string {
    this.#numbers += 1;
    return `${prefix}${String(this.#numbers).padStart(6, '0')}`;
  }

  signed(fields: Texts): Texts {
    return { ...fields, sign: v2Sign(fields, this.key, fields.sign_type) };
  }

  /** The answer to a signed call; `nonce_str` where the path has one. */
  async v2(path: string, fields: Texts): Promise<Texts> {
    const nonce = path.startsWith('/papay/') ? {} : { nonce_str: 'n0nce' };
    return readXml(
      await this.post(path, writeXml(this.signed({ appid: PROGRAM, mch_id: MERCHANT, ...nonce, ...fields }))),
    );
  }

  async post(path: string, body: string): Promise<string> {
    const headers = { 'content-type': 'text/xml' };
    return (await fetch(`${this.shop.sandbox.url}${path}`, { method: 'POST', headers, body })).text();
  }

  extraData(over: Texts = {}): Texts {
    return this.signed({
      appid: PROGRAM,
      mch_id: MERCHANT,
      plan_id: NOTICE_PLAN,
      contract_code: this.number('contract'),
      request_serial: String(this.#numbers),
      contract_display_account: '会员连续包月',
      notify_url: `${this.shop.receiver.origin}/contracts`,
      timestamp: '1780000000',
      ...over,
    });
  }

  /** What App.onShow gives after the jump to the page on which contracts are signed. */
  jump(extraData: Fields, { user = USER, outcome = 'pay', over = {} } = {}): Promise<Fields> {
    const params = { appId: SIGNING_APP, path: 'pages/index/index', extraData, ...over };
    const clientAction = { platform: 'wechat', method: 'navigateToMiniProgram', params };
    return this.shop.sandbox.post('/_/cashier', { clientAction, user, outcome });
  }

  /** A contract that a person has signed: somebody new unless told. */
  async contract(over: Texts = {}, user = this.number('person')): Promise<{ number: string; id: string }> {
    const extraData = this.extraData(over);
    const back = (await this.jump(extraData, { user })) as { referrerInfo: { extraData: Texts } };
    return { number: extraData.contract_code ?? '', id: back.referrerInfo.extraData.contract_id ?? '' };
  }

  /** Pays and signs in one. */
  orderDraft(over: Texts = {}): Texts {
    return {
      body: '会员连续包月',
      attach: 'a1',
      out_trade_no: this.number('order'),
      total_fee: '990',
      spbill_create_ip: '127.0.0.1',
      notify_url: `${this.shop.receiver.origin}/paid`,
      trade_type: 'JSAPI',
      openid: this.shop.openid,
      contract_mchid: MERCHANT,
      contract_appid: PROGRAM,
      plan_id: NOTICE_PLAN,
      contract_code: this.number('contract'),
      request_serial: '1000',
      contract_display_account: '会员连续包月',
      contract_notify_url: `${this.shop.receiver.origin}/contracts`,
      ...over,
    };
  }

  place(draft: Texts): Promise<Texts> {
    return this.v2('/pay/contractorder', draft);
  }

  /** What the front end hands to wx.requestPayment for an order of v2. */
  sheet(prepayId = '', type = 'MD5', over: Texts = {}): Texts {
    const signed = { timeStamp: '1780000000', nonceStr: 'n0nce', package: `prepay_id=${prepayId}`, signType: type };
    return { ...signed, paySign: v2Sign({ appId: PROGRAM, ...signed }, this.key, type), ...over };
  }

  /** The `errMsg` that wx.requestPayment gives. */
  async pay(params: Texts, over: Fields = {}): Promise<unknown> {
    const clientAction = { platform: 'wechat', method: 'requestPayment', params };
    return (await this.shop.sandbox.post('/_/cashier', { clientAction, user: USER, outcome: 'pay', ...over })).errMsg;
  }

  apply(id: string, over: Texts = {}): Promise<Texts> {
    return this.v2('/pay/pappayapply', {
      body: '会员续费',
      out_trade_no: this.number(),
      total_fee: '990',
      notify_url: `${this.shop.receiver.origin}/debits`,
      trade_type: 'PAP',
      contract_id: id,
      ...over,
    });
  }

  query(number: string): Promise<Texts> {
    return this.v2('/pay/paporderquery', { out_trade_no: number });
  }

  notice(id: string, over: Fields = {}, what = 'notify') {
    const estimated = what === 'notify' ? { estimated_amount: { amount: 990, currency: 'CNY' } } : {};
    const path = `/v3/papay/contracts/${id}/${what}`;
    return this.shop.call('POST', path, { mchid: MERCHANT, appid: PROGRAM, ...estimated, ...over });
  }

  act(number: string, over: Fields = {}): Promise<Fields> {
    return this.shop.sandbox.post('/_/contract', { platform: 'wechat', number, ...over });
  }

  wallet(balance: string, over: Fields = {}): Promise<Fields> {
    const person = { platform: 'wechat', platformAppId: PROGRAM, user: USER };
    return this.shop.sandbox.post('/_/wallet', { ...person, balance, ...over });
  }

  /** Moves to so many hours after midnight in Beijing, so many days from today. */
  async to(days: number, hours: number): Promise<void> {
    const now = this.shop.businessNow;
    const midnight = Math.floor((now + BEIJING) / DAY) * DAY - BEIJING;
    await this.shop.later({ seconds: (midnight + days * DAY + hours * 3_600_000 - now) / 1_000 });
  }

  /** The notifications to `path` so far, once there are `count`; their signatures are right. */
  async told(path: string, count: number): Promise<readonly Texts[]> {
    const { receiver } = this.shop;
    const fitting = (): readonly Received[] => receiver.received.filter((one) => one.path === path);
    for (let seen = receiver.received.length; fitting().length < count; seen = receiver.received.length)
      await receiver.atLeast(seen + 1);
    return fitting().map(({ body }) => this.genuine(readXml(body)));
  }

  genuine(fields: Texts): Texts {
    const type = fields.sign?.length === 64 ? 'HMAC-SHA256' : 'MD5';
    if (fields.sign !== v2Sign(fields, this.key, type)) throw new Error(`wrongly signed: ${JSON.stringify(fields)}`);
    return fields;
  }
}
