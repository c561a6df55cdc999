import type { SealedPlace } from '../common/seal.js';

/** A column of sealed values: its row's key, what else its place is made of, and the place itself. */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  readonly key: readonly string[];
  readonly needs: readonly string[];
  readonly place: (row: Readonly<Record<string, string>>) => SealedPlace;
}

const sealed = (
  table: string,
  column: string,
  row: (row: Readonly<Record<string, string>>) => string,
  { key = ['app_id', 'id'], needs = [] }: { key?: string[]; needs?: string[] } = {},
): SealedColumn => ({
  table,
  column,
  key,
  needs,
  place: (values) => ({ app: values['app_id'] ?? 'server', table, column, row: row(values) }),
});

/**
 * Every place that holds sealed values for longer than an old master key should (a test compares it with the schema).
 * Not here: `idempotency_keys.sealed`, which nobody opens after ten minutes.
 */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  sealed('platform_accounts', 'credentials', ({ id }) => id!),
  sealed('merchant_accounts', 'credentials', ({ id }) => id!),
  sealed('callbacks', 'sealed', ({ id }) => id!),
  sealed('webhook_endpoints', 'secret', ({ id }) => id!),
  sealed('webhook_endpoints', 'previous_secret', ({ id }) => id!),
  sealed('webhook_endpoints', 'headers', ({ id }) => id!),
  sealed('users', 'phone', ({ id }) => id!),
  sealed('identities', 'session_key', (row) => `${row['platform']}/${row['platform_app_id']}/${row['openid']}`, {
    needs: ['platform', 'platform_app_id', 'openid'],
  }),
  sealed('platform_tokens', 'token', ({ account_id: id, kind }) => `${id}/${kind}`, {
    key: ['app_id', 'account_id', 'kind'],
  }),
  sealed('server_keys', 'sealed', ({ id }) => id!, { key: ['id'] }),
];
