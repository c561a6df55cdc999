import { fenToYuan } from '../../common/money.js';
import { shaped } from '../answers.js';
import { PlatformError } from '../errors.js';
import type { Closing, PaidFacts, PayAccounts, PayOrder, PayState, Submission } from '../payment-platform.js';
import type { PlatformAccount } from '../platform.js';
import type { AlipayGateway } from './alipay.gateway.js';
import { beijingTime, type GatewayCall } from './alipay.request.js';
import { settingsFields } from './alipay.settings.js';
import { CLOSE_ERRORS, codeOf, CREATE_ERRORS, meaningOf } from './alipay.trade.errors.js';
import { CreatedTrade, QueriedTrade } from './alipay.trade.wire.js';

/** The old `user_id`; an `open_id` never looks like it. Apps are given the one or the other, never asked which. */
export const USER_ID = /^2088\d{12}$/;
/** Alipay refuses these in a subject (docs: alipay.trade.create); their wide forms read the same. */
const WIDE: Readonly<Record<string, string>> = { '/': '／', '=': '＝', '&': '＆' };

/** `alipay.trade.create`: the order exists at Alipay from then on, as one that its payer alone can pay. */
export async function createTrade(gateway: AlipayGateway, accounts: PayAccounts, order: PayOrder): Promise<Submission> {
  const { program } = accounts;
  const { node, refusal } = await gateway.act(program, creationOf(accounts, order));
  if (refusal) {
    const meaning = meaningOf(program, refusal, CREATE_ERRORS);
    if (meaning.kind === 'settled') return { kind: 'paid' };
    return { kind: 'refused', platformCode: codeOf(refusal), detail: meaning.detail };
  }
  const created = CreatedTrade.safeParse(node);
  // The order may be there: what Alipay says when it gets it once more will tell.
  if (!created.success || (created.data.out_trade_no ?? order.number) !== order.number)
    throw new PlatformError('platform_unknown', program, { detail: 'Alipay accepted the order without naming it.' });
  // A trade_no does not run out before the order does.
  return { kind: 'ready', handle: created.data.trade_no, handleExpiresAt: null };
}

/**
 * Nothing in it is of the moment (the signature and its timestamp are around it): the same row gives the same bytes, so a
 * repeat gives the same trade.
 */
export function creationOf({ program, merchant }: PayAccounts, order: PayOrder): GatewayCall {
  return {
    method: 'alipay.trade.create',
    // There is no address in the console for payments: without this, nobody is told.
    params: { notify_url: order.notifyUrl },
    bizContent: {
      out_trade_no: order.number,
      total_amount: fenToYuan(order.amount),
      subject: readableSubject(order.subject),
      [USER_ID.test(order.payer) ? 'buyer_id' : 'buyer_open_id']: order.payer,
      seller_id: merchant.merchantId,
      time_expire: beijingTime(order.expiresAt),
      ...settingsFields(order.settings, program.platformAppId),
    },
  };
}

/** A subject that Alipay takes. */
export const readableSubject = (subject: string): string =>
  subject.replace(/[/=&]/g, (forbidden) => WIDE[forbidden] ?? ' ').replace(/\p{Cc}+/gu, ' ');

/** `alipay.trade.query`, by our number: what has it is our order, whatever trade_no it got. */
export async function queryTrade(gateway: AlipayGateway, program: PlatformAccount, order: PayOrder): Promise<PayState> {
  const call = { method: 'alipay.trade.query', bizContent: { out_trade_no: order.number } };
  const { node, refusal } = await gateway.ask(program, call);
  if (!refusal) return stateOf(program, order, shaped(program, node, QueriedTrade));
  const meaning = meaningOf(program, refusal, CREATE_ERRORS);
  if (meaning.kind === 'absent') return { kind: 'absent' };
  throw new PlatformError('platform_refused', program, { platformCode: codeOf(refusal), detail: meaning.detail });
}

function stateOf(program: PlatformAccount, order: PayOrder, trade: QueriedTrade): PayState {
  if (trade.out_trade_no !== order.number) throw unreadable(program, 'Alipay answered for another order.');
  switch (trade.trade_status) {
    case 'WAIT_BUYER_PAY':
      return { kind: 'pending' };
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      return { kind: 'succeeded', paid: factsOf(program, order, trade) };
    case 'TRADE_CLOSED':
      // Closed without money, or given back in full. What was paid stays paid; refunds are counted apart.
      return trade.send_pay_date ? { kind: 'succeeded', paid: factsOf(program, order, trade) } : { kind: 'closed' };
    default:
      throw unreadable(program, 'Alipay names a status of the trade that is not in its documentation.');
  }
}

function factsOf(program: PlatformAccount, order: PayOrder, trade: QueriedTrade): PaidFacts {
  if (!trade.send_pay_date) throw unreadable(program, 'Alipay calls the trade paid, but not when (send_pay_date).');
  // The id in the form in which we hold it; an app that moves from user_id to open_id is told either or both.
  const payer = USER_ID.test(order.payer) ? trade.buyer_user_id : trade.buyer_open_id;
  return {
    transactionId: trade.trade_no,
    paidAt: trade.send_pay_date,
    amount: trade.total_amount,
    // Every trade in a mini-program is in CNY; other currencies have fields of their own (trans_currency).
    currency: 'CNY',
    ...(payer === undefined ? {} : { payer }),
  };
}

const unreadable = (program: PlatformAccount, detail: string): PlatformError =>
  new PlatformError('platform_answer_invalid', program, { detail });

/** `alipay.trade.close`, for an order that nobody has paid. */
export async function closeTrade(gateway: AlipayGateway, program: PlatformAccount, order: PayOrder): Promise<Closing> {
  const call = { method: 'alipay.trade.close', bizContent: { out_trade_no: order.number } };
  const { refusal } = await gateway.act(program, call);
  if (!refusal) return { kind: 'closed' };
  const meaning = meaningOf(program, refusal, CLOSE_ERRORS);
  switch (meaning.kind) {
    // Paid, or closed by itself a moment ago. A question tells.
    case 'settled':
      return { kind: 'paid' };
    case 'absent':
      // Nobody was ever given its trade_no, and nobody can pay without: even an order of ours that is still on its way
      // to Alipay will be payable by nobody. If we hold a trade_no, Alipay contradicts itself: let the time run out. A
      // debit needs nobody: one that is still on its way would be made.
      return order.handle === null && !order.mandate ? { kind: 'closed' } : { kind: 'waits', until: order.expiresAt };
    default:
      throw new PlatformError('platform_refused', program, { platformCode: codeOf(refusal), detail: meaning.detail });
  }
}
