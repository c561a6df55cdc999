import { beijingDay, beijingHour } from './beijing-time.js';
import { type Contract, endOf, isInWindow, openNotice } from './papay-contract.js';
import { planOf } from './papay-plans.js';
import { V2Error } from './v2-errors.js';

const HOUR = 3_600_000;
/** Fen: 500 yuan, until WeChat Pay raises it for a merchant. */
const MOST_PER_DEBIT = 50_000;
/** After a contract was signed, the first period may be collected at once. */
const FREE = 12 * HOUR;
const ANNOUNCED_BEFORE = 24 * HOUR;
const OPENS = 7;
const CLOSES = 22;

/** Whether WeChat Pay takes notices and debits at that time of the day. */
export const isOpenAt = (now: number): boolean => beijingHour(now) >= OPENS && beijingHour(now) < CLOSES;

/** When a debit that is applied for `now` will be made (business time in ms). Throws V2Error where the rules forbid it. */
export function debitTime(contract: Contract, amount: number, now: number): number {
  if (endOf(contract, now)) throw new V2Error('CONTRACT_NOT_EXIST');
  if (amount > MOST_PER_DEBIT) throw new V2Error('RULELIMIT', '扣款金额超出模板限额');
  if (contract.pending !== undefined) throw new V2Error('RULELIMIT', '该协议有处理中的扣款，请勿重复发起');
  if (isFree(contract, now)) return now;
  if (!isOpenAt(now)) throw new V2Error('INVALID_REQUEST', '扣款时间须在7:00至22:00之间');
  const isAnnouncedByPlatform = planOf(contract.planId)?.mode === 'delayed';
  const at = isAnnouncedByPlatform ? now + ANNOUNCED_BEFORE : now;
  if (isPaidOn(contract, at)) throw new V2Error('RULELIMIT', '该协议当日扣款成功次数已达上限');
  if (!isAnnouncedByPlatform) requireNotice(contract, amount, now);
  return at;
}

/** Not once it was used, nor after a notice: then it is the notice that counts. */
const isFree = ({ signedAt, notices, debits }: Contract, now: number): boolean =>
  now < signedAt + FREE && notices.length === 0 && !debits.some(({ outcome }) => outcome === 'paid');

const isPaidOn = ({ debits }: Contract, at: number): boolean =>
  debits.some((debit) => debit.outcome === 'paid' && beijingDay(debit.at) === beijingDay(at));

function requireNotice(contract: Contract, amount: number, now: number): void {
  const notice = openNotice(contract, now);
  if (!notice) throw new V2Error('INVALID_REQUEST', '请先发送预扣费通知');
  if (!isInWindow(notice, now)) throw new V2Error('INVALID_REQUEST', '未到可扣款日期，预扣费通知后第3天起才能扣款');
  if (amount > notice.amount) throw new V2Error('INVALID_REQUEST', '扣款金额大于预扣费通知的金额');
}
