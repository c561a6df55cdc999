import type { Account } from '../core/accounts.js';
import { type Agreement, paidOf } from './agreement.js';
import type { AgreementLookup } from './agreement-lookup.js';
import { countField, isPlannable, movedTo, type Plan, positiveAmount } from './agreement-plan.js';
import type { Agreements } from './agreements.js';
import { chinaDate } from './china-date.js';
import { AlipayError } from './errors.js';
import type { Fields } from './fields.js';
import type { Operation } from './methods.js';
import { invalidField, required, textField } from './trade-fields.js';

/** Docs until 2020; newer ones know no limit. */
const MOST_CHANGES = 10;

/** What a merchant may change of a cycle agreement without asking the person again. */
export class AgreementChanges {
  constructor(
    private readonly agreements: Agreements,
    private readonly lookup: AgreementLookup,
  ) {}

  /** `alipay.user.agreement.executionplan.modify`: the next debit, and so all after it, on a later day. */
  readonly day: Operation = ({ account, content }) => {
    const { agreement, plan } = this.#planned(account, content);
    const date = required(textField(content, 'deduct_time', 32), 'deduct_time');
    textField(content, 'memo', 512);
    const isLater = date > plan.nextDate && date >= chinaDate(this.agreements.now(agreement));
    // For too many changes no code is published; this one leaves the day as it is, too.
    if (!isPlannable(plan.periodType, date) || !isLater || plan.changes >= MOST_CHANGES)
      throw new AlipayError('ILLEGAL_EXECUTION_TIME');
    this.agreements.change({ ...agreement, plan: movedTo(plan, date) });
    return { agreement_no: agreement.agreementNo, deduct_time: date };
  };

  /** `alipay.user.agreement.cyclepayauthplans.modify`: how much, and how often. */
  readonly limits: Operation = ({ account, content }) => {
    const { agreement, plan } = this.#planned(account, content);
    const singleAmount = positiveAmount(content, 'single_amount');
    const totalPayments = countField(content, 'total_payments');
    if (singleAmount === undefined && totalPayments === undefined)
      throw invalidField('single_amount', '与total_payments不能同时为空');
    if (totalPayments !== undefined && totalPayments < paidOf(agreement).length)
      throw invalidField('total_payments', '不能小于已扣款次数');
    const changed: Plan = {
      ...plan,
      ...(singleAmount !== undefined && { singleAmount }),
      ...(totalPayments !== undefined && { totalPayments }),
    };
    this.agreements.change({ ...agreement, plan: changed });
    return {};
  };

  /** Throws AlipayError unless it is in force, and has a plan. */
  #planned(account: Account, content: Fields): { agreement: Agreement; plan: Plan } {
    const agreement = this.lookup.byNo(account, content);
    if (!agreement?.plan || this.agreements.statusOf(agreement) !== 'NORMAL')
      throw new AlipayError('ILLEGAL_AGREEMENT');
    return { agreement, plan: agreement.plan };
  }
}
