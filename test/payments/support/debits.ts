import { CallbackContents } from '../../../src/payments/callback-contents.js';
import { InvoicePayments, type InvoicePaymentDraft } from '../../../src/payments/invoice-payments.js';
import { randomInt } from 'node:crypto';
import { newId, newNumber } from '../../../src/common/ids.js';
import { toFen } from '../../../src/common/money.js';
import type { ContentOf } from '../../../src/platforms/callback.js';
import type { MandateState, MandateTerms, PlatformMandates } from '../../../src/platforms/mandate-platform.js';
import type { PayAccounts, PayState } from '../../../src/platforms/payment-platform.js';
import { PayAccountsBook } from '../../../src/payments/pay-accounts.js';
import { Platforms } from '../../../src/platforms/registry.js';
import { Apps } from '../../../src/tenancy/apps.service.js';
import type { Shop } from './shop.js';

const DAY_MS = 86_400_000;

/** What an upper domain does with a shop's user. Without `signed` WeChat knows nothing of the contract. */
export class Debtor {
  private constructor(
    readonly shop: Shop,
    readonly terms: MandateTerms,
  ) {}

  static async of(shop: Shop): Promise<Debtor> {
    const [identity] = await shop.minibase.database.dataSource.query<{ openid: string }[]>(
      `select openid from identities where app_id = $1 and platform = 'wechat'`,
      [shop.app.appId],
    );
    return new Debtor(shop, {
      number: newNumber(),
      serial: randomInt(1, 1_000_000_000),
      payer: identity!.openid,
      subject: 'Pro, monthly',
      amount: toFen(1_900),
      mostAmount: toFen(3_800),
      recurring: { interval: 'month', intervalCount: 1 },
      firstDebitAt: new Date(Date.now() + 30 * DAY_MS).toISOString(),
      expiresAt: new Date(Date.now() + DAY_MS).toISOString(),
      notifyUrl: `${shop.minibase.url}/callbacks/${shop.merchants.wechat!.id}`,
      settings: { planId: '100001' },
      contractId: '202611210000000001',
      signedAt: new Date().toISOString(),
    });
  }

  /** Of a person who has signed such a contract in the sandbox. */
  static async signed(shop: Shop): Promise<Debtor> {
    const { terms } = await Debtor.of(shop);
    const asked = new Debtor(shop, { ...terms, contractId: null, signedAt: null });
    await shop.cashier(asked.mandates.signAction(await asked.accounts(), asked.terms, new Date()));
    const state = await asked.contract();
    if (state.kind !== 'active') throw new Error(`the contract is ${state.kind}`);
    const { contractId, signedAt } = state;
    return new Debtor(shop, { ...terms, contractId, signedAt: signedAt.toISOString() });
  }

  get mandates(): PlatformMandates {
    return this.shop.minibase.app.get(Platforms, { strict: false }).mandates('wechat');
  }

  /** What WeChat says of the contract. */
  async contract(): Promise<MandateState> {
    return this.mandates.query(await this.accounts(), this.terms);
  }

  async accounts(): Promise<PayAccounts> {
    const { programs } = this.shop.app;
    const merchantAccountId = this.shop.merchants.wechat!.id;
    const book = this.shop.minibase.app.get(PayAccountsBook, { strict: false });
    return book.of(await this.app(), { platformAccountId: programs.wechat.id, merchantAccountId });
  }

  /** A contract that nobody has signed. */
  unsigned(): Debtor {
    return new Debtor(this.shop, { ...this.terms, number: newNumber(), contractId: null, signedAt: null });
  }

  get invoices(): InvoicePayments {
    return this.shop.minibase.app.get(InvoicePayments, { strict: false });
  }

  app() {
    return this.shop.minibase.app.get(Apps, { strict: false }).record(this.shop.app.appId);
  }

  async plan() {
    return this.invoices.planDebit(await this.app(), {
      userId: this.shop.login.user.id,
      platformAccountId: this.shop.app.programs.wechat.id,
      merchantAccountId: this.shop.merchants.wechat!.id,
      terms: this.terms,
    });
  }

  /** A debit of 19 yuan that was written; nobody has told the platform. */
  async debit(over: Partial<InvoicePaymentDraft> = {}) {
    const app = await this.app();
    const draft: InvoicePaymentDraft = {
      userId: this.shop.login.user.id,
      amount: toFen(1_900),
      subject: 'Pro, monthly',
      reference: newId('invoice'),
      expiresAt: new Date(Date.now() + app.clockOffset + DAY_MS),
      plan: await this.plan(),
      ...over,
    };
    return this.shop.minibase.database.transaction((tx) => this.invoices.create(tx, app, draft));
  }

  /** The content of a verified callback of WeChat, as its adapter reads it. */
  async hear(content: ContentOf<'payment' | 'refund'>) {
    const app = await this.app();
    const contents = this.shop.minibase.app.get(CallbackContents, { strict: false });
    const arrival = { app, platform: 'wechat', accountId: this.shop.merchants.wechat!.id } as const;
    return this.shop.minibase.database.transaction((tx) => contents.apply(tx, arrival, content));
  }

  tell(number: string, state: PayState) {
    return this.hear({ kind: 'payment', number, state });
  }

  /** WeChat says that the debit has brought its money. */
  success(number: string, amount = 1_900): Promise<unknown> {
    const paid = { transactionId: `42000${number}`, paidAt: new Date(), amount: toFen(amount), currency: 'CNY' };
    return this.tell(number, { kind: 'succeeded', paid });
  }
}
