import { aLogin, anApp, aProgram, ask, must, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { accountsOf } from './support/accounts.js';

interface AuditRow {
  app_id: string;
  actor: string;
  action: string;
  target: string;
  fields: string[];
  request_id: string;
}

describe('the audit log', () => {
  let minibase: Minibase;
  let app: TestApp;
  let keyId: string;
  beforeAll(async () => {
    minibase = await startMinibase();
    app = await anApp(minibase, ['wechat']);
    const { data } = await must<{ data: { id: string }[] }>(minibase.url, 'GET', `/v1/apps/${app.appId}/keys`, {
      token: minibase.operatorToken,
    });
    keyId = data[0]!.id;
  });
  afterAll(() => minibase.close());

  const rows = (requestId: string) =>
    minibase.database.dataSource.query<AuditRow[]>(
      'select app_id, actor, action, target, fields, request_id from audit_log where request_id = $1 order by id',
      [requestId],
    );
  let count = 0;
  /** Sends a request with a name of its own; gives the answer and what the log has under that name. */
  async function logged(method: string, path: string, token: string, body?: unknown) {
    const requestId = `audit-${++count}-${'x'.repeat(8)}`;
    const headers = { 'x-request-id': requestId };
    const answer = await ask<{ id: string }>(minibase.url, method, path, { token, body, headers });
    return { answer, log: await rows(requestId), requestId };
  }
  const byOperator = (method: string, path: string, body?: unknown) =>
    logged(method, path, minibase.operatorToken, body);
  const byServer = (method: string, path: string, body?: unknown) => logged(method, path, app.secretKey, body);

  test('names who changed which app and its keys, and the fields, never their values', async () => {
    const created = await byOperator('POST', '/v1/apps', { name: 'Hidden name', mode: 'test' });
    const { id } = created.answer.body;
    const renamed = await byOperator('PATCH', `/v1/apps/${id}`, { name: 'Hidden too' });
    const keyed = await byOperator('POST', `/v1/apps/${id}/keys`, { name: 'Hidden key' });
    const revoked = await byOperator('DELETE', `/v1/apps/${id}/keys/${keyed.answer.body.id}`);
    const entry = { app_id: id, actor: 'operator' };
    expect([created, renamed, keyed, revoked].map(({ log }) => log)).toEqual([
      [{ ...entry, action: 'app.create', target: id, fields: ['name', 'mode'], request_id: created.requestId }],
      [{ ...entry, action: 'app.update', target: id, fields: ['name'], request_id: renamed.requestId }],
      [
        {
          ...entry,
          action: 'api_key.create',
          target: keyed.answer.body.id,
          fields: ['name'],
          request_id: keyed.requestId,
        },
      ],
      [{ ...entry, action: 'api_key.revoke', target: keyed.answer.body.id, fields: [], request_id: revoked.requestId }],
    ]);
    const all = await minibase.database.dataSource.query<AuditRow[]>('select * from audit_log');
    expect(JSON.stringify(all)).not.toContain('Hidden');
  });

  test('names which key of an app changed which mini-program', async () => {
    const secret = 'c'.repeat(32);
    const created = await byServer('POST', '/v1/platform-accounts', { platform: 'wechat', credentials: { secret } });
    const { id } = created.answer.body;
    const updated = await byServer('PATCH', `/v1/platform-accounts/${id}`, { name: 'x', credentials: { secret } });
    const deleted = await byServer('DELETE', `/v1/platform-accounts/${id}`);
    const entry = { app_id: app.appId, actor: keyId, target: id };
    expect([created, updated, deleted].map(({ log }) => log)).toMatchObject([
      [{ ...entry, action: 'platform_account.create', fields: ['platform', 'credentials'] }],
      [{ ...entry, action: 'platform_account.update', fields: ['name', 'credentials'] }],
      [{ ...entry, action: 'platform_account.delete', fields: [] }],
    ]);
    const all = await minibase.database.dataSource.query<AuditRow[]>('select * from audit_log');
    expect(JSON.stringify(all)).not.toContain(secret);
  });

  test('tells a disabled account from a deleted one', async () => {
    const used = await aProgram(minibase, app.secretKey, 'wechat');
    const shop = { ...app, programs: { ...app.programs, wechat: used } };
    await accountsOf(minibase, app.secretKey).patch(app.programs.wechat.id, { status: 'disabled' });
    await aLogin(minibase, shop, 'ming');
    const { log } = await byServer('DELETE', `/v1/platform-accounts/${used.id}`);
    expect(log).toMatchObject([{ action: 'platform_account.disable', target: used.id }]);
    await accountsOf(minibase, app.secretKey).patch(app.programs.wechat.id, { status: 'active' });
  });

  test('names who merged and who erased a person, the person included', async () => {
    const people = [];
    for (const name of ['a', 'b', 'c']) people.push(await aLogin(minibase, app, name));
    const [a, b, c] = people.map(({ user }) => user.id) as [string, string, string];
    const merged = await byServer('POST', `/v1/users/${a}/merge`, { into: b });
    const erased = await byServer('DELETE', `/v1/users/${b}`);
    const own = await logged('DELETE', '/v1/me', people[2]!.accessToken);
    expect([merged, erased, own].map(({ log }) => log)).toMatchObject([
      [{ app_id: app.appId, actor: keyId, action: 'user.merge', target: a, fields: ['into'] }],
      [{ app_id: app.appId, actor: keyId, action: 'user.erase', target: b }],
      [{ app_id: app.appId, actor: c, action: 'user.erase', target: c }],
    ]);
  });

  test('has no line for what was refused, and none for a repeat', async () => {
    const refused = await byServer('PATCH', `/v1/platform-accounts/${app.programs.wechat.id}`, { name: '' });
    expect([refused.answer.status, refused.log]).toEqual([400, []]);
    const missing = await byOperator('PATCH', '/v1/apps/app_019a6b0c4d5e7f00a1b2c3d4e5f60718', { name: 'x' });
    expect([missing.answer.status, missing.log]).toEqual([404, []]);
    const over = { token: minibase.operatorToken, body: { name: 'Once', mode: 'test' }, key: 'audit-once' };
    const headers = { 'x-request-id': 'audit-repeat-1' };
    for (let time = 0; time < 3; time++) await must(minibase.url, 'POST', '/v1/apps', { ...over, headers });
    expect(await rows('audit-repeat-1')).toHaveLength(1);
  });

  test('is part of the change: when it cannot be written, nothing is changed', async () => {
    const { dataSource } = minibase.database;
    await dataSource.query('alter table audit_log rename to audit_log_away');
    const { answer } = await byServerWithoutLog();
    await dataSource.query('alter table audit_log_away rename to audit_log');
    expect(answer.status).toBe(500);
    const { body } = await accountsOf(minibase, app.secretKey).get(app.programs.wechat.id);
    expect(body.name).not.toBe('Unlogged');
  });
  const byServerWithoutLog = async () => ({
    answer: await accountsOf(minibase, app.secretKey).patch(app.programs.wechat.id, { name: 'Unlogged' }),
  });
});
