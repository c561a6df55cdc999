import type { AlipayShop, Texts } from './alipay-shop.js';
import type { Fields } from './test-sandbox.js';

/** An agreement that somebody has signed. */
export interface Signed {
  readonly agreement_no: string;
  readonly external_agreement_no: string;
}

/** Counts what is made, so that numbers are unique in all mini-programs of a test. */
let last = 0;

/** What a shop does to debit people: it has agreements signed, debits, asks, ends. */
export class AlipayAgreements {
  constructor(readonly shop: AlipayShop) {}

  /** The biz_content of the page: 12.34 yuan at most, each month on the 10th, the first time on 10 June 2026. */
  terms({ period_rule_params: rules, ...over }: Fields = {}): Fields & { external_agreement_no: string } {
    last += 1;
    const plan = { period_type: 'MONTH', period: '1', execute_time: '2026-06-10', single_amount: '12.34' };
    return {
      personal_product_code: 'CYCLE_PAY_AUTH_P',
      product_code: 'CYCLE_PAY_AUTH',
      access_params: { channel: 'ALIPAYAPP' },
      sign_scene: 'INDUSTRY|DIGITAL_MEDIA',
      external_agreement_no: `sub${last}`,
      ...(rules !== null && { period_rule_params: { ...plan, ...(rules as Fields | undefined) } }),
      ...over,
    };
  }

  /** What Alipay's own SDK makes of the terms, as `my.paySignCenter` takes it. */
  signStr(terms: Fields, common: Fields = { notify_url: this.shop.notifyUrl }): string {
    const params = { bizContent: terms, ...common };
    return encodeURIComponent(this.shop.program.sdk().sdkExecute('alipay.user.agreement.page.sign', params));
  }

  /** What `my.paySignCenter` gives. */
  open(signStr: unknown, { user = 'ann', outcome = 'pay' } = {}): Promise<Fields> {
    const clientAction = { platform: 'alipay', method: 'paySignCenter', params: { signStr } };
    return this.shop.sandbox.post('/_/cashier', { clientAction, user, outcome });
  }

  /** An agreement that ann has signed. */
  async signed(over: Fields = {}, { user = 'ann' } = {}): Promise<Signed> {
    const terms = this.terms(over);
    const { agreement_no = '' } = nodeOf(await this.open(this.signStr(terms), { user }));
    return { agreement_no, external_agreement_no: terms.external_agreement_no };
  }

  /** Of a method of agreements; the SDK checks the signature. */
  call(method: string, content: Fields, common: Fields = {}): Promise<Texts> {
    return this.shop.program.call(`alipay.user.agreement.${method}`, { bizContent: content, ...common });
  }

  query(agreement_no: string): Promise<Texts> {
    return this.call('query', { agreement_no });
  }

  /** The biz_content of a debit of 12.34 yuan. */
  debit(agreement_no: string, over: Fields = {}): Fields & { out_trade_no: string } {
    last += 1;
    return {
      out_trade_no: `debit_${last}`,
      total_amount: '12.34',
      subject: 'Tea',
      product_code: 'CYCLE_PAY_AUTH',
      agreement_params: { agreement_no },
      ...over,
    };
  }

  pay(agreement_no: string, over: Fields = {}): Promise<Texts> {
    return this.shop.call('pay', this.debit(agreement_no, over), { notify_url: this.shop.notifyUrl });
  }

  contract(number: string, over: Fields = {}): Promise<Fields> {
    return this.shop.sandbox.post('/_/contract', { platform: 'alipay', number, ...over });
  }

  wallet(balance: 'full' | 'empty', over: Fields = {}): Promise<Fields> {
    const { platformAppId } = this.shop.program;
    return this.shop.sandbox.post('/_/wallet', { platform: 'alipay', platformAppId, user: 'ann', balance, ...over });
  }

  /** Moves the business time to that instant in China, `yyyy-MM-dd HH:mm:ss`. */
  async goTo(chinaTime: string): Promise<void> {
    const at = Date.parse(`${chinaTime.replace(' ', 'T')}+08:00`);
    await this.shop.later({ seconds: (at - this.shop.businessNow) / 1_000 });
  }

  /** The console of the mini-program gets a gateway, where Alipay tells what no call asked for; gives its URL. */
  async useGateway(): Promise<string> {
    const url = `${this.shop.receiver.origin}/alipay/gateway`;
    const { platformAppId } = this.shop.program;
    await this.shop.sandbox.account('alipay', { platformAppId, push: { url } });
    return url;
  }

  /** What arrived of one notify_type, with the path at which it did. */
  async heard(type: string): Promise<Texts[]> {
    await this.shop.later({});
    return this.shop.receiver.received
      .map(({ path, body }): Texts => ({ ...Object.fromEntries<string>(new URLSearchParams(body)), path }))
      .filter(({ notify_type }) => notify_type === type);
  }
}

/** The response within the `result` of `my.paySignCenter`. */
export const nodeOf = ({ result }: Fields): Texts =>
  (JSON.parse(String(result)) as Record<string, Texts>).alipay_user_agreement_page_sign_response ?? {};
