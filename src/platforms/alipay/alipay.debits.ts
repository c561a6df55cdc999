import { fenToYuan } from '../../common/money.js';
import type { AttemptMandate } from '../mandate-platform.js';
import type { PayAccounts, PayOrder, PayState, Submission } from '../payment-platform.js';
import type { PlatformAccount } from '../platform.js';
import { outcomeUnknown } from './alipay.answers.js';
import { DEBIT_ERRORS } from './alipay.debits.errors.js';
import type { AlipayGateway } from './alipay.gateway.js';
import type { GatewayCall } from './alipay.request.js';
import type { AlipaySettings } from './alipay.settings.js';
import { codeOf, meaningOf } from './alipay.trade.errors.js';
import { closeTrade, queryTrade, readableSubject } from './alipay.trade.js';

/** "Order success, pay in process": money may move yet. */
const IN_PROCESS = '10003';

const PAID: Submission = { kind: 'paid' };
const ACCEPTED: Submission = { kind: 'ready', handle: '', handleExpiresAt: null };

/** `alipay.trade.pay` under an agreement: nobody is there. The same number debits once, however often it is sent. */
export async function submitDebit(gateway: AlipayGateway, accounts: PayAccounts, order: PayOrder): Promise<Submission> {
  const { program } = accounts;
  const { refusal } = await gateway.act(program, debitOf(accounts, order));
  if (!refusal) return PAID;
  if (refusal.code === IN_PROCESS && refusal.subCode === undefined) return ACCEPTED;
  const meaning = meaningOf(program, refusal, DEBIT_ERRORS);
  if (meaning.kind === 'settled') return PAID;
  const refused: Submission = { kind: 'refused', platformCode: codeOf(refusal), detail: meaning.detail };
  try {
    return await unlessDone(gateway, program, order, refused);
  } catch (error) {
    throw outcomeUnknown(program, error);
  }
}

/**
 * `refused`, unless Alipay has the money. A debit whose answer was lost may be refused when it is sent again (its plan
 * has gone on to the next period, the user's money is spent), and whoever believes that debits twice.
 */
async function unlessDone(
  gateway: AlipayGateway,
  program: PlatformAccount,
  order: PayOrder,
  refused: Submission,
): Promise<Submission> {
  const state = await queryTrade(gateway, program, order);
  if (state.kind === 'succeeded') return PAID;
  if (state.kind !== 'pending') return refused;
  // A trade that waits for money could still get it.
  const closing = await closeTrade(gateway, program, order);
  return closing.kind === 'closed' ? refused : ACCEPTED;
}

/** Nothing in it is of the moment: the same row gives the same bytes. */
function debitOf({ merchant }: PayAccounts, order: PayOrder): GatewayCall {
  const { cycleProductCode, body, storeId } = order.settings as AlipaySettings;
  return {
    method: 'alipay.trade.pay',
    params: { notify_url: order.notifyUrl },
    bizContent: {
      out_trade_no: order.number,
      total_amount: fenToYuan(order.amount),
      subject: readableSubject(order.subject),
      product_code: cycleProductCode,
      agreement_params: { agreement_no: contractIdOf(order) },
      seller_id: merchant.merchantId,
      ...(body !== undefined && { body }),
      ...(storeId !== undefined && { store_id: storeId }),
    },
  };
}

function contractIdOf({ number, mandate }: PayOrder): string {
  if (mandate?.terms.contractId) return mandate.terms.contractId;
  throw new Error(`the debit ${number} has no agreement under which to be made`);
}

/** A trade of a debit that is closed without money: the debit did not succeed. */
export const debitState = (state: PayState): PayState =>
  state.kind === 'closed' ? { kind: 'failed', platformCode: 'TRADE_CLOSED' } : state;

export const isDebit = ({ mandate }: { readonly mandate?: AttemptMandate }): boolean => mandate?.kind === 'debit';
