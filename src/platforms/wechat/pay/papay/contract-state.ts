import type { MandateState } from '../../../mandate-platform.js';
import { readTime } from './v2.times.js';
import type { Contract, ContractNotice } from './v2.wire.js';

type Ended = Extract<MandateState, { kind: 'ended' }>;

/** `contract_termination_mode` (docs: papay, contract notification). 0, not terminated, is none of them. */
const ENDS: Readonly<Record<string, Pick<Ended, 'how' | 'by'>>> = {
  1: { how: 'expired', by: 'platform' },
  2: { how: 'terminated', by: 'user' },
  3: { how: 'terminated', by: 'merchant' },
  4: { how: 'terminated', by: 'merchant' },
  // The person has closed the account.
  5: { how: 'terminated', by: 'user' },
};

/** What a query says; undefined when it lacks what its state demands, or its state is no known one. */
export function contractState(contract: Contract): MandateState | undefined {
  switch (contract.contract_state) {
    case '0':
      return active(contract, contract.contract_signed_time);
    case '1':
      return notActive(contract);
    // Signing is in progress (docs: not in all editions).
    case '9':
      return { kind: 'pending' };
    default:
      return undefined;
  }
}

/** What a notification says; undefined when it is not as documented. */
export function noticedState(notice: ContractNotice): MandateState | undefined {
  if (notice.change_type === 'ADD') return active(notice, notice.operate_time);
  if (notice.change_type !== 'DELETE') return undefined;
  const endedAt = readTime(notice.operate_time) ?? null;
  return { kind: 'ended', ...endOf(notice.contract_termination_mode), endedAt };
}

function active(
  { contract_id, contract_expired_time, openid }: Pick<Contract, 'contract_id' | 'contract_expired_time' | 'openid'>,
  signed: string | undefined,
): MandateState | undefined {
  const signedAt = readTime(signed);
  if (!contract_id || !signedAt) return undefined;
  const endsAt = readTime(contract_expired_time) ?? null;
  return { kind: 'active', contractId: contract_id, signedAt, endsAt, ...(openid ? { payer: openid } : {}) };
}

/** One state for "never signed" and "over": only what was signed has a time of signing or of its end. */
function notActive(contract: Contract): MandateState {
  const { contract_signed_time, contract_terminated_time, contract_termination_mode: mode = '0' } = contract;
  const endedAt = readTime(contract_terminated_time) ?? null;
  const wasSigned = endedAt !== null || mode in ENDS || readTime(contract_signed_time) !== undefined;
  return wasSigned ? { kind: 'ended', ...endOf(mode), endedAt } : { kind: 'absent' };
}

const endOf = (mode = '0'): Pick<Ended, 'how' | 'by'> => ENDS[mode] ?? { how: 'terminated', by: 'platform' };
