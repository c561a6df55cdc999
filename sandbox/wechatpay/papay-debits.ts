import { z } from 'zod';
import type { Account, AccountBook } from '../core/accounts.js';
import type { World } from '../core/platform.js';
import type { RateWindow } from '../core/rate-window.js';
import type { Merchant } from './authorization.js';
import { text } from './fields.js';
import { newTransactionId } from './numbers.js';
import { type Order, type OrderBook, stateOf } from './order-book.js';
import { fingerprint } from './order-draft.js';
import { type Contract, type Debit, endOf } from './papay-contract.js';
import type { ContractBook } from './papay-contract-book.js';
import { debitTime } from './papay-debit-rules.js';
import type { Wallets } from './papay-wallets.js';
import { V2Error } from './v2-errors.js';
import { readV2, v2Fen, v2OrderNumber, v2Url } from './v2-fields.js';
import type { V2Notifications } from './v2-notifications.js';
import type { V2Fields, V2SignType } from './v2-signature.js';
import { v2PaymentNotice, v2QueryAnswer } from './v2-transaction.js';

const MOST_A_SECOND = 150;

const draftSchema = z.object({
  appid: text(32),
  mch_id: text(32),
  body: text(128),
  detail: text(8192).optional(),
  attach: text(128).optional(),
  out_trade_no: v2OrderNumber,
  total_fee: v2Fen,
  fee_type: z.literal('CNY').optional(),
  spbill_create_ip: z.union([z.ipv4(), z.ipv6()]).optional(),
  goods_tag: text(32).optional(),
  notify_url: v2Url,
  trade_type: z.literal('PAP'),
  contract_id: text(32),
  receipt: z.enum(['Y', 'N']).optional(),
});
type Draft = z.output<typeof draftSchema>;

const querySchema = z
  .object({ transaction_id: text(32).optional(), out_trade_no: v2OrderNumber.optional() })
  .refine((asked) => asked.transaction_id ?? asked.out_trade_no, { path: ['out_trade_no'] });

/** Names a debit in the data of a timer. */
interface DebitName {
  readonly mchid: string;
  readonly number: string;
}

export interface DebitsNeeds {
  readonly world: World;
  readonly orders: OrderBook;
  readonly contracts: ContractBook;
  readonly wallets: Wallets;
  readonly notifications: V2Notifications;
}

/** Debits under a contract: apply, query, and what becomes of them. They are orders that nobody opens. */
export class Debits {
  readonly #programs: AccountBook<object, Account>;
  readonly #perSecond: RateWindow;

  constructor(private readonly needs: DebitsNeeds) {
    this.#programs = needs.world.accounts('wechat');
    this.#perSecond = needs.world.rateWindow(1_000);
  }

  /** Success only says that it was accepted. The same number is debited once, however often it comes. Throws V2Error. */
  apply(fields: V2Fields, merchant: Merchant, signType: V2SignType): V2Fields {
    if (!this.#perSecond.take(merchant.merchantId, MOST_A_SECOND)) throw new V2Error('FREQUENCY_LIMITED');
    const draft = readV2(draftSchema, fields);
    const contract = this.needs.contracts.byId(draft.contract_id);
    if (contract?.mchid !== merchant.merchantId) throw new V2Error('CONTRACT_NOT_EXIST');
    const now = this.needs.world.businessNow(merchant);
    try {
      this.#requireBound(draft, contract, merchant);
      if (!this.#isRepeated(draft, now)) this.#accept(draft, contract, merchant, { now, signType });
      return {};
    } catch (error) {
      if (error instanceof V2Error) this.#note(contract, draft, { at: now, outcome: 'refused', code: error.code });
      throw error;
    }
  }

  query(fields: V2Fields, merchant: Merchant): V2Fields {
    const { transaction_id: id, out_trade_no: number = '' } = readV2(querySchema, fields);
    const { merchantId: mchid } = merchant;
    const order = id === undefined ? this.needs.orders.get(mchid, number) : this.needs.orders.byTransaction(id);
    if (order?.mchid !== mchid || !order.isDebit) throw new V2Error('ORDERNOTEXIST');
    return v2QueryAnswer(order, this.needs.world.businessNow(merchant));
  }

  /** The time of an accepted debit has come. Late or repeated calls change nothing. */
  readonly finish = ({ mchid, number }: DebitName, merchant: Merchant): void => {
    const order = this.needs.orders.get(mchid, number);
    const contract = this.needs.contracts.byId(order?.contractId ?? '');
    if (!order || !contract || contract.pending !== number) return;
    const at = this.needs.world.businessNow(merchant);
    const failure = this.#failureOf(order, contract, at);
    const ended: Order = failure ? { ...order, state: 'PAY_FAIL', failure } : this.#paid(order, at);
    if (failure) this.needs.orders.set(ended);
    const { pending: _, ...settled } = contract;
    this.#note(settled, { out_trade_no: number, total_fee: order.total }, outcomeOf(ended, at));
    this.needs.notifications.send(merchant, order.notifyUrl, {
      operation: failure ? 'TRANSACTION.FAIL' : 'TRANSACTION.SUCCESS',
      fields: v2PaymentNotice(ended),
      signType: order.v2?.signType ?? 'MD5',
    });
  };

  #requireBound({ appid }: Draft, contract: Contract, merchant: Merchant): void {
    if (this.#programs.get(appid)?.entity !== merchant.entity) throw new V2Error('APPID_MCHID_NOT_MATCH');
    if (appid !== contract.appid) throw new V2Error('PARAM_ERROR', 'appid与签约时的appid不一致');
  }

  /** Whether the same was accepted before and is on its way. Throws V2Error where the number is used up. */
  #isRepeated(draft: Draft, now: number): boolean {
    const order = this.needs.orders.get(draft.mch_id, draft.out_trade_no);
    if (!order) {
      if (this.needs.orders.isDead(draft.mch_id, draft.out_trade_no)) throw new V2Error('ORDERCLOSED');
      return false;
    }
    if (!order.isDebit || order.fingerprint !== fingerprint(draft)) throw new V2Error('OUT_TRADE_NO_USED');
    const state = stateOf(order, now);
    if (state === 'SUCCESS' || state === 'REFUND') throw new V2Error('ORDERPAID');
    if (state === 'PAY_FAIL') throw new V2Error('OUT_TRADE_NO_USED', '该订单已扣款失败，请使用新的商户订单号');
    return true;
  }

  #accept(draft: Draft, contract: Contract, merchant: Merchant, asked: { now: number; signType: V2SignType }): void {
    const at = debitTime(contract, draft.total_fee, asked.now);
    const order = orderOf(draft, contract, asked);
    this.needs.orders.set({ ...order, state: at > asked.now ? 'ACCEPT' : 'NOTPAY' });
    this.needs.contracts.set({ ...contract, pending: order.number });
    const data: DebitName = { mchid: order.mchid, number: order.number };
    this.needs.world.at(merchant, { key: `debit/${order.number}`, name: 'debit', at, data });
  }

  #failureOf({ appid, openid }: Order, contract: Contract, at: number): Order['failure'] {
    if (endOf(contract, at)) return { code: 'CONTRACT_NOT_EXIST', message: '签约协议已解约' };
    return this.needs.wallets.hasMoney(appid, openid) ? undefined : { code: 'NOTENOUGH', message: '用户账户余额不足' };
  }

  #paid(order: Order, at: number): Order {
    return this.needs.orders.pay(order, { transactionId: newTransactionId(at), at });
  }

  #note(
    contract: Contract,
    { out_trade_no: number, total_fee: amount }: Pick<Draft, 'out_trade_no' | 'total_fee'>,
    end: Omit<Debit, 'number' | 'amount'>,
  ): void {
    this.needs.contracts.set({ ...contract, debits: [...contract.debits, { number, amount, ...end }] });
  }
}

const outcomeOf = ({ failure }: Order, at: number): Omit<Debit, 'number' | 'amount'> =>
  failure ? { at, outcome: 'failed', code: failure.code } : { at, outcome: 'paid' };

function orderOf(draft: Draft, contract: Contract, { now, signType }: { now: number; signType: V2SignType }): Order {
  const { attach } = draft;
  return {
    mchid: draft.mch_id,
    appid: draft.appid,
    number: draft.out_trade_no,
    openid: contract.openid,
    total: draft.total_fee,
    notifyUrl: draft.notify_url,
    ...(attach && { attach }),
    fingerprint: fingerprint(draft),
    createdAt: now,
    payUntil: now,
    state: 'NOTPAY',
    v2: { signType },
    contractId: contract.contractId,
    isDebit: true,
    refunded: 0,
    refunds: 0,
  };
}
