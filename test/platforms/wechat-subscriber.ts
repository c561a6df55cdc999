import { newNumber } from '../../src/common/ids.js';
import { toFen } from '../../src/common/money.js';
import type { AttemptMandate, MandateTerms } from '../../src/platforms/mandate-platform.js';
import type { ClientAction, PayOrder } from '../../src/platforms/payment-platform.js';
import type { Bench } from './bench.js';
import { WechatShop } from './wechat-shop.js';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** What the sandbox says of a contract. */
export interface Seen {
  readonly contractId: string;
  readonly state: string;
  readonly endedBy?: string;
  readonly notices: readonly { amount: number }[];
  readonly debits: readonly { number: string; amount: number; outcome: string; code?: string }[];
}

/** A person who subscribes in a shop whose business time the test holds: it begins in a morning in China. */
export class WechatSubscriber {
  /** Business time. */
  now: Date;
  #serial = 100;

  private constructor(
    private readonly bench: Bench,
    readonly shop: WechatShop,
  ) {
    const tomorrow = Math.floor((Date.now() + 8 * HOUR) / DAY) + 1;
    this.now = new Date(tomorrow * DAY - 8 * HOUR + 10 * HOUR);
  }

  static async open(bench: Bench): Promise<WechatSubscriber> {
    const subscriber = new WechatSubscriber(bench, await WechatShop.open(bench, 'public_key'));
    await subscriber.at(subscriber.now);
    return subscriber;
  }

  get mandates() {
    return this.shop.wechat.mandates;
  }

  close(): Promise<void> {
    return this.shop.close();
  }

  /** Business time moves on to that; what is due until then happens. */
  async at(now: Date): Promise<void> {
    this.now = now;
    const { platform, merchantId } = this.shop.accounts.merchant;
    await this.bench.act('clock', { accounts: [{ platform, merchantId }], now: now.toISOString() });
  }

  pass(milliseconds: number): Promise<void> {
    return this.at(new Date(this.now.getTime() + milliseconds));
  }

  /** Matches a time that is now: the sandbox's clock goes on while a test runs. */
  get about(): object {
    const isNow = (time: unknown): boolean =>
      time instanceof Date && Math.abs(time.getTime() - this.now.getTime()) < 60_000;
    return { asymmetricMatch: isNow };
  }

  terms(over: Partial<MandateTerms> = {}): MandateTerms {
    return {
      number: newNumber(),
      serial: ++this.#serial,
      payer: this.shop.payer,
      subject: '一个月会员',
      amount: toFen(990),
      mostAmount: toFen(990),
      recurring: { interval: 'month', intervalCount: 1 },
      firstDebitAt: new Date(this.now.getTime() + 30 * DAY).toISOString(),
      expiresAt: new Date(this.now.getTime() + HOUR).toISOString(),
      notifyUrl: this.shop.order().notifyUrl,
      settings: this.mandates.testSettings,
      contractId: null,
      signedAt: null,
      ...over,
    };
  }

  /** An attempt under those terms. */
  attempt(kind: AttemptMandate['kind'], terms: MandateTerms, over: Partial<PayOrder> = {}): PayOrder {
    const expiresAt = new Date(this.now.getTime() + (kind === 'first' ? HOUR : 7 * DAY));
    return this.shop.order({ mandate: { kind, terms }, settings: terms.settings, expiresAt, ...over });
  }

  submit(order: PayOrder, through = this.shop.payments) {
    return through.submit(this.shop.accounts, order, this.now);
  }

  /** What the client's function gives. */
  visit(clientAction: ClientAction, outcome: 'pay' | 'cancel' | 'fail', over = {}): Promise<Record<string, unknown>> {
    return this.bench.act('cashier', { clientAction, outcome, user: 'ming', ...over });
  }

  /** The person signs on the page that pays nothing. */
  async signed(over: Partial<MandateTerms> = {}): Promise<MandateTerms> {
    const terms = this.terms(over);
    await this.visit(this.mandates.signAction(this.shop.accounts, terms), 'pay');
    const state = await this.mandates.query(this.shop.accounts, terms);
    if (state.kind !== 'active') throw new Error(state.kind);
    return { ...terms, contractId: state.contractId, signedAt: state.signedAt.toISOString() };
  }

  /** The person is told, and the window is open. */
  async announced(terms: MandateTerms): Promise<void> {
    await this.mandates.notice(this.shop.accounts, terms, { amount: terms.amount });
    await this.pass(2 * DAY);
  }

  wallet(balance: 'full' | 'empty', times?: number): Promise<object> {
    const { platform, platformAppId } = this.shop.accounts.program;
    return this.bench.act('wallet', { platform, platformAppId, user: 'ming', balance, ...(times && { times }) });
  }

  contract({ number }: MandateTerms, does = 'read', by = 'user'): Promise<Seen> {
    return this.bench.act('contract', { platform: 'wechat', number, does, by });
  }

  /** What the platform has told of an attempt. */
  async told({ number }: PayOrder): Promise<object> {
    const { content } = await this.shop.told('v2.payment', (one) => 'number' in one.content && one.content.number === number); // prettier-ignore
    return 'state' in content ? content.state : content;
  }
}
