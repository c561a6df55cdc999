import { fenToYuan } from '../../common/money.js';
import { shaped } from '../answers.js';
import { PlatformError } from '../errors.js';
import type { CollectionWindow, MandateState, MandateTerms } from '../mandate-platform.js';
import type { PlatformAccount } from '../platform.js';
import { AGREEMENT_ERRORS } from './alipay.agreements.errors.js';
import { cycleOf, firstPlannedDay } from './alipay.agreements.plan.js';
import { endOf, QueriedAgreement } from './alipay.agreements.wire.js';
import { planWindow } from './alipay.agreements.policy.js';
import { chinaDayOf, dayFrom, dayText } from '../china-days.js';
import type { AlipayGateway } from './alipay.gateway.js';
import type { GatewayCall } from './alipay.request.js';
import type { AlipaySettings } from './alipay.settings.js';
import { codeOf, meaningOf } from './alipay.trade.errors.js';
import { USER_ID } from './alipay.trade.js';

const THIRD_PARTY = 'PARTNER';

/** `alipay.user.agreement.page.sign`, which no server calls: the client opens its signed parameters. */
export function signatureOf(terms: MandateTerms): GatewayCall {
  const { type, period } = cycleOf(terms.recurring);
  return {
    method: 'alipay.user.agreement.page.sign',
    // No return_url: the mini-program's client then calls the signing cancelled (docs: my.paySignCenter).
    params: { notify_url: terms.notifyUrl },
    bizContent: {
      ...contractOf(terms),
      product_code: settingsOf(terms).cycleProductCode,
      access_params: { channel: 'ALIPAYAPP' },
      period_rule_params: {
        period_type: type,
        period,
        execute_time: dayText(firstPlannedDay(terms)),
        single_amount: fenToYuan(terms.mostAmount),
      },
    },
  };
}

/** `alipay.user.agreement.query` */
export async function queryAgreement(
  gateway: AlipayGateway,
  program: PlatformAccount,
  terms: MandateTerms,
): Promise<MandateState> {
  const found = await findAgreement(gateway, program, terms);
  if (typeof found === 'object') return stateOf(program, terms, found);
  // Of an agreement that was in force, "no such agreement" means that it is no more; who ended it, Alipay does not say.
  const wasSigned = found === 'over' || terms.contractId !== null;
  return wasSigned ? { kind: 'ended', how: 'terminated', by: 'user', endedAt: null } : { kind: 'absent' };
}

/** `over`: Alipay has ended it; `absent`: it knows no such agreement (any more). */
async function findAgreement(
  gateway: AlipayGateway,
  program: PlatformAccount,
  terms: MandateTerms,
): Promise<QueriedAgreement | 'over' | 'absent'> {
  const call = { method: 'alipay.user.agreement.query', bizContent: nameOf(terms) };
  const { node, refusal } = await gateway.ask(program, call);
  if (!refusal) return shaped(program, node, QueriedAgreement);
  const meaning = meaningOf(program, refusal, AGREEMENT_ERRORS);
  if (meaning.kind === 'absent') return 'absent';
  if (meaning.kind === 'settled') return 'over';
  throw new PlatformError('platform_refused', program, { platformCode: codeOf(refusal), detail: meaning.detail });
}

function stateOf(program: PlatformAccount, terms: MandateTerms, agreement: QueriedAgreement): MandateState {
  const { status, agreement_no: contractId, external_agreement_no: number = terms.number } = agreement;
  if (number !== terms.number) throw unreadable(program, 'Alipay answered for another agreement.');
  switch (status) {
    case 'TEMP':
      return { kind: 'pending' };
    case 'NORMAL': {
      const { sign_time: signedAt, invalid_time: invalidAt } = agreement;
      if (!signedAt) throw unreadable(program, 'Alipay calls the agreement signed, but not when (sign_time).');
      // The id in the form in which we hold it; an app that moves from user_id to open_id is told either or both.
      const payer = USER_ID.test(terms.payer) ? agreement.principal_id : agreement.principal_open_id;
      return { kind: 'active', contractId, signedAt, endsAt: endOf(invalidAt), ...(payer && { payer }) };
    }
    case 'STOP':
      // Suspended by Alipay: no debit is taken any more, and nothing tells whether one ever will be.
      return { kind: 'ended', how: 'terminated', by: 'platform', endedAt: null };
    default:
      throw unreadable(program, 'Alipay names a status of the agreement that is not in its documentation.');
  }
}

/** `alipay.user.agreement.unsign`. Resolves when the agreement is over, whoever has ended it. */
export async function endAgreement(
  gateway: AlipayGateway,
  program: PlatformAccount,
  terms: MandateTerms,
): Promise<void> {
  const { refusal } = await gateway.act(program, {
    method: 'alipay.user.agreement.unsign',
    params: { notify_url: terms.notifyUrl },
    // What was signed under a number of ours is ended by it, with the scene that makes it unique.
    bizContent: { ...nameOf(terms), ...contractOf(terms) },
  });
  if (!refusal) return;
  const meaning = meaningOf(program, refusal, AGREEMENT_ERRORS);
  if (meaning.kind === 'absent') return;
  if (meaning.kind === 'settled' && (await queryAgreement(gateway, program, terms)).kind !== 'active') return;
  throw new PlatformError('platform_refused', program, { platformCode: codeOf(refusal), detail: meaning.detail });
}

/**
 * `alipay.user.agreement.executionplan.modify`: plans the next debit for the window's last day, unless that is so or later
 * already; the plan moves only to a later day. After a success it goes on by one period: whether from the day to which it
 * was moved or from the old one, Alipay does not say. One that has run ahead has a window of its own, which is given.
 *
 * Resolves also when Alipay does not want to move the plan, or the agreement is over: the debit is then refused, and its
 * code says what follows.
 */
export async function movePlan(
  gateway: AlipayGateway,
  program: PlatformAccount,
  terms: MandateTerms,
  { collectFrom, collectUntil }: CollectionWindow,
): Promise<CollectionWindow | undefined> {
  const day = chinaDayOf(new Date(collectUntil.getTime() - 1));
  const found = await findAgreement(gateway, program, terms);
  if (typeof found === 'string') return undefined;
  const { agreement_no: agreementNo, next_deduct_time: next } = found;
  const planned = next === undefined ? undefined : dayFrom(next);
  if (planned !== undefined && planned >= day) return planned === day ? undefined : planWindow(planned, collectFrom);
  const { refusal } = await gateway.act(program, {
    method: 'alipay.user.agreement.executionplan.modify',
    bizContent: { agreement_no: agreementNo, deduct_time: dayText(day), memo: '上一扣款日未扣款，延期扣款' },
  });
  // Throws what leaves the outcome open, and what the developer must look after.
  if (refusal) meaningOf(program, refusal, AGREEMENT_ERRORS);
  return undefined;
}

/** By Alipay's number; until that is known, by ours, which is unique for one user, product and scene. */
function nameOf(terms: MandateTerms): object {
  const { contractId, payer } = terms;
  if (contractId !== null) return { agreement_no: contractId };
  return { [USER_ID.test(payer) ? 'alipay_user_id' : 'alipay_open_id']: payer, ...contractOf(terms) };
}

function contractOf(terms: MandateTerms): object {
  const { personalProductCode, signScene } = settingsOf(terms);
  return {
    personal_product_code: personalProductCode,
    sign_scene: signScene,
    external_agreement_no: terms.number,
    third_party_type: THIRD_PARTY,
  };
}

const settingsOf = ({ settings }: MandateTerms): AlipaySettings => settings;

const unreadable = (program: PlatformAccount, detail: string): PlatformError =>
  new PlatformError('platform_answer_invalid', program, { detail });
