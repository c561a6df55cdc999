import type { Account } from '../core/accounts.js';
import type { World } from '../core/platform.js';
import type { Agreement, Debit } from './agreement.js';
import { isDebitable } from './agreement-draft.js';
import { afterFailure, afterSuccess } from './agreement-plan.js';
import type { Agreements } from './agreements.js';
import { type DebitDraft, readDebitDraft } from './debit-draft.js';
import { debitRefusalOf } from './debit-rules.js';
import { paidFieldsOf, waitingFieldsOf } from './debit-view.js';
import type { AlipayCredentials } from './developer-console.js';
import { AlipayError } from './errors.js';
import type { Fields } from './fields.js';
import type { Merchants } from './merchants.js';
import type { Operation } from './methods.js';
import type { Trade } from './trade.js';
import { checkRepeat } from './trade-create.js';
import { invalidField } from './trade-fields.js';
import type { TradePayment } from './trade-payment.js';
import type { Trades } from './trades.js';
import type { Wallets } from './wallets.js';

/** How long the manner `later` takes. */
const DELAY = 60_000;

/**
 * `alipay.trade.pay` under an agreement. A debit that is decided at once and comes to nothing leaves no trade; one that
 * was under way leaves a closed one.
 */
export class Debits {
  constructor(
    private readonly world: World,
    private readonly trades: Trades,
    private readonly agreements: Agreements,
    private readonly merchants: Merchants,
    private readonly wallets: Wallets,
    private readonly payment: TradePayment,
  ) {}

  readonly run: Operation = (input) => {
    const draft = readDebitDraft(input);
    const { account } = input;
    const sellerId = this.merchants.sellerOf(account, draft.sellerId);
    const existing = this.trades.byNumber(sellerId, draft.fields.outTradeNo);
    if (existing) {
      checkRepeat(existing, draft.fields.asked, this.trades.now(existing));
      return waitingFieldsOf(account, existing);
    }
    const agreement = this.agreements.get(draft.agreementNo);
    if (agreement?.platformAppId !== account.platformAppId) throw new AlipayError('ACQ.AGREEMENT_NOT_EXIST');
    if (!isDebitable(agreement, draft.productCode)) throw invalidField('product_code', '与协议不一致');
    const trade = this.#tradeOf(agreement, draft, sellerId);
    return account.credentials.debits === 'later' ? this.#begin(account, agreement, trade) : this.#pay(account, trade);
  };

  /** The timer of a debit that took its time: what counts is the moment in which the money moves. */
  readonly done = ({ tradeNo }: { tradeNo: string }): void => {
    const trade = this.trades.get(tradeNo);
    if (!trade || trade.paidAt !== undefined || trade.closedAt !== undefined) return;
    if (this.#settle(trade) === undefined) this.payment.pay(trade);
    else this.payment.fail(trade);
  };

  #pay(account: Account<AlipayCredentials>, trade: Trade): Fields {
    const code = this.#settle(trade);
    if (code !== undefined) throw new AlipayError(code);
    this.trades.add(trade);
    return paidFieldsOf(account, this.payment.pay(trade));
  }

  #begin(account: Account<AlipayCredentials>, agreement: Agreement, trade: Trade): Fields {
    const code = this.#isBusy(agreement)
      ? 'ACQ.OVER_MAX_UNDER_WAY_DEDUCT_COUNT'
      : debitRefusalOf(agreement, trade.totalAmount, trade.createdAt);
    if (code !== undefined) {
      this.#record(agreement, trade, 'refused', code);
      throw new AlipayError(code);
    }
    this.trades.add(trade);
    this.agreements.change({ ...agreement, underWay: trade.tradeNo });
    const { tradeNo } = trade;
    this.world.at(account, {
      key: `debit/${tradeNo}`,
      name: 'debitDone',
      at: trade.createdAt + DELAY,
      data: { tradeNo },
    });
    return waitingFieldsOf(account, trade);
  }

  /** Whether a debit of it has neither been paid nor failed. */
  #isBusy({ underWay = '' }: Agreement): boolean {
    const trade = this.trades.get(underWay);
    return trade !== undefined && trade.paidAt === undefined && trade.closedAt === undefined;
  }

  /** Decides about a debit now, and lets the agreement remember it; the code of what stands in the way. */
  #settle(trade: Trade): string | undefined {
    const agreement = this.agreements.require(trade.agreementNo);
    const refusal = debitRefusalOf(agreement, trade.totalAmount, this.agreements.now(agreement));
    const hasMoney = refusal !== undefined || this.wallets.take(agreement.platformAppId, agreement.user);
    const code = hasMoney ? refusal : 'ACQ.BUYER_BALANCE_NOT_ENOUGH';
    this.#record(agreement, trade, refusal !== undefined ? 'refused' : hasMoney ? 'paid' : 'failed', code);
    return code;
  }

  #record(agreement: Agreement, trade: Trade, outcome: Debit['outcome'], code?: string): void {
    const { outTradeNo: number, totalAmount: amount } = trade;
    const debit = { number, amount, at: this.agreements.now(agreement), outcome, ...(code !== undefined && { code }) };
    const { plan } = agreement;
    const moved = plan && (outcome === 'paid' ? afterSuccess(plan) : outcome === 'failed' ? afterFailure(plan) : plan);
    this.agreements.change({ ...agreement, ...(moved && { plan: moved }), debits: [...agreement.debits, debit] });
  }

  #tradeOf(agreement: Agreement, { fields }: DebitDraft, sellerId: string): Trade {
    const { agreementNo, externalAgreementNo, platformAppId, user } = agreement;
    const now = this.agreements.now(agreement);
    return {
      ...fields,
      tradeNo: this.trades.newTradeNo(now),
      platformAppId,
      sellerId,
      user,
      agreementNo,
      ...(externalAgreementNo !== undefined && { externalAgreementNo }),
      createdAt: now,
      // It never gets so old unpaid.
      expiresAt: now + 2 * DELAY,
      refunds: [],
    };
  }
}
