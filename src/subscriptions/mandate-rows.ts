import { toFen } from '../common/money.js';
import type { MandateTerms, Recurring } from '../platforms/mandate-platform.js';
import type { PlatformSettings } from '../platforms/payment-platform.js';
import type { PlatformCode } from '../platforms/platform.js';

export type MandateStatus = 'pending' | 'active' | 'terminated' | 'expired' | 'lapsed';
export type EndedBy = 'user' | 'merchant' | 'platform';

/** What a mandate was made for; it never changes. */
export interface AgreedTerms {
  readonly subject: string;
  /** Fen of an ordinary period. */
  readonly amount: number;
  /** Fen: the most that one debit may be. */
  readonly mostAmount: number;
  readonly recurring: Recurring;
  /** RFC 3339, business time. */
  readonly firstDebitAt: string;
  readonly notifyUrl: string;
  readonly settings: PlatformSettings;
}

/** A mandate as our statements read it. */
export interface MandateRow extends Record<string, unknown> {
  appId: string;
  id: string;
  userId: string;
  subscriptionId: string;
  platform: PlatformCode;
  platformAccountId: string;
  merchantAccountId: string;
  number: string;
  serial: number;
  payer: string;
  status: MandateStatus;
  terms: AgreedTerms;
  contractId: string | null;
  signedAt: Date | null;
  endsAt: Date | null;
  endedAt: Date | null;
  endedBy: EndedBy | null;
  terminationReason: string | null;
  expiresAt: Date;
  checkAt: Date | null;
  checks: number;
  createdAt: Date;
}

const COLUMNS = `
  appId id userId subscriptionId platform platformAccountId merchantAccountId number payer status terms contractId signedAt
  endsAt endedAt endedBy terminationReason expiresAt checkAt checks createdAt`;
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The columns of the table with that alias, as a MandateRow has them. */
export const mandateColumns = (table: string): string =>
  [
    ...COLUMNS.trim()
      .split(/\s+/)
      .map((name) => `${table}.${snake(name)} as "${name}"`),
    `${table}.serial::float8 as serial`,
  ].join(', ');

/** The contract as its platform sees it. */
export function termsOf({ terms, ...row }: MandateRow): MandateTerms {
  return {
    ...terms,
    number: row.number,
    serial: row.serial,
    payer: row.payer,
    amount: toFen(terms.amount),
    mostAmount: toFen(terms.mostAmount),
    expiresAt: row.expiresAt.toISOString(),
    contractId: row.contractId,
    signedAt: row.signedAt?.toISOString() ?? null,
  };
}
