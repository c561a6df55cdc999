import { z } from 'zod';
import type { Fen } from '../../../../common/money.js';
import { PlatformError } from '../../../errors.js';
import type { MandateTerms } from '../../../mandate-platform.js';
import type { Closing, PayAccounts, PayOrder, Submission } from '../../../payment-platform.js';
import { queryOrder } from '../orders.js';
import { errorOf, type Refusal } from '../pay.errors.js';
import { contractIdOf } from './contracts.js';
import { orderFields } from './order-fields.js';
import type { PapayApi } from './v2.api.js';

const NO_CONTRACT = { code: 'CONTRACT_NOT_EXIST', detail: 'The contract is not signed, or it is over.' } as const;

/**
 * Asks for the debit. An answer that accepts it says nothing about money: that comes by callback, or by query. WeChat Pay
 * debits once for one number, so every doubt is met with a repeat (docs: papay, FAQ).
 */
export async function submitDebit(
  api: PapayApi,
  accounts: PayAccounts,
  order: PayOrder,
  terms: MandateTerms,
): Promise<Submission> {
  const contractId = await contractIdOf(api, accounts, terms);
  if (contractId === undefined) return { kind: 'refused', platformCode: NO_CONTRACT.code, detail: NO_CONTRACT.detail };
  const { merchant } = accounts;
  const outcome = await api.change(merchant, {
    path: '/pay/pappayapply',
    operation: 'pappayapply',
    fields: { ...orderFields(accounts, order), trade_type: 'PAP', contract_id: contractId },
    // The call documents no `sign_type`.
    signType: 'MD5',
  });
  if (outcome.kind === 'answer') return ACCEPTED;
  const { means } = outcome.refusal;
  if (means === 'paid') return { kind: 'paid' };
  if (means === 'unknown' || means === 'busy' || means === 'too_fast' || means === 'misconfigured') {
    throw errorOf(merchant, outcome.refusal);
  }
  return whetherRefused(api, accounts, order, outcome.refusal);
}

const ACCEPTED: Submission = { kind: 'ready', handle: '', handleExpiresAt: null };

/**
 * A refusal is final only while nothing is under way under this number: when the answer to the first try is lost, the repeat
 * is refused because the template allows no second debit, and to call that refused would debit twice.
 */
async function whetherRefused(
  api: PapayApi,
  accounts: PayAccounts,
  order: PayOrder,
  refusal: Refusal,
): Promise<Submission> {
  const state = await queryOrder(api.v3, accounts, order);
  if (state.kind === 'succeeded') return { kind: 'paid' };
  if (state.kind === 'pending') return ACCEPTED;
  // Taken by something that cannot be seen (yet).
  if (refusal.means === 'exists' && state.kind === 'absent') throw errorOf(accounts.merchant, refusal);
  // It was made, and has failed since: that says more than that the number is in use.
  const platformCode = state.kind === 'failed' ? state.platformCode : refusal.code;
  return { kind: 'refused', platformCode, detail: refusal.detail };
}

/** Nobody can call a debit off once it is accepted; WeChat Pay ends it by itself, after 24 h where it waits that long. */
export const closeDebit = ({ expiresAt }: PayOrder): Closing => ({ kind: 'waits', until: expiresAt });

/**
 * Tells the person of the next debit (docs: papay, pre-deduct notice): not more than `amount` may be debited then, from the
 * second day after today on, for seven days.
 */
export async function noticeDebit(
  api: PapayApi,
  accounts: PayAccounts,
  terms: MandateTerms,
  amount: Fen,
): Promise<void> {
  const { program, merchant } = accounts;
  const contractId = await contractIdOf(api, accounts, terms);
  if (contractId === undefined) {
    const told = { platformCode: NO_CONTRACT.code, detail: NO_CONTRACT.detail };
    throw new PlatformError('platform_refused', merchant, told);
  }
  const body = {
    mchid: merchant.merchantId,
    appid: program.platformAppId,
    estimated_amount: { amount, currency: 'CNY' },
  };
  const path = `/v3/papay/contracts/${encodeURIComponent(contractId)}/notify`;
  const request = { method: 'POST', path, operation: 'papay-notify', body } as const;
  const outcome = await api.v3.change(merchant, request, z.unknown());
  if (outcome.kind === 'answer' || wasGiven(outcome.refusal)) return;
  throw errorOf(merchant, outcome.refusal);
}

/**
 * Whether there is a notice already in this cycle, from a try whose answer was lost. Only the words of WeChat Pay say so, which
 * may change: if they are misread, the debit is refused as one without a notice, and a new window is opened.
 */
const wasGiven = ({ code, message }: Refusal): boolean =>
  code === 'INVALID_REQUEST' && /已.{0,6}(?:发送|通知|下发)|重复|already/i.test(message);
