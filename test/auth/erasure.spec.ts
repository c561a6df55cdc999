import type { UserListener, UserRef } from '../../src/tenancy/user-listeners.js';
import { UserListeners } from '../../src/tenancy/user-listeners.js';
import { aCode, aLogin, anApp, aPhoneProof, ask, asServer, asUser, refresh, type LoggedIn, type TestApp } from '../support/client.js'; // prettier-ignore
import { untilTold } from '../support/events.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

let minibase: Minibase;
let app: TestApp;
/** Stands for a later domain; each test says what it does. */
let domain: Partial<UserListener> = {};
beforeAll(async () => {
  minibase = await startMinibase();
  app = await anApp(minibase, ['wechat', 'douyin']);
  minibase.app.get(UserListeners).register({
    name: 'later',
    beforeErasure: async (user) => domain.beforeErasure?.(user),
    onErased: async (tx, user) => domain.onErased?.(tx, user),
    export: async (user) => domain.export?.(user),
  });
});
beforeEach(() => {
  domain = {};
});
afterAll(() => minibase.close());

const eraseMe = (login: LoggedIn, over: object = {}) => asUser(minibase, login, 'DELETE', '/v1/me', over);
const eraseBy = (id: string, over: object = {}) => asServer(minibase, app, 'DELETE', `/v1/users/${id}`, over);
const statusOf = async (id: string) =>
  (await asServer<{ status: string }>(minibase, app, 'GET', `/v1/users/${id}`)).body.status;
const refused = (status: number, code: string) => ({ status, body: { code } });

/** The tables in which any of the words stands, wherever in a row. */
async function tablesWith(words: readonly string[]): Promise<string[]> {
  const { dataSource } = minibase.database;
  const tables = await dataSource.query<{ name: string }[]>(`
    select format('%I.%I', table_schema, table_name) as name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by 1`);
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await dataSource.query<{ row: string }[]>(`select t::text as row from ${name} t`);
    if (rows.some(({ row }) => words.some((word) => row.includes(word)))) found.push(name);
  }
  return found;
}

describe('erasing a person', () => {
  test('leaves nothing personal in any table, ends the sessions, and the next login makes a new user', async () => {
    const ip = '203.0.113.77';
    const code = await aCode(minibase, app, 'forgotten');
    const body = { platform: 'wechat', code };
    const over = { appId: app.appId, body, ip, key: 'login-1', headers: { 'user-agent': 'Wanderer/1.0' } };
    const login = (await ask<LoggedIn>(minibase.url, 'POST', '/v1/auth/login', over)).body;
    const linked = await asUser<LoggedIn['identity']>(minibase, login, 'POST', '/v1/me/identities', {
      body: { platform: 'douyin', code: await aCode(minibase, app, 'forgotten', 'douyin') },
    });
    const phone = await aPhoneProof(minibase, app, 'forgotten', 'wechat', { phone: '13511112222' });
    await asUser(minibase, login, 'POST', '/v1/me/phone', { body: phone });
    const avatarUrl = 'https://cdn.example/forgotten.png';
    await asUser(minibase, login, 'PATCH', '/v1/me', { body: { nickname: 'Vergissmeinnicht', avatarUrl } });
    await asServer(minibase, app, 'PATCH', `/v1/users/${login.user.id}`, {
      body: { metadata: { born: '1990-01-01' } },
    });
    const words = ['13511112222', 'Vergissmeinnicht', avatarUrl, '1990-01-01', ip, 'Wanderer'];
    const ids = [login.identity, linked.body].flatMap(({ openid, unionid }) => [openid, unionid!]);
    expect(ids).not.toContain(undefined);
    expect(await tablesWith([...words, ...ids])).toEqual([
      'public.identities',
      'public.sessions',
      'public.unionids',
      'public.users',
    ]);

    expect((await eraseMe(login)).status).toBe(204);
    expect(await tablesWith([...words, ...ids])).toEqual([]);
    const [row] = await minibase.database.dataSource.query<object[]>('select * from users where id = $1', [login.user.id]); // prettier-ignore
    const nothing = { nickname: null, avatar_url: null, phone: null, phone_hash: null, metadata: {} };
    expect(row).toMatchObject({ status: 'erased', ...nothing });

    expect(await asUser(minibase, login, 'GET', '/v1/me')).toMatchObject(refused(401, 'session_revoked'));
    expect(await refresh(minibase, login.refreshToken)).toMatchObject(refused(401, 'refresh_token_invalid'));
    const repeated = await ask(minibase.url, 'POST', '/v1/auth/login', over);
    expect(repeated).toMatchObject(refused(409, 'secret_already_shown'));
    expect(JSON.stringify(repeated.body)).not.toContain(login.identity.openid);
    const found = await asServer<{ data: object[] }>(minibase, app, 'GET', '/v1/users?phone=%2B8613511112222');
    expect(found.body.data).toEqual([]);
    for (const platform of ['wechat', 'douyin'] as const) {
      const again = await aLogin(minibase, app, 'forgotten', platform);
      expect(again.user.id).not.toBe(login.user.id);
    }
    const [told] = await untilTold(minibase, app.secretKey, login.user.id, 'user.erased');
    expect(told!.data).toEqual({ userId: login.user.id });
  });

  test('by the server does the same; a repeat with its key too, another one says that the user is gone', async () => {
    const login = await aLogin(minibase, app, 'by-server');
    const answers = [await eraseBy(login.user.id, { key: 'erase' }), await eraseBy(login.user.id, { key: 'erase' })];
    expect(answers.map(({ status }) => status)).toEqual([204, 204]);
    expect(answers[1]!.headers.get('idempotent-replayed')).toBe('true');
    expect(await eraseBy(login.user.id)).toMatchObject(refused(409, 'user_gone'));
    expect(await statusOf(login.user.id)).toBe('erased');
    const change = await asServer(minibase, app, 'PATCH', `/v1/users/${login.user.id}`, { body: { nickname: 'x' } });
    expect(change).toMatchObject(refused(409, 'user_gone'));
    const audit = await minibase.database.dataSource.query<object[]>('select action from audit_log where target = $1', [login.user.id]); // prettier-ignore
    expect(audit).toEqual([{ action: 'user.erase' }]);
    await untilTold(minibase, app.secretKey, login.user.id, 'user.erased');
  });

  test('of a tombstone is refused, and the one who took over stays', async () => {
    const [from, into] = [await aLogin(minibase, app, 'tomb'), await aLogin(minibase, app, 'heir')];
    await asServer(minibase, app, 'POST', `/v1/users/${from.user.id}/merge`, { body: { into: into.user.id } });
    expect(await eraseBy(from.user.id)).toMatchObject(refused(409, 'user_gone'));
    expect((await asUser(minibase, from, 'GET', '/v1/me')).body['id']).toBe(into.user.id);
    expect((await eraseMe(from)).status).toBe(204);
    expect(await statusOf(into.user.id)).toBe('erased');
    expect(await statusOf(from.user.id)).toBe('erased');
  });

  test('ten times at once happens once', async () => {
    const { user } = await aLogin(minibase, app, 'ten-times');
    const answers = await Promise.all(Array.from({ length: 10 }, () => eraseBy(user.id)));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
    await untilTold(minibase, app.secretKey, user.id, 'user.erased');
  });
});

describe('a domain that holds something for the user', () => {
  test('is asked first, while the user is still there; its refusal stops the erasure', async () => {
    const login = await aLogin(minibase, app, 'subscriber');
    const asked: UserRef[] = [];
    domain = {
      beforeErasure: async (user) => {
        asked.push(user);
        expect(await statusOf(user.userId)).toBe('active');
        if (asked.length === 1) throw new Error('the platform does not answer');
      },
    };
    expect((await eraseMe(login)).status).toBe(500);
    expect((await asUser(minibase, login, 'GET', '/v1/me')).body['status']).toBe('active');
    expect((await eraseMe(login)).status).toBe(204);
    const user = { appId: app.appId, userId: login.user.id };
    expect(asked).toEqual([user, user]);
    expect(await statusOf(login.user.id)).toBe('erased');
    await eraseBy(login.user.id);
    expect(asked).toHaveLength(2);
  });

  test('erases in the same transaction: when it fails, nothing has happened', async () => {
    const login = await aLogin(minibase, app, 'atomic');
    domain = {
      onErased: async (tx, user) => {
        await tx.query('select 1 from users where id = $1', [user.userId]);
        throw new Error('a row stands in the way');
      },
    };
    expect((await eraseMe(login)).status).toBe(500);
    expect((await asUser(minibase, login, 'GET', '/v1/me')).status).toBe(200);
    expect((await aLogin(minibase, app, 'atomic')).user.id).toBe(login.user.id);
  });

  test('adds its part to the export', async () => {
    const login = await aLogin(minibase, app, 'exported');
    domain = { export: async ({ userId }) => ({ orders: [`of ${userId}`] }) };
    const { body } = await asUser(minibase, login, 'GET', '/v1/me/export');
    expect(body['later']).toEqual({ orders: [`of ${login.user.id}`] });
  });
});
