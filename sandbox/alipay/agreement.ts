import type { Row } from '../core/store.js';
import type { Plan } from './agreement-plan.js';

/** `TEMP`: opened and not signed. `STOP`: its time is over. `UNSIGN`: somebody ended it. */
export type AgreementStatus = 'TEMP' | 'NORMAL' | 'STOP' | 'UNSIGN';

export type AgreementParty = 'user' | 'merchant' | 'platform';

/** What the merchant asks the person to sign. */
export interface AgreementDraft {
  readonly personalProductCode: string;
  /** Of the debits. Absent: any that goes with the personal one. */
  readonly productCode?: string;
  readonly signScene: string;
  /** The merchant's own number. */
  readonly externalAgreementNo?: string;
  readonly externalLogonId?: string;
  /** `30d`, `2m`. Absent: for ever. */
  readonly validity?: string;
  /** Absent: debits are free in day and amount. */
  readonly plan?: Plan;
}

/** A person's leave for one mini-program's merchant to debit them. Instants are ms of business time. */
export interface Agreement extends Row, AgreementDraft {
  readonly agreementNo: string;
  /** The mini-program that had it signed: its keys sign the notifications, its clock counts. */
  readonly platformAppId: string;
  readonly sellerId: string;
  readonly user: string;
  readonly signedAt?: number;
  /** When its time is over. */
  readonly invalidAt?: number;
  readonly unsignedAt?: number;
  readonly unsignedBy?: AgreementParty;
  /** `trade_no` of the last debit that took its time. */
  readonly underWay?: string;
  /** All that were asked for, the oldest first; not those that are under way. */
  readonly debits: readonly Debit[];
}

export interface Debit {
  /** `out_trade_no`. */
  readonly number: string;
  /** Fen. */
  readonly amount: number;
  readonly at: number;
  /** `failed`: the person had too little money. `refused`: the merchant must not debit so. */
  readonly outcome: 'paid' | 'failed' | 'refused';
  readonly code?: string;
}

/** The status follows from what happened and the time, so it never waits for a timer. */
export function statusOf({ signedAt, unsignedAt, invalidAt }: Agreement, now: number): AgreementStatus {
  if (signedAt === undefined) return 'TEMP';
  if (unsignedAt !== undefined) return 'UNSIGN';
  return invalidAt !== undefined && invalidAt <= now ? 'STOP' : 'NORMAL';
}

export const paidOf = ({ debits }: Agreement): readonly Debit[] => debits.filter(({ outcome }) => outcome === 'paid');
