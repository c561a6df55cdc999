import { aCode, aLogin, anApp, asUser, must, type LoggedIn, type TestApp } from '../support/client.js';
import { untilTold } from '../support/events.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

interface SeenSession {
  readonly id: string;
  readonly identityId: string;
  readonly current: boolean;
  readonly ip: string | null;
  readonly userAgent: string | null;
}

let minibase: Minibase;
let app: TestApp;
beforeAll(async () => {
  minibase = await startMinibase();
  app = await anApp(minibase, ['wechat', 'douyin']);
});
afterAll(() => minibase.close());

const statusOf = async (login: LoggedIn) => (await asUser(minibase, login, 'GET', '/v1/me')).body.code ?? 'alive';
const sessionsOf = async (login: LoggedIn) =>
  (await asUser<{ data: SeenSession[] }>(minibase, login, 'GET', '/v1/me/sessions')).body.data;
const idOf = async (login: LoggedIn) => (await sessionsOf(login)).find(({ current }) => current)!.id;
const revoke = (login: LoggedIn, id: string, over: object = {}) =>
  asUser(minibase, login, 'DELETE', `/v1/me/sessions/${id}`, over);
const untilRevoked = ({ user }: LoggedIn, count = 1) =>
  untilTold(minibase, app.secretKey, user.id, 'session.revoked', count);

describe('sessions', () => {
  test('are listed with where they came from, the asking one marked, and only my own', async () => {
    await aLogin(minibase, app, 'somebody-else');
    const first = await aLogin(minibase, app, 'traveller');
    const second = await must<LoggedIn>(minibase.url, 'POST', '/v1/auth/login', {
      appId: app.appId,
      body: { platform: 'wechat', code: await aCode(minibase, app, 'traveller') },
      ip: '198.51.100.7',
      headers: { 'user-agent': 'MicroMessenger/8.0' },
    });
    const sessions = await sessionsOf(second);
    expect(sessions).toHaveLength(2);
    expect(sessions.filter(({ current }) => current)).toMatchObject([
      { identityId: second.identity.id, ip: '198.51.100.7', userAgent: 'MicroMessenger/8.0' },
    ]);
    expect((await sessionsOf(first)).find(({ current }) => current)?.id).not.toBe(await idOf(second));
  });

  test('end by logout, at once and for good', async () => {
    const [login, other] = [await aLogin(minibase, app, 'leaving'), await aLogin(minibase, app, 'leaving')];
    const sessionId = await idOf(login);
    expect((await asUser(minibase, login, 'POST', '/v1/auth/logout')).status).toBe(204);
    expect(await statusOf(login)).toBe('session_revoked');
    expect((await asUser(minibase, login, 'POST', '/v1/auth/logout')).status).toBe(401);
    expect(await statusOf(other)).toBe('alive');
    expect(await untilRevoked(login)).toMatchObject([
      { object: { id: sessionId }, data: { sessionId, reason: 'logout' } },
    ]);
  });

  test('can be ended one by one, once', async () => {
    const [mine, lost] = [await aLogin(minibase, app, 'loser'), await aLogin(minibase, app, 'loser')];
    const id = await idOf(lost);
    expect((await revoke(mine, id)).status).toBe(204);
    expect(await statusOf(lost)).toBe('session_revoked');
    expect(await statusOf(mine)).toBe('alive');
    expect(await revoke(mine, id)).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    expect((await sessionsOf(mine)).map((one) => one.id)).toEqual([await idOf(mine)]);
  });

  test('that were ended with a key are ended once, and the repeat gets the same answer', async () => {
    const [mine, lost] = [await aLogin(minibase, app, 'careful'), await aLogin(minibase, app, 'careful')];
    const id = await idOf(lost);
    const answers = [await revoke(mine, id, { key: 'end-it' }), await revoke(mine, id, { key: 'end-it' })];
    expect(answers.map(({ status }) => status)).toEqual([204, 204]);
    expect(answers[1]!.headers.get('idempotent-replayed')).toBe('true');
    const reused = await revoke(mine, await idOf(mine), { key: 'end-it' });
    expect(reused).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect(await statusOf(mine)).toBe('alive');
  });

  test('of somebody else, of another app, and made-up ones are not found', async () => {
    const elsewhere = await anApp(minibase, ['wechat']);
    const mine = await aLogin(minibase, app, 'curious');
    const victims = [await aLogin(minibase, app, 'victim'), await aLogin(minibase, elsewhere, 'curious')];
    const ids = await Promise.all(victims.map(idOf));
    for (const id of [...ids, 'ses_0', `ses_${'0'.repeat(32)}`, '%00', "'%20or%20true--"]) {
      const { status, body } = await revoke(mine, id);
      expect({ id, status, code: body.code }).toMatchObject({ id, status: id === '%00' ? 400 : 404 });
    }
    for (const victim of victims) expect(await statusOf(victim)).toBe('alive');
  });

  test('can all be ended but the one that asks, however many there are', async () => {
    const logins = await Promise.all(Array.from({ length: 110 }, () => aLogin(minibase, app, 'everywhere', 'douyin')));
    const [mine, ...others] = logins as [LoggedIn, ...LoggedIn[]];
    expect((await asUser(minibase, mine, 'DELETE', '/v1/me/sessions')).status).toBe(204);
    const states = await Promise.all(others.map(statusOf));
    expect(states.filter((state) => state === 'alive')).toHaveLength(0);
    expect(await statusOf(mine)).toBe('alive');
    const told = await untilRevoked(mine, 109);
    expect(new Set(told.map(({ data }) => data['reason']))).toEqual(new Set(['revoked']));
  });
});
