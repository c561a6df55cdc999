import { type Agreement, paidOf } from './agreement.js';
import type { Plan } from './agreement-plan.js';
import { agreementNamesOf, agreementTimesOf, logonOf, signerIdsOf } from './agreement-view.js';
import type { Agreements } from './agreements.js';
import type { AgreementLookup } from './agreement-lookup.js';
import { chinaTime } from './china-time.js';
import { AlipayError } from './errors.js';
import type { Fields } from './fields.js';
import type { Operation } from './methods.js';
import { yuanOf } from './money.js';
import { textField } from './trade-fields.js';

/**
 * `alipay.user.agreement.query`. Docs have a status only for agreements that are not over, and two codes for those that
 * were ended, without saying which is when: here one that is asked for by its own number has been unsigned, and by
 * anything else there is none. One whose time is over stays, as `STOP`.
 */
export const agreementQuery =
  (agreements: Agreements, lookup: AgreementLookup): Operation =>
  ({ account, content }) => {
    const agreementNo = textField(content, 'agreement_no', 64);
    const agreement = lookup.named(account, content);
    if (!agreement && agreementNo !== undefined && agreements.get(agreementNo))
      throw new AlipayError('AUTHOREE_IS_NOT_MATCH');
    if (!agreement) throw new AlipayError('USER_AGREEMENT_NOT_EXIST');
    const status = agreements.statusOf(agreement);
    if (status === 'UNSIGN')
      throw new AlipayError(agreementNo === undefined ? 'USER_AGREEMENT_NOT_EXIST' : 'AGREEMENT_HAS_UNSIGNED');
    return {
      ...agreementNamesOf(agreement),
      ...logonOf(agreement),
      status,
      third_party_type: 'PARTNER',
      pricipal_type: 'CARD', // sic
      ...signerIdsOf(account, agreement, 'principal'),
      ...agreementTimesOf(agreement),
      ...(agreement.plan && planFieldsOf(agreement, agreement.plan)),
    };
  };

function planFieldsOf(agreement: Agreement, plan: Plan): Fields {
  const paid = paidOf(agreement);
  const last = paid.at(-1);
  const singleAmount = yuanOf(plan.singleAmount);
  return {
    single_quota: singleAmount,
    next_deduct_time: plan.nextDate,
    ...(last && { last_deduct_time: chinaTime(last.at) }),
    execution_plans: [
      {
        period_id: String(paid.length + 1),
        execute_time: plan.nextDate,
        latest_execute_time: plan.nextDate,
        single_amount: singleAmount,
      },
    ],
  };
}
