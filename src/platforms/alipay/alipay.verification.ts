import type { X509Certificate } from 'node:crypto';
import { PlatformError } from '../errors.js';
import type { AccountCheck, PlatformAccount } from '../platform.js';
import { repeating } from '../repeating.js';
import { isValidAt, leadsTo } from './alipay.certificates.js';
import { errorOf } from './alipay.errors.js';
import type { AlipayGateway } from './alipay.gateway.js';
import type { AlipayKeyring, AlipayKeys } from './alipay.keyring.js';

type Check = AccountCheck['checks'][number];

/** A code that Alipay never gave out: that it says so proves that it knew the app and our signature. */
const NO_CODE = 'this-is-not-a-code';

/** Tries an account: what can be seen in the credentials, then one harmless call. What is wrong is told, not thrown. */
export async function verifyAccount(
  account: PlatformAccount,
  keyring: AlipayKeyring,
  gateway: AlipayGateway,
): Promise<AccountCheck> {
  let keys: AlipayKeys;
  try {
    keys = keyring.of(account);
  } catch (error) {
    return checked([failed('credentials', error)]);
  }
  return checked([
    ...certificateChecks(keys, new Date()),
    ...(await gatewayChecks(account, gateway)),
    aesKeyCheck(keys),
  ]);
}

const checked = (checks: readonly Check[]): AccountCheck => ({ ok: checks.every(({ ok }) => ok), checks });

function certificateChecks({ certificates }: AlipayKeys, now: Date): Check[] {
  if (!certificates) return [];
  const { app, alipay, roots } = certificates;
  const [own, ...issuers] = alipay;
  // Not an error: some files lack the issuer in between. It only matters when Alipay renews its certificate.
  const chain = leadsTo(roots, own, issuers, now)
    ? 'It leads to alipayRootCertificate.'
    : 'It does not lead to alipayRootCertificate by the certificates in its file.';
  const dates = dateCheck('alipayCertificate', own, now);
  return [dateCheck('appCertificate', app, now), { ...dates, detail: `${dates.detail} ${chain}` }];
}

function dateCheck(name: string, certificate: X509Certificate, now: Date): Check {
  const until = new Date(certificate.validTo).toISOString().slice(0, 10);
  if (isValidAt(certificate, now)) return { name, ok: true, detail: `Valid until ${until}.` };
  const isOver = Date.parse(certificate.validTo) < now.getTime();
  const detail = isOver
    ? `Expired on ${until}: download the new one from the console and save it.`
    : 'Not valid yet: is the clock of this server right?';
  return { name, ok: false, detail };
}

async function gatewayChecks(account: PlatformAccount, gateway: AlipayGateway): Promise<Check[]> {
  try {
    const params = { grant_type: 'authorization_code', code: NO_CODE };
    const method = 'alipay.system.oauth.token';
    const { refusal, isSigned } = await repeating(() => gateway.ask(account, { method, params }));
    if (!refusal) return [{ name: 'gateway', ok: false, detail: 'Alipay accepted a login code that does not exist.' }];
    if (refusal.subCode !== 'isv.code-invalid') return [failed('gateway', errorOf(account, refusal))];
    return [
      { name: 'gateway', ok: true, detail: 'Alipay knows this app id and accepts our signature.' },
      isSigned
        ? { name: 'answers', ok: true, detail: "Alipay's answers verify." }
        : { name: 'answers', ok: true, detail: 'Alipay did not sign this answer, so its key is not proven yet.' },
    ];
  } catch (error) {
    return [failed('gateway', error)];
  }
}

const aesKeyCheck = ({ aesKey }: AlipayKeys): Check => ({
  name: 'aesKey',
  ok: true,
  detail: aesKey ? 'Present; only a real phone number can prove it.' : 'Not set: phone numbers cannot be read.',
});

/** Everything that leaves the gateway is a PlatformError in plain words; anything else is a bug and goes on. */
function failed(name: string, error: unknown): Check {
  if (!(error instanceof PlatformError)) throw error;
  const code = error.platformCode === undefined ? '' : ` [${error.platformCode}]`;
  return { name, ok: false, detail: `${error.message}${code}` };
}
