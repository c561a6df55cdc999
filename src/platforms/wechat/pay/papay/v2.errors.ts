import { ERRORS, type Meaning, type Refusal } from '../pay.errors.js';
import type { Fields } from './v2.xml.js';

interface Row {
  readonly means: Meaning;
  readonly detail: string;
}

const noContract: Row = { means: 'absent', detail: 'WeChat Pay knows no such contract, or it is over.' };
const payer = "Something keeps WeChat Pay from debiting the payer's account.";

/**
 * Codes of the v2 calls where they mean something else than in v3 (docs: papay, error codes), without underscores. The
 * names for a contract that is not there differ between editions, and none is confirmed.
 */
const PAPAY: Readonly<Record<string, Row>> = {
  INVALIDREQUEST: {
    means: 'refused',
    detail:
      'WeChat Pay does not take the debit now: no notice was given, its window is over, or the contract is not usable.',
  },
  RULELIMIT: { means: 'refused', detail: 'The contract template allows no further debit, or not that much.' },
  NOTENOUGH: { means: 'refused', detail: 'The payer has too little money.' },
  ACCOUNTERROR: { means: 'refused', detail: payer },
  CONTRACTNOTEXIST: noContract,
  CONTRACTNOTEXISTS: noContract,
  CONTRACTNOTEXISTED: noContract,
  CONTRACTERROR: noContract,
  // Somebody signs a second contract under the same template: one at a time is allowed.
  CONTRACTEXISTED: { means: 'refused', detail: 'The payer has a contract under this template already.' },
};

/** The code without what editions differ in: `SYSTEM_ERROR` of v3 is `SYSTEMERROR` of v2. */
export const plainCode = (code: string): string => code.replaceAll('_', '').toUpperCase();

/** `result_code` FAIL: WeChat Pay has read the call and turned it down. */
export function resultRefusal(code: string | undefined, message = ''): Refusal {
  if (!code)
    return refusal('RESULT_FAIL', { means: 'unknown', detail: 'WeChat Pay does not say why it failed.' }, message);
  const plain = plainCode(code);
  const { means, detail } = PAPAY[plain] ?? ERRORS[plain] ?? { means: 'refused' };
  return refusal(code, { means, detail: detail ?? 'WeChat Pay refuses the call.' }, message);
}

/**
 * `return_code` FAIL: no more than a sentence, and that without a signature. Only complaints about our own message are taken
 * for "not done"; behind everything else the work may have been done.
 */
export function transportRefusal({ return_msg: message = '' }: Fields): Refusal {
  if (/签名|sign(?!_type)/i.test(message)) {
    const detail = 'WeChat Pay refuses the v2 signature: apiV2Key is not the APIv2 key (APIv2密钥) of this merchant.';
    return refusal('SIGNERROR', { means: 'misconfigured', detail }, message);
  }
  if (/参数|缺少|格式|param|xml|appid|mch_?id/i.test(message)) {
    const detail = 'WeChat Pay finds a field of the request wrong.';
    return refusal('PARAM_ERROR', { means: 'refused', detail }, message);
  }
  const detail = 'WeChat Pay does not say what became of the call.';
  return refusal('RETURN_FAIL', { means: 'unknown', detail }, message);
}

const refusal = (code: string, { means, detail }: Row, message: string): Refusal => ({
  means,
  code,
  message,
  hints: undefined,
  detail,
});
