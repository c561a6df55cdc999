import { AlipayShop } from '../../sandbox/testing/alipay-shop.js';
import { type Fields, TestSandbox } from '../../sandbox/testing/test-sandbox.js';
import { newNumber } from '../../src/common/ids.js';
import { toFen } from '../../src/common/money.js';
import { AlipayPlatform } from '../../src/platforms/alipay/alipay.platform.js';
import type { PlatformCallback } from '../../src/platforms/callback.js';
import type { MandateTerms } from '../../src/platforms/mandate-platform.js';
import type { PayAccounts, PayOrder, Submission } from '../../src/platforms/payment-platform.js';
import { UndiciHttp } from '../../src/platforms/undici-http.js';

const DAY = 24 * 3_600_000;

/** Our leaf before the sandbox's Alipay, whose clock moves by hand: a shop that debits ann. */
export class AlipayMandateStand {
  readonly alipay: AlipayPlatform;
  /** Gives up soon. */
  readonly impatient: AlipayPlatform;
  readonly #http: UndiciHttp;
  readonly #impatientHttp: UndiciHttp;
  #shop: AlipayShop | undefined;
  #serial = 0;

  private constructor(private readonly sandbox: TestSandbox) {
    this.#http = new UndiciHttp({ sandboxUrl: sandbox.url });
    this.#impatientHttp = new UndiciHttp({ sandboxUrl: sandbox.url, timeout: 300 });
    this.alipay = new AlipayPlatform(this.#http);
    this.impatient = new AlipayPlatform(this.#impatientHttp);
  }

  static async start(): Promise<AlipayMandateStand> {
    return new AlipayMandateStand(await TestSandbox.start());
  }

  async stop(): Promise<void> {
    await Promise.all([this.#http.close(), this.#impatientHttp.close()]);
    await this.sandbox.stop();
  }

  /** A new shop, to whose server Alipay also tells what no call has asked for. */
  async open(credentials: Fields = {}): Promise<void> {
    this.#shop = await AlipayShop.open(this.sandbox, credentials);
    const { platformAppId } = this.shop.program;
    await this.sandbox.account('alipay', { platformAppId, push: { url: `${this.shop.receiver.origin}/gateway` } });
  }

  async close(): Promise<void> {
    await fetch(`${this.sandbox.url}/_/faults`, { method: 'DELETE' });
    await this.wallet('full');
    await this.shop.close();
  }

  get shop(): AlipayShop {
    if (!this.#shop) throw new Error('the shop is not open');
    return this.#shop;
  }

  get accounts(): PayAccounts {
    const { platformAppId, credentials } = this.shop.program;
    const ids = { appId: 'app_1', platform: 'alipay', mode: 'test' } as const;
    return {
      program: { ...ids, id: `pac_${platformAppId}`, platformAppId, credentials },
      merchant: { ...ids, id: 'mac_1', merchantId: this.shop.merchantId, credentials: {}, defaults: {} },
    };
  }

  /** Business time. */
  get now(): Date {
    return new Date(this.shop.businessNow);
  }

  async goTo(at: Date): Promise<void> {
    await this.shop.later({ seconds: (at.getTime() - this.shop.businessNow) / 1_000 });
  }

  /** 12.34 yuan a month, to be debited as soon as it is signed. */
  terms(over: Partial<MandateTerms> = {}): MandateTerms {
    return {
      number: newNumber(),
      serial: ++this.#serial,
      payer: this.shop.openId,
      subject: 'Tea each month',
      amount: toFen(1234),
      mostAmount: toFen(1234),
      recurring: { interval: 'month', intervalCount: 1 },
      firstDebitAt: this.now.toISOString(),
      expiresAt: new Date(this.now.getTime() + DAY).toISOString(),
      notifyUrl: this.shop.notifyUrl,
      settings: this.alipay.mandates.testSettings,
      contractId: null,
      signedAt: null,
      ...over,
    };
  }

  /** What `my.paySignCenter` gives. */
  page(terms: MandateTerms, outcome = 'pay'): Promise<Fields> {
    const clientAction = this.alipay.mandates.signAction(this.accounts, terms);
    return this.sandbox.post('/_/cashier', { clientAction, user: 'ann', outcome });
  }

  /** The terms once they are signed. */
  async signed(over: Partial<MandateTerms> = {}): Promise<MandateTerms> {
    const terms = this.terms(over);
    await this.page(terms);
    const state = await this.ask(terms);
    if (state.kind !== 'active') throw new Error(JSON.stringify(state));
    return { ...terms, contractId: state.contractId, signedAt: state.signedAt.toISOString() };
  }

  ask(terms: MandateTerms) {
    return this.alipay.mandates.query(this.accounts, terms);
  }

  terminate(terms: MandateTerms): Promise<void> {
    return this.alipay.mandates.terminate(this.accounts, terms);
  }

  debit(terms: MandateTerms, over: Partial<PayOrder> = {}): PayOrder {
    return {
      number: newNumber(),
      amount: terms.amount,
      currency: 'CNY',
      subject: terms.subject,
      payer: terms.payer,
      expiresAt: new Date(this.now.getTime() + 7 * DAY),
      notifyUrl: this.shop.notifyUrl,
      settings: terms.settings,
      handle: null,
      transactionId: null,
      mandate: { kind: 'debit', terms },
      ...over,
    };
  }

  submit(order: PayOrder, { payments } = this.alipay): Promise<Submission> {
    return payments.submit(this.accounts, order);
  }

  query(order: PayOrder) {
    return this.alipay.payments.query(this.accounts, order);
  }

  contract({ number }: MandateTerms, over: Fields = {}): Promise<Fields> {
    return this.sandbox.post('/_/contract', { platform: 'alipay', number, ...over });
  }

  async debitsOf(terms: MandateTerms): Promise<Fields[]> {
    return (await this.contract(terms))['debits'] as Fields[];
  }

  async wallet(balance: 'full' | 'empty', over: Fields = {}): Promise<void> {
    const { platformAppId } = this.shop.program;
    await this.sandbox.post('/_/wallet', { platform: 'alipay', platformAppId, user: 'ann', balance, ...over });
  }

  /** The next call of `operation` goes wrong; without one, the next notification. */
  async fault(operation: string | undefined, kind: string, more: Fields = {}): Promise<void> {
    const what = operation === undefined ? { direction: 'out' } : { operation };
    await this.sandbox.post('/_/faults', { match: { platform: 'alipay', ...what }, kind, ...more });
  }

  /** The first notification of that type that has `text` in it, come or to come, as our leaf reads it. */
  async told(type: string, text: string): Promise<PlatformCallback> {
    for (let count = 1; ; count++) {
      const all = await this.shop.receiver.atLeast(count);
      const found = all.find(({ body }) => body.includes(text) && body.includes(type));
      if (!found) continue;
      const raw = { method: 'POST', headers: {}, query: {}, hint: undefined, receivedAt: this.now };
      return this.alipay.payments.callbacks.read(this.accounts.program, { ...raw, body: Buffer.from(found.body) });
    }
  }
}
