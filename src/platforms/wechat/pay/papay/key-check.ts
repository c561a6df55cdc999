import { newNumber } from '../../../../common/ids.js';
import { PlatformError } from '../../../errors.js';
import type { MerchantAccount } from '../../../payment-platform.js';
import type { AccountCheck, PlatformAccount } from '../../../platform.js';
import type { WechatPaySettings } from '../pay.settings.js';
import type { PapayApi } from './v2.api.js';

/** A question about a contract that cannot exist: harmless, and answered only to who signs with the right APIv2 key. */
export async function v2KeyCheck(
  api: PapayApi,
  merchant: MerchantAccount,
  { platformAppId }: PlatformAccount,
): Promise<AccountCheck['checks'][number]> {
  const name = 'api_v2_key';
  const { planId = '1' } = merchant.defaults as WechatPaySettings;
  const fields = {
    appid: platformAppId,
    mch_id: merchant.merchantId,
    plan_id: planId,
    contract_code: newNumber(),
    version: '1.0',
  };
  const request = { path: '/papay/querycontract', operation: 'querycontract', fields, signType: 'MD5' } as const;
  try {
    const outcome = await api.ask(merchant, request);
    if (outcome.kind === 'refusal' && outcome.refusal.means === 'misconfigured') {
      const { detail, code, message } = outcome.refusal;
      return { name, ok: false, detail: `${detail} [${code}: ${message.slice(0, 200)}]` };
    }
  } catch (error) {
    if (!(error instanceof PlatformError) || error.problem !== 'platform_answer_invalid') throw error;
    return { name, ok: false, detail: error.message };
  }
  return { name, ok: true, detail: 'WeChat Pay accepts the APIv2 key.' };
}
