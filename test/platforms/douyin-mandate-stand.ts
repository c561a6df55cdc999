import { newNumber } from '../../src/common/ids.js';
import { toFen } from '../../src/common/money.js';
import type { PlatformCallback } from '../../src/platforms/callback.js';
import type { MandateTerms } from '../../src/platforms/mandate-platform.js';
import type { PayOrder, PayState, Submission } from '../../src/platforms/payment-platform.js';
import { Bench } from './bench.js';
import { DouyinShop } from './douyin-shop.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const USER = 'ming';
const CALLS = '/api/trade_auth/v1/developer/';

/** Our leaf before the sandbox's Douyin: a shop that debits ming. */
export class DouyinMandateStand {
  /** Ming's openid. */
  payer = '';
  #shop: DouyinShop | undefined;
  /** Milliseconds by which the mini-program's business time is ahead of the machine's. */
  #ahead = 0;
  #serial = 0;

  private constructor(private readonly bench: Bench) {}

  static async start(): Promise<DouyinMandateStand> {
    return new DouyinMandateStand(await Bench.start());
  }

  stop(): Promise<void> {
    return this.bench.stop();
  }

  /** A new shop. */
  async open(): Promise<void> {
    this.#shop = await DouyinShop.open(this.bench);
    this.#ahead = 0;
    const { program } = this.shop.accounts;
    const codes = await this.bench.person<{ code: string }>('login', program, { user: USER });
    this.payer = (await this.shop.douyin.exchange(program, codes)).openid ?? '';
  }

  async close(): Promise<void> {
    await this.bench.noFaults();
    await this.wallet('full');
    await this.shop.close();
  }

  get shop(): DouyinShop {
    if (!this.#shop) throw new Error('the shop is not open');
    return this.#shop;
  }

  get accounts() {
    return this.shop.accounts;
  }

  get payments() {
    return this.shop.payments;
  }

  get mandates() {
    return this.shop.douyin.mandates;
  }

  /** Business time. */
  get now(): Date {
    return new Date(Date.now() + this.#ahead);
  }

  async pass(milliseconds: number): Promise<void> {
    this.#ahead += milliseconds;
    await this.shop.pass(this.#ahead);
  }

  goTo(at: Date): Promise<void> {
    return this.pass(at.getTime() - this.now.getTime());
  }

  /** 9.90 yuan a month. */
  terms(over: Partial<MandateTerms> = {}): MandateTerms {
    return {
      number: newNumber(),
      serial: ++this.#serial,
      payer: this.payer,
      subject: '一个月会员',
      amount: toFen(990),
      mostAmount: toFen(990),
      recurring: { interval: 'month', intervalCount: 1 },
      firstDebitAt: new Date(this.now.getTime() + 30 * DAY).toISOString(),
      expiresAt: new Date(this.now.getTime() + DAY).toISOString(),
      notifyUrl: this.shop.order().notifyUrl,
      settings: { ...this.payments.testSettings, ...this.mandates.testSettings },
      contractId: null,
      signedAt: null,
      ...over,
    };
  }

  order(kind: 'first' | 'debit', terms: MandateTerms): PayOrder {
    const expiresAt = new Date(this.now.getTime() + HOUR);
    const { payer, settings } = terms;
    return this.shop.order({ payer, settings, expiresAt, handle: null, mandate: { kind, terms } });
  }

  /** The page that a first payment opens. */
  firstAction(order: PayOrder) {
    return this.payments.clientAction(this.accounts, order, this.now);
  }

  /** What the client's functions return. */
  visit(clientAction: object, outcome: 'pay' | 'cancel' | 'fail' = 'pay', over: object = {}) {
    return this.bench.act<Record<string, unknown>>('cashier', { clientAction, outcome, user: USER, ...over });
  }

  /** The terms of a contract that is in force, signed without a payment, to be debited at once. */
  async signed(): Promise<MandateTerms> {
    const terms = this.terms({ firstDebitAt: this.now.toISOString() });
    await this.visit(this.mandates.signAction(this.accounts, terms, this.now));
    const state = await this.ask(terms);
    if (state.kind !== 'active') throw new Error(JSON.stringify(state));
    return { ...terms, contractId: state.contractId, signedAt: state.signedAt.toISOString() };
  }

  ask(terms: MandateTerms) {
    return this.mandates.query(this.accounts, terms);
  }

  terminate(terms: MandateTerms): Promise<void> {
    return this.mandates.terminate(this.accounts, terms);
  }

  submit(order: PayOrder): Promise<Submission> {
    return this.payments.submit(this.accounts, order, this.now);
  }

  query(order: PayOrder): Promise<PayState> {
    return this.payments.query(this.accounts, order);
  }

  contract({ number }: MandateTerms, over: object = {}) {
    return this.bench.act<{ debits: { outcome: string }[] }>('contract', { platform: 'douyin', number, ...over });
  }

  async outcomesOf(terms: MandateTerms): Promise<string[]> {
    return (await this.contract(terms)).debits.map(({ outcome }) => outcome);
  }

  async wallet(balance: 'full' | 'empty', over: object = {}): Promise<void> {
    await this.bench.person('wallet', this.accounts.program, { user: USER, balance, ...over });
  }

  /** The next calls of that name are answered with the code; `status_500`: with that. */
  fault(name: string, code: number | 'status_500', times = 1): Promise<void> {
    const how = code === 'status_500' ? { kind: code } : { kind: 'code' as const, code };
    return this.bench.fault(this.accounts.program, { ...how, path: `${CALLS}${name}/`, times });
  }

  /** The first callback of that type about that number of ours, come or to come. */
  told(type: string, number: string, is: (callback: PlatformCallback) => boolean = () => true) {
    const isAbout = ({ content }: PlatformCallback): boolean =>
      ((content.kind === 'payment' || content.kind === 'mandate') && content.number === number) ||
      (content.kind === 'refund' && content.refundNumber === number);
    return this.shop.told(type, (callback) => isAbout(callback) && is(callback));
  }
}
