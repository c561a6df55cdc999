import { once } from './load.js';
import { newApiV3Key, PLATFORM_KEY } from './wechat-pay.js';

export interface OursMerchant {
  readonly accountId: string;
  readonly merchantId: string;
  readonly apiV3Key: string;
}

/**
 * Tells our server to believe the bench's key besides what the sandbox signs with: that is certificates from now on, as
 * an account names one public key and, in a test app, the sandbox's own when it has one.
 */
export async function prepareMerchant(url: string, secretKey: string): Promise<OursMerchant> {
  const headers = { authorization: `Bearer ${secretKey}`, 'content-type': 'application/json' };
  const path = '/v1/merchant-accounts';
  const listed = { method: 'GET', path: `${path}?platform=wechat`, headers } as const;
  const { data } = await once<{ data: { id: string; merchantId: string }[] }>(url, listed);
  const { id, merchantId } = data[0]!;
  const apiV3Key = newApiV3Key();
  const { id: publicKeyId, publicKey } = PLATFORM_KEY;
  const credentials = { apiV3Key, verification: 'certificate', publicKeyId, publicKey };
  await once(url, { method: 'PATCH', path: `${path}/${id}`, headers, body: JSON.stringify({ credentials }) });
  return { accountId: id, merchantId, apiV3Key };
}

/** A mini-program or merchant in the sandbox's console. */
export const register = <Shown>(sandboxUrl: string, kind: 'program' | 'merchant', credentials: object = {}) =>
  once<Shown>(sandboxUrl, {
    method: 'POST',
    path: '/_/accounts',
    headers: {},
    body: JSON.stringify({ platform: 'wechat', kind, credentials }),
  });
