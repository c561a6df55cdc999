import type { MandateTerms } from '../../../mandate-platform.js';
import type { WechatPaySettings } from '../pay.settings.js';

/** Characters; 128 at other calls, but the jump to the contract page takes no more. */
const LONGEST_NAME = 32;

/** What the contract of these terms is made by: the same for every way of signing. */
export function contractFields({ number, serial, subject, notifyUrl, settings }: MandateTerms) {
  const { planId = '', displayAccount } = settings as WechatPaySettings;
  return {
    plan_id: planId,
    contract_code: number,
    request_serial: String(serial),
    contract_display_account: displayAccount ?? [...subject].slice(0, LONGEST_NAME).join(''),
    notifyUrl,
  };
}

/** How a contract that is there or not is named to WeChat Pay: by our number, which it knows from the first moment on. */
export const contractKey = ({ number, settings }: MandateTerms) => ({
  plan_id: (settings as WechatPaySettings).planId ?? '',
  contract_code: number,
});

export const debitMode = ({ settings }: MandateTerms): 'notice' | 'delayed' =>
  (settings as WechatPaySettings).debitMode ?? 'notice';
