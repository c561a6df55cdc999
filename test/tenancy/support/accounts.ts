import type { PlatformCode } from '../../../src/platforms/platform.js';
import { ask, must, type Answer, type Ask } from '../../support/client.js';
import type { Minibase } from '../../support/minibase.js';

export interface AnyAccount {
  readonly id: string;
  readonly platform: PlatformCode;
  readonly name: string;
  readonly status: 'active' | 'disabled';
  readonly credentials: Readonly<Record<string, string>>;
  readonly createdAt: string;
  readonly updatedAt: string;
}
export interface Account extends AnyAccount {
  readonly platformAppId: string;
  readonly defaultMerchantAccountId: string | null;
}
export interface Merchant extends AnyAccount {
  readonly merchantId: string;
  readonly defaults: Readonly<Record<string, unknown>>;
}
export type AccountAnswer<A extends AnyAccount = Account> = Answer<
  A & { code?: string; detail?: string; errors?: { path: string }[] }
>;

export interface AccountCheck {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
}

/** The platform accounts of one app, through the API. */
export const accountsOf = (minibase: Minibase, secretKey: string) =>
  routesOf<Account>(minibase, secretKey, '/v1/platform-accounts');

/** The merchant accounts of one app, through the API. */
export const merchantsOf = (minibase: Minibase, secretKey: string) =>
  routesOf<Merchant>(minibase, secretKey, '/v1/merchant-accounts');

const routesOf = <A extends AnyAccount>(minibase: Minibase, secretKey: string, route: string) => {
  const at = (id = '') => `${route}${id && `/${id}`}`;
  const asked = (method: string, id?: string, over: Ask = {}): Promise<AccountAnswer<A>> =>
    ask(minibase.url, method, at(id), { token: secretKey, ...over });
  return {
    create: (body: unknown, over: Ask = {}) => asked('POST', '', { body, ...over }),
    made: (body: unknown) => must<A>(minibase.url, 'POST', at(), { token: secretKey, body }),
    get: (id: string) => asked('GET', id),
    patch: (id: string, body: unknown, over: Ask = {}) => asked('PATCH', id, { body, ...over }),
    remove: (id: string, over: Ask = {}) => asked('DELETE', id, over),
    list: async (query = '') =>
      (await must<{ data: A[] }>(minibase.url, 'GET', at() + query, { token: secretKey })).data,
    verify: (id: string) => must<AccountCheck>(minibase.url, 'POST', `${at(id)}/verify`, { token: secretKey }),
  };
};

/** The stored row of an account, as somebody with the database but not the keys sees it. */
export async function storedAccount(
  minibase: Minibase,
  id: string,
  table: 'platform_accounts' | 'merchant_accounts' = 'platform_accounts',
): Promise<Record<string, unknown>> {
  const rows = await minibase.database.dataSource.query<Record<string, unknown>[]>(
    `select * from ${table} where id = $1`,
    [id],
  );
  return rows[0] ?? {};
}
