import { newNumber } from '../../../common/ids.js';
import { PlatformError } from '../../errors.js';
import type { MerchantAccount } from '../../payment-platform.js';
import type { PlatformResponse } from '../../platform-http.js';
import type { AccountCheck, PlatformAccount } from '../../platform.js';
import { openCertificates } from './certificates.js';
import { v2KeyCheck } from './papay/key-check.js';
import type { PapayApi } from './papay/v2.api.js';
import { isSuccess, shown, type WechatPayApi, WRONG_API_V3_KEY } from './pay.api.js';
import { refusalOf, type Refusal } from './pay.errors.js';
import { isSigned, signatureHeaders } from './pay.signature.js';
import { Certificates } from './pay.wire.js';

type Check = AccountCheck['checks'][number];

/** Tries the merchant's credentials one after another; what cannot be proven without a payment is said to be so. */
export async function verifyMerchant(
  papay: PapayApi,
  merchant: MerchantAccount,
  programs: readonly PlatformAccount[],
): Promise<AccountCheck> {
  const api = papay.v3;
  const checks: Check[] = [];
  const add = (name: string, complaint: string | undefined, fine: string): boolean => {
    checks.push({ name, ok: complaint === undefined, detail: complaint ?? fine });
    return complaint === undefined;
  };
  try {
    const asked = await askForNothing(api, merchant);
    if (add('signature', signatureComplaint(asked), 'WeChat Pay accepts the merchant id, serial and privateKey.')) {
      const listed = await api.send(merchant, { method: 'GET', path: '/v3/certificates', operation: 'certificates' });
      checks.push(certificatesCheck(api, merchant, listed));
      const { publicKey, apiV2Key } = api.keysOf(merchant);
      if (publicKey) checks.push(publicKeyCheck(api, merchant, [asked, listed]));
      for (const program of programs) checks.push(await bindingCheck(api, merchant, program));
      const [first] = programs;
      if (apiV2Key !== undefined && first) checks.push(await v2KeyCheck(papay, merchant, first));
    }
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    checks.push({ name: 'connection', ok: false, detail: error.message });
  }
  return { ok: checks.every(({ ok }) => ok), checks };
}

/** A question about an order that cannot exist: harmless, and answered only to who signs well. */
const askForNothing = (api: WechatPayApi, merchant: MerchantAccount): Promise<PlatformResponse> =>
  api.send(merchant, {
    method: 'GET',
    path: `/v3/pay/transactions/out-trade-no/${newNumber()}?mchid=${merchant.merchantId}`,
    operation: 'out-trade-no',
  });

function signatureComplaint(response: PlatformResponse): string | undefined {
  if (isSuccess(response)) return undefined;
  const refusal = refusalOf(response);
  if (refusal.means === 'absent') return undefined;
  if (isSignError(refusal)) {
    return hasBaseString(refusal)
      ? told('privateKey is not the key of the certificate with this serial: take both from one download.', refusal)
      : told('WeChat Pay does not know this serial for this merchant, or the clock of this server is wrong.', refusal);
  }
  return told(refusal.detail, refusal);
}

const isSignError = ({ code }: Refusal): boolean => code.replaceAll('_', '') === 'SIGNERROR';

/** Seen on the wire: only where the certificate was found and its key did not fit, WeChat Pay shows what it had signed. */
const hasBaseString = ({ hints }: Refusal): boolean =>
  typeof hints === 'object' && hints !== null && JSON.stringify(hints).includes('sign_information');

function certificatesCheck(api: WechatPayApi, merchant: MerchantAccount, response: PlatformResponse): Check {
  const name = 'certificates';
  const { publicKey, apiV3Key } = api.keysOf(merchant);
  if (!isSuccess(response)) {
    const refusal = refusalOf(response);
    if (refusal.means !== 'absent') return { name, ok: false, detail: told(refusal.detail, refusal) };
    return publicKey
      ? {
          name,
          ok: true,
          detail:
            'This merchant has no platform certificates, only the public key. The first callback proves the APIv3 key.',
        }
      : {
          name,
          ok: false,
          detail: "This merchant has no platform certificates: give WeChat Pay's publicKeyId and publicKey.",
        };
  }
  const listed = Certificates.safeParse(jsonOf(response)).data;
  if (!listed) return { name, ok: false, detail: 'The list of certificates is not as documented.' };
  const found = openCertificates(listed, apiV3Key);
  if (!found) return { name, ok: false, detail: WRONG_API_V3_KEY };
  return { name, ok: true, detail: `The APIv3 key opens WeChat Pay's certificates: ${found.length} in use.` };
}

/** Errors may be signed too; any signed answer proves the key. */
function publicKeyCheck(api: WechatPayApi, merchant: MerchantAccount, responses: readonly PlatformResponse[]): Check {
  const name = 'public_key';
  const { publicKey } = api.keysOf(merchant);
  for (const { headers, body } of responses) {
    const found = signatureHeaders(headers);
    if ('missing' in found || !found.serial.startsWith('PUB_KEY_ID_') || !publicKey) continue;
    if (found.serial !== publicKey.id) {
      const detail = `publicKeyId is wrong: WeChat Pay signs for this merchant with ${shown(found.serial)}.`;
      return { name, ok: false, detail };
    }
    return isSigned(found, body, publicKey.key)
      ? { name, ok: true, detail: 'WeChat Pay signs with this public key.' }
      : { name, ok: false, detail: `publicKey is not the key of ${publicKey.id}: download pub_key.pem again.` };
  }
  const detail = 'WeChat Pay has signed nothing with the public key so far; the first payment proves it.';
  return { name, ok: true, detail };
}

/** A person that cannot exist: WeChat Pay checks first whether the app id is bound, so no order ever comes of it. */
const NOBODY = 'minibase_verification_nobody';

async function bindingCheck(api: WechatPayApi, merchant: MerchantAccount, program: PlatformAccount): Promise<Check> {
  const name = `app_id ${program.platformAppId}`;
  const number = newNumber();
  const body = {
    appid: program.platformAppId,
    mchid: merchant.merchantId,
    description: 'verification',
    out_trade_no: number,
    notify_url: 'https://example.com/never-paid',
    amount: { total: 1, currency: 'CNY' },
    payer: { openid: NOBODY },
  };
  const response = await api.send(merchant, {
    method: 'POST',
    path: '/v3/pay/transactions/jsapi',
    operation: 'jsapi',
    body,
  });
  if (isSuccess(response)) {
    const path = `/v3/pay/transactions/out-trade-no/${number}/close`;
    await api.send(merchant, { method: 'POST', path, operation: 'close', body: { mchid: merchant.merchantId } });
    return { name, ok: true, detail: BOUND };
  }
  const refusal = refusalOf(response);
  if (refusal.means === 'refused') return { name, ok: true, detail: BOUND };
  return { name, ok: false, detail: told(refusal.detail, refusal) };
}

const BOUND = 'WeChat Pay takes orders of this app id for this merchant.';

/** With WeChat Pay's own words: whoever verifies an account is its developer, and wants them for the support. */
const told = (detail: string, { code, message }: Refusal): string =>
  `${detail} [${code}${message === '' ? '' : `: ${message.slice(0, 200)}`}]`;

function jsonOf({ body }: PlatformResponse): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
