import type { MandateState, MandateTerms } from '../../../mandate-platform.js';
import { PlatformError } from '../../../errors.js';
import type { ClientAction, PayAccounts } from '../../../payment-platform.js';
import { errorOf } from '../pay.errors.js';
import { contractState } from './contract-state.js';
import { contractFields, contractKey } from './terms.js';
import type { PapayApi } from './v2.api.js';
import { signed } from './v2.signature.js';
import { Contract } from './v2.wire.js';

/** WeChat Pay's own mini-program for contracts (docs: papay, mini-program), the same for everybody. */
const PAGE = { appId: 'wxbd687630cd02ce1d', path: 'pages/index/index' } as const;
const VERSION = '1.0';
/** Characters of `contract_termination_remark`; 512 in one edition. */
const LONGEST_REMARK = 256;

/**
 * The parameters of `wx.navigateToMiniProgram`, signed. Nothing more may be in them: WeChat Pay refuses a surplus field.
 * What comes back proves nothing, and nothing does when the person returns by the system's back button.
 */
export function contractPage(api: PapayApi, { program, merchant }: PayAccounts, terms: MandateTerms): ClientAction {
  const { notifyUrl, ...contract } = contractFields(terms);
  const fields = {
    appid: program.platformAppId,
    mch_id: merchant.merchantId,
    ...contract,
    notify_url: notifyUrl,
    timestamp: String(Math.floor(api.v3.clock.now().getTime() / 1_000)),
  };
  return {
    platform: 'wechat',
    method: 'navigateToMiniProgram',
    params: { ...PAGE, extraData: signed(fields, api.keyOf(merchant), 'HMAC-SHA256') },
    proof: 'return',
    expiresAt: terms.expiresAt,
  };
}

export async function queryContract(
  api: PapayApi,
  { program, merchant }: PayAccounts,
  terms: MandateTerms,
): Promise<MandateState> {
  const outcome = await api.ask(merchant, {
    path: '/papay/querycontract',
    operation: 'querycontract',
    // Without `nonce_str` and `sign_type`: this call and the next know neither (docs: papay, query).
    fields: {
      appid: program.platformAppId,
      mch_id: merchant.merchantId,
      ...contractKey(terms),
      version: VERSION,
    },
    signType: 'MD5',
  });
  if (outcome.kind === 'refusal') {
    if (outcome.refusal.means === 'absent') return { kind: 'absent' };
    throw errorOf(merchant, outcome.refusal);
  }
  const contract = Contract.safeParse(outcome.answer).data;
  const state = contract?.contract_code === terms.number ? contractState(contract) : undefined;
  if (state) return state;
  throw new PlatformError('platform_answer_invalid', merchant);
}

/** Ends the contract. A refusal is looked into: WeChat Pay has no code that surely says that it was over before. */
export async function endContract(
  api: PapayApi,
  accounts: PayAccounts,
  terms: MandateTerms,
  reason: string,
): Promise<void> {
  const { program, merchant } = accounts;
  const outcome = await api.change(merchant, {
    path: '/papay/deletecontract',
    operation: 'deletecontract',
    fields: {
      appid: program.platformAppId,
      mch_id: merchant.merchantId,
      ...contractKey(terms),
      contract_termination_remark: remark(reason),
      version: VERSION,
    },
    signType: 'MD5',
  });
  if (outcome.kind === 'answer') return;
  const { means } = outcome.refusal;
  if (means !== 'refused' && means !== 'absent' && means !== 'closed') throw errorOf(merchant, outcome.refusal);
  const state = await queryContract(api, accounts, terms);
  if (state.kind !== 'ended' && state.kind !== 'absent') throw errorOf(merchant, outcome.refusal);
}

/** The id under which debits are made; undefined when the contract is not there, or is over. */
export async function contractIdOf(
  api: PapayApi,
  accounts: PayAccounts,
  terms: MandateTerms,
): Promise<string | undefined> {
  if (terms.contractId !== null) return terms.contractId;
  const state = await queryContract(api, accounts, terms);
  return state.kind === 'active' ? state.contractId : undefined;
}

/** Required, and without characters (emoji) that WeChat Pay does not accept. */
const remark = (reason: string): string =>
  [...reason.replaceAll(/[\u{10000}-\u{10ffff}]/gu, '')].slice(0, LONGEST_REMARK).join('').trim() || '商户解约';
