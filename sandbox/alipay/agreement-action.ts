import { SandboxError } from '../core/errors.js';
import { type Action, action, contractSchema } from '../core/platform.js';
import type { Agreement } from './agreement.js';
import type { AgreementEnding } from './agreement-ending.js';
import type { Agreements } from './agreements.js';

/**
 * `POST /_/contract`: what a person does in Alipay's settings, a merchant in its console, Alipay itself, or time.
 * `number` is the mini-program's own, or Alipay's.
 */
export const agreementAction = (agreements: Agreements, ending: AgreementEnding): Action =>
  action(contractSchema, ({ number, does, by }) => {
    const agreement = theOnly(agreements.everywhere(number), number);
    if (does === 'read') return shown(agreements, agreement);
    const status = agreements.statusOf(agreement);
    if (status === 'TEMP') throw refused('contract_not_signed', `nobody has signed the agreement ${number} yet`);
    if (status !== 'NORMAL') throw refused('contract_ended', `the agreement ${number} has ended already`);
    return shown(agreements, does === 'expire' ? ending.expire(agreement) : ending.unsign(agreement, by));
  });

function theOnly(found: readonly Agreement[], number: string): Agreement {
  const [agreement, another] = found;
  if (!agreement) throw new SandboxError(404, 'contract_unknown', `Alipay knows no agreement ${number}`);
  if (another) throw refused('contract_ambiguous', `several mini-programs have an agreement ${number}`);
  return agreement;
}

const refused = (error: string, message: string): SandboxError => new SandboxError(409, error, message);

/** Amounts are fen, as everywhere on this surface. */
function shown(agreements: Agreements, agreement: Agreement): object {
  const { agreementNo, externalAgreementNo, user, signedAt, unsignedAt, unsignedBy, invalidAt, plan } = agreement;
  const state = agreements.statusOf(agreement);
  const endedAt = unsignedAt ?? (state === 'STOP' ? invalidAt : undefined);
  const endedBy = unsignedBy ?? (state === 'STOP' ? 'platform' : undefined);
  return {
    number: externalAgreementNo ?? agreementNo,
    contractId: agreementNo,
    state,
    user,
    ...(signedAt !== undefined && { signedAt: isoTime(signedAt) }),
    ...(endedAt !== undefined && { endedAt: isoTime(endedAt) }),
    ...(endedBy && { endedBy }),
    ...(plan && { plan }),
    debits: agreement.debits.map(({ at, ...debit }) => ({ ...debit, at: isoTime(at) })),
    // Alipay itself tells people of debits; merchants announce nothing.
    notices: [],
  };
}

const isoTime = (at: number): string => new Date(at).toISOString();
