import { addDays, addMonths, chinaDate, dayOfMonth, isChinaDate } from './china-date.js';
import type { Fields } from './fields.js';
import { amountField, invalidField, required, textField } from './trade-fields.js';

const SHORTEST_DAYS = 7;
/** Months have that day without exception. */
const LAST_DAY = 28;
/** How many days before the planned one a debit may come (docs; older ones say three). */
const EARLIEST = 5;

/** When, how often and how much may be debited under a cycle agreement. Amounts are fen, days `yyyy-MM-dd` in China. */
export interface Plan {
  readonly periodType: 'DAY' | 'MONTH';
  readonly period: number;
  readonly singleAmount: number;
  /** What all debits together may take. */
  readonly totalAmount?: number;
  /** How many debits there may be. */
  readonly totalPayments?: number;
  /** The day for which the next debit is planned. */
  readonly nextDate: string;
  /** Tries that found no money since `nextDate` was set. */
  readonly failures: number;
  /** How often the merchant moved the day. */
  readonly changes: number;
}

/** Of `period_rule_params`, on the day `today`. Throws AlipayError. */
export function readPlan(rules: Fields, today: string): Plan {
  const periodType = required(textField(rules, 'period_type', 20), 'period_type');
  if (periodType !== 'DAY' && periodType !== 'MONTH') throw invalidField('period_type', '取值为DAY或MONTH');
  const period = required(countField(rules, 'period'), 'period');
  if (periodType === 'DAY' && period < SHORTEST_DAYS) throw invalidField('period', '周期类型为DAY时不能小于7');
  const nextDate = required(textField(rules, 'execute_time', 32), 'execute_time');
  if (!isPlannable(periodType, nextDate)) throw invalidField('execute_time', '格式应为yyyy-MM-dd，按月扣款时为1～28日');
  if (nextDate < today) throw invalidField('execute_time', '不能早于当天');
  // Docs speak of at most 100 yuan unless the merchant's contract says else; here every contract does.
  const singleAmount = required(positiveAmount(rules, 'single_amount'), 'single_amount');
  const [totalAmount, totalPayments] = [positiveAmount(rules, 'total_amount'), countField(rules, 'total_payments')];
  return {
    periodType,
    period,
    singleAmount,
    ...(totalAmount !== undefined && { totalAmount }),
    ...(totalPayments !== undefined && { totalPayments }),
    nextDate,
    failures: 0,
    changes: 0,
  };
}

/** A whole number of at least 1, which comes as text or as a JSON number; undefined when left out. Throws AlipayError. */
export function countField(content: Fields, name: string): number | undefined {
  const value = content[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (!/^[1-9]\d{0,5}$/.test(typeof value === 'number' ? String(value) : typeof value === 'string' ? value : ''))
    throw invalidField(name, '应为正整数');
  return Number(value);
}

/** More than nothing; undefined when left out. Throws AlipayError. */
export function positiveAmount(content: Fields, name: string): number | undefined {
  const amount = amountField(content, name);
  if (amount === 0) throw invalidField(name, '不能小于0.01');
  return amount;
}

/** Whether debits of that kind can be planned for `date`. */
export const isPlannable = (periodType: Plan['periodType'], date: string): boolean =>
  isChinaDate(date) && (periodType === 'DAY' || dayOfMonth(date) <= LAST_DAY);

/** From five days before the planned day until its end. */
export function isInWindow({ nextDate }: Plan, now: number): boolean {
  const today = chinaDate(now);
  return addDays(nextDate, -EARLIEST) <= today && today <= nextDate;
}

/** After a success: the next is due one period after the day that was planned, whenever the money moved. */
export const afterSuccess = (plan: Plan): Plan => {
  const { periodType, period, nextDate } = plan;
  const next = periodType === 'DAY' ? addDays(nextDate, period) : addMonths(nextDate, period);
  return { ...plan, nextDate: next, failures: 0 };
};

export const afterFailure = (plan: Plan): Plan => ({ ...plan, failures: plan.failures + 1 });

/** The tries begin anew with the day: else a plan whose tries are used up could never be debited again. */
export const movedTo = (plan: Plan, nextDate: string): Plan => ({
  ...plan,
  nextDate,
  failures: 0,
  changes: plan.changes + 1,
});
