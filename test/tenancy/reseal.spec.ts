import { randomBytes } from 'node:crypto';
import { newId } from '../../src/common/ids.js';
import { keyIdOf, Sealer } from '../../src/common/seal.js';
import { SEALED_COLUMNS } from '../../src/cli/sealed-columns.js';
import { aCode, aLogin, aMerchant, anApp, ask, must, sandbox, type LoggedIn, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { accountsOf } from './support/accounts.js';
import { runCli } from './support/cli.js';

describe('a new master key', () => {
  const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
  let minibase: Minibase;
  let app: TestApp;
  let ming: LoggedIn;

  beforeAll(async () => {
    minibase = await startMinibase({ masterKeys: [oldKey] });
    app = await anApp(minibase);
    ming = await aLogin(minibase, app, 'ming');
    for (const platform of ['alipay', 'douyin'] as const) await aLogin(minibase, app, 'hong', platform);
    await setPhone(minibase.url, ming.accessToken);
    await keepCallback(await aMerchant(minibase, app.secretKey, 'wechat'));
    await keepWebhookSecrets();
    // A key with an Idempotency-Key, so that a copy of the secret is kept for its repeat.
    const over = { token: minibase.operatorToken, body: { name: 'x' }, key: 'sealed-once' };
    await must(minibase.url, 'POST', `/v1/apps/${app.appId}/keys`, over);
  });
  afterAll(() => minibase.close());

  async function setPhone(url: string, token: string): Promise<{ phone: string }> {
    const { platformAppId } = app.programs.wechat;
    const { code } = await sandbox<{ code: string }>(minibase, 'phone', {
      platform: 'wechat',
      platformAppId,
      user: 'ming',
      form: 'code',
    });
    return must(url, 'POST', '/v1/me/phone', { token, body: { platform: 'wechat', code } });
  }

  /** A callback as it is kept: headers and body as they came. */
  async function keepCallback({ id: accountId }: { id: string }): Promise<void> {
    const id = newId('callback');
    const sealed = minibase.app
      .get(Sealer)
      .seal('{"headers":{},"body":""}', { app: app.appId, table: 'callbacks', row: id, column: 'sealed' });
    await minibase.database.dataSource.query(
      `insert into callbacks (app_id, id, account_id, platform, deduplication_key, type, status, sealed, received_at, updated_at)
       values ($1, $2, $3, 'wechat', 'EV-1', 'OTHER', 'ignored', $4, now(), now())`,
      [app.appId, id, accountId, sealed],
    );
  }

  /** An endpoint with headers, and a secret before the present one. */
  async function keepWebhookSecrets(): Promise<void> {
    const over = {
      token: app.secretKey,
      body: { url: 'https://shop.example/', headers: { authorization: 'Bearer x' } },
    };
    const { id } = await must<{ id: string }>(minibase.url, 'POST', '/v1/webhook-endpoints', over);
    await must(minibase.url, 'POST', `/v1/webhook-endpoints/${id}/rotate-secret`, { token: app.secretKey });
  }

  /** Every `table.column` that holds sealed values, with the ids of the keys that sealed them: found in the data. */
  async function sealedValues(): Promise<Map<string, Set<string>>> {
    const { dataSource } = minibase.database;
    const columns = await dataSource.query<{ table: string; column: string }[]>(`
      select table_name as table, column_name as column from information_schema.columns
      where table_schema = 'public' and data_type in ('text', 'character varying')`);
    const found = new Map<string, Set<string>>();
    for (const { table, column } of columns) {
      const values = await dataSource.query<{ key: string }[]>(
        `select distinct split_part("${column}", '.', 2) as key from "${table}" where "${column}" ~ '^s1\\.[0-9a-f]{8}\\.'`,
      );
      if (values.length > 0) found.set(`${table}.${column}`, new Set(values.map(({ key }) => key)));
    }
    return found;
  }

  test('finds every place where sealed values are: the list of them is the one of the data', async () => {
    const listed = SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`);
    // What was shown once is readable for ten minutes; nobody opens it afterwards.
    expect([...(await sealedValues()).keys()].sort()).toEqual([...listed, 'idempotency_keys.sealed'].sort());
  });

  test('seals everything anew while the server runs; afterwards the old key is needed for nothing', async () => {
    const MASTER_KEY = [newKey, oldKey].map((key) => key.toString('base64')).join(',');
    const printed = await runCli(['reseal'], {
      DATABASE_URL: minibase.config.databaseUrl,
      MASTER_KEY,
      OPERATOR_TOKEN: minibase.operatorToken,
    });
    for (const { table, column } of SEALED_COLUMNS)
      expect(printed).toMatch(new RegExp(`^${table}\\.${column}: [1-9]\\d* `, 'm'));
    for (const [place, keys] of await sealedValues()) {
      if (place !== 'idempotency_keys.sealed') expect([place, [...keys]]).toEqual([place, [keyIdOf(newKey)]]);
    }
    const fresh = await minibase.another({ masterKeys: [newKey] });
    const me = await must<{ phone: string }>(fresh.url, 'GET', '/v1/me', { token: ming.accessToken });
    expect(me.phone).toMatch(/^\+86\d{11}$/);
    const refreshed = await must<LoggedIn>(fresh.url, 'POST', '/v1/auth/refresh', {
      body: { refreshToken: ming.refreshToken },
    });
    expect((await ask(fresh.url, 'GET', '/v1/me', { token: refreshed.accessToken })).status).toBe(200);
    const found = await must<{ data: { id: string }[] }>(
      fresh.url,
      'GET',
      `/v1/users?phone=${encodeURIComponent(me.phone)}`,
      { token: app.secretKey },
    );
    expect(found.data.map(({ id }) => id)).toEqual([ming.user.id]);
    for (const { id } of Object.values(app.programs)) {
      const accounts = accountsOf({ ...minibase, url: fresh.url }, app.secretKey);
      expect((await accounts.verify(id)).ok).toBe(true);
    }
    await setPhone(fresh.url, refreshed.accessToken);
    await fresh.close();
  });

  test('done again finds nothing to do', async () => {
    const MASTER_KEY = newKey.toString('base64');
    const printed = await runCli(['reseal'], {
      DATABASE_URL: minibase.config.databaseUrl,
      MASTER_KEY,
      OPERATOR_TOKEN: minibase.operatorToken,
    });
    expect(
      printed
        .trim()
        .split('\n')
        .every((line) => line.endsWith(': 0 sealed anew')),
    ).toBe(true);
  });

  test('alone, before anything was sealed anew, opens nothing and says which variable to look at', async () => {
    const stranger = await minibase.another({ masterKeys: [randomBytes(32)] });
    const code = await aCode(minibase, app, 'ming');
    const answer = await ask(stranger.url, 'POST', '/v1/auth/login', {
      appId: app.appId,
      body: { platform: 'wechat', code },
    });
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal_error' } });
    const MASTER_KEY = randomBytes(32).toString('base64');
    const failing = runCli(['reseal'], {
      DATABASE_URL: minibase.config.databaseUrl,
      MASTER_KEY,
      OPERATOR_TOKEN: minibase.operatorToken,
    });
    await expect(failing).rejects.toThrow(/MASTER_KEY/);
    await stranger.close();
  });
});
