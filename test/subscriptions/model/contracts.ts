import { Broken } from '../../payments/model/stage.js';
import type { Club } from './club.js';

const DAY_MS = 86_400_000;
/** What Douyin's templates leave between two debits at the least: by our reading in the sandbox. */
const DOUYIN_GAP_DAYS: Readonly<Record<string, number>> = { week: 4, month: 20, year: 240 };
const OVER = ['CONTRACT_NOT_EXIST', 'ACQ.AGREEMENT_STATUS_NOT_NORMAL'];
/** The same number again, after an answer was lost: what came of it first is written beside it. */
const AGAIN = ['ORDERPAID', 'OUT_TRADE_NO_USED'];

interface Debit {
  readonly number: string;
  readonly amount: number;
  readonly at: string;
  readonly outcome: 'paid' | 'failed' | 'refused' | 'pending';
  readonly code?: string;
}

/** What the platform itself says of a contract. */
interface Contract {
  readonly state: string;
  readonly endedAt?: string;
  readonly endedBy?: string;
  readonly debits: readonly Debit[];
}

interface MandateRecord {
  readonly id: string;
  readonly subscription: string;
  readonly platform: string;
  readonly number: string;
  readonly interval: string;
  readonly mostAmount: number;
  /** Protocol time at which we knew of its end, or wanted it. */
  readonly knownOver: string | null;
}

const MANDATES = `
  select m.id, m.subscription_id as subscription, m.platform, m.number, m.terms->'recurring'->>'interval' as interval,
    (m.terms->>'mostAmount')::float8 as "mostAmount",
    (select min(e.created_at)::text from events e where e.app_id = m.app_id and e.stream_type = 'subscription'
      and e.stream_id = m.subscription_id and e.type in ('mandate.ended', 'mandate.lapsed') and e.object_id = m.id) as "knownOver"
  from mandates m where m.app_id = $1 and m.contract_id is not null`;
const BEGUN_AFTER = `select number from payment_attempts where app_id = $1 and number = any($2) and created_at > $3`;

/** What was asked of the platforms in all. */
export interface ContractTally {
  contracts: number;
  paid: number;
  failed: number;
  /** Debits that were on their way, or made in ignorance, when a person ended the contract. */
  afterTheEnd: number;
  /** Debits that Douyin put off because the one before had come late. */
  tooEarly: number;
}

/**
 * Reads every contract at its platform. The server never asks for a debit outside a window, without a notice, above what was
 * signed or twice. After the end of a contract at most one is asked for, and only while we do not know of it: its row was
 * written before `mandate.ended` (a callback that was dropped, delayed or lost with a killed process; what the refused debit
 * says tells us then).
 */
export async function judgeContracts(club: Club): Promise<ContractTally> {
  const tally: ContractTally = { contracts: 0, paid: 0, failed: 0, afterTheEnd: 0, tooEarly: 0 };
  for (const mandate of await club.rows<MandateRecord>(MANDATES)) {
    const { platform, number } = mandate;
    const { status, body } = await club.atPlatform<Contract>('contract', { platform, number, does: 'read' });
    if (status !== 200)
      throw new Broken(`the sandbox does not know contract ${number}: ${status}`, mandate.subscription);
    tally.contracts += 1;
    await judgeContract(club, mandate, body, tally);
  }
  return tally;
}

async function judgeContract(club: Club, mandate: MandateRecord, contract: Contract, tally: ContractTally) {
  const { debits, endedAt } = contract;
  const late: Debit[] = [];
  for (const debit of debits) {
    if (debit.outcome === 'paid') tally.paid += 1;
    if (debit.outcome === 'failed') tally.failed += 1;
    // Only Alipay's contracts name an amount; what those of the others allow is in their template.
    if (mandate.platform === 'alipay' && debit.amount > mandate.mostAmount)
      throw broken(mandate, debit, contract, 'is above what was signed');
    if (debit.outcome !== 'refused' || isAgain(debit, debits)) continue;
    if (isAfterEnd(mandate, debit, endedAt)) late.push(debit);
    else if (isTooEarly(mandate, debit, debits)) tally.tooEarly += 1;
    else throw broken(mandate, debit, contract, 'should not have been asked for');
  }
  const [first] = late;
  if (!first) return;
  tally.afterTheEnd += 1;
  if (new Set(late.map(({ number }) => number)).size > 1) throw broken(mandate, first, contract, 'is one of several after the end'); // prettier-ignore
  if (mandate.knownOver === null) return;
  const begun = await club.rows<{ number: string }>(BEGUN_AFTER, [first.number], mandate.knownOver);
  if (begun.length > 0) throw broken(mandate, first, contract, 'was begun when its end was known');
}

const isAgain = ({ number, code }: Debit, debits: readonly Debit[]): boolean =>
  AGAIN.includes(code ?? '') && debits.some((other) => other.number === number && other.outcome !== 'refused');

/** Douyin has one code for all that a contract does not allow. */
const isAfterEnd = ({ platform }: MandateRecord, { code = '', at }: Debit, endedAt: string | undefined): boolean =>
  platform === 'douyin' ? endedAt !== undefined && at >= endedAt : OVER.includes(code);

function isTooEarly({ platform, interval }: MandateRecord, { at }: Debit, debits: readonly Debit[]): boolean {
  if (platform !== 'douyin') return false;
  const since = Date.parse(at) - DOUYIN_GAP_DAYS[interval]! * DAY_MS;
  return debits.some((one) => one.outcome === 'paid' && Date.parse(one.at) > since && one.at < at);
}

const broken = ({ platform, number, subscription }: MandateRecord, debit: Debit, contract: Contract, what: string) =>
  new Broken(`${platform} ${number}: the debit ${JSON.stringify(debit)} ${what}\n${JSON.stringify(contract)}`, subscription); // prettier-ignore
