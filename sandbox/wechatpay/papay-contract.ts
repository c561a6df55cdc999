import type { Row } from '../core/store.js';
import { beijingDay } from './beijing-time.js';

/** What a merchant asks a person to sign. */
export interface ContractDraft {
  readonly mchid: string;
  readonly appid: string;
  readonly planId: string;
  /** `contract_code`. */
  readonly number: string;
  /** `request_serial`. */
  readonly serial: string;
  readonly displayAccount: string;
  readonly notifyUrl: string;
}

/** A debit that the merchant announced: fen, and for how many days it may be made. */
export interface DebitNotice {
  readonly at: number;
  readonly amount: number;
  readonly days: number;
}

/** A debit that ended, or was never accepted. */
export interface Debit {
  /** `out_trade_no`. */
  readonly number: string;
  readonly amount: number;
  readonly at: number;
  readonly outcome: 'paid' | 'failed' | 'refused';
  /** Why it was not paid. */
  readonly code?: string;
}

/** `contract_termination_mode`. */
export const TERMINATED_BY = { expiry: '1', user: '2', api: '3', console: '4', account: '5' } as const;
export type TerminatedBy = keyof typeof TERMINATED_BY;

/** All times in ms of business time, all amounts in fen. */
export interface Contract extends Row, ContractDraft {
  readonly contractId: string;
  readonly openid: string;
  readonly signedAt: number;
  readonly expiresAt: number;
  readonly ended?: { readonly at: number; readonly by: TerminatedBy; readonly remark: string };
  readonly notices: readonly DebitNotice[];
  readonly debits: readonly Debit[];
  /** `out_trade_no` of a debit that was accepted and has not ended. */
  readonly pending?: string;
}

/** How a contract ended; undefined while it holds at `now`. */
export const endOf = ({ ended, expiresAt }: Contract, now: number): Contract['ended'] =>
  ended ?? (now < expiresAt ? undefined : { at: expiresAt, by: 'expiry', remark: '' });

/** The days before the window: that of the notice, and one on which the person can still object. */
const DAYS_BEFORE = 2;

/** The notice that is still good at `now`, also before its window: unused, and not past. */
export function openNotice({ notices, debits }: Contract, now: number): DebitNotice | undefined {
  const last = notices.at(-1);
  if (!last || debits.some(({ outcome, at }) => outcome === 'paid' && at >= last.at)) return undefined;
  return daysSince(last, now) < DAYS_BEFORE + last.days ? last : undefined;
}

/** Whether the window of a notice has begun at `now`. */
export const isInWindow = (notice: DebitNotice, now: number): boolean => daysSince(notice, now) >= DAYS_BEFORE;

const daysSince = ({ at }: DebitNotice, now: number): number => beijingDay(now) - beijingDay(at);
