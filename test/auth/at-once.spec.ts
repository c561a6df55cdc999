import { openidOf } from '../../sandbox/douyin/people.js';
import { newId } from '../../src/common/ids.js';
import { until } from '../queues/support/until.js';
import {
  aCode,
  aLogin,
  anApp,
  ask,
  asServer,
  asUser,
  refresh,
  sandbox,
  type LoggedIn,
  type TestApp,
} from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

let minibase: Minibase;
let app: TestApp;
beforeAll(async () => {
  minibase = await startMinibase();
  app = await anApp(minibase, ['wechat', 'douyin']);
});
afterAll(() => minibase.close());

/** Everything that can happen to a person at the same time, in different orders of rows; nothing may block for good. */
describe.each([1, 2, 3])('whatever happens to one person at once (round %i)', (round) => {
  const person = `busy-${round}`;
  let logins: LoggedIn[];
  let other: LoggedIn;
  beforeAll(async () => {
    logins = await Promise.all(Array.from({ length: 12 }, () => aLogin(minibase, app, person, 'douyin')));
    other = await aLogin(minibase, app, `${person}-too`);
  });

  const loginAgain = async (name: string, platform: 'wechat' | 'douyin') => {
    const code = await aCode(minibase, app, name, platform);
    return () => ask(minibase.url, 'POST', '/v1/auth/login', { appId: app.appId, body: { platform, code } });
  };
  const everything = async () => {
    const [first, second, third, ...rest] = logins as [LoggedIn, LoggedIn, LoggedIn, ...LoggedIn[]];
    const linking = { body: { platform: 'wechat', code: await aCode(minibase, app, `${person}-linked`) } };
    return [
      ...(await Promise.all(Array.from({ length: 8 }, () => loginAgain(person, 'douyin')))),
      ...(await Promise.all(Array.from({ length: 8 }, () => loginAgain(`${person}-too`, 'wechat')))),
      () => asServer(minibase, app, 'POST', `/v1/users/${first.user.id}/merge`, { body: { into: other.user.id } }),
      () => asUser(minibase, first, 'POST', '/v1/me/identities', linking),
      () => asUser(minibase, first, 'DELETE', `/v1/me/identities/${first.identity.id}`),
      () => asUser(minibase, second, 'DELETE', '/v1/me/sessions'),
      () => asUser(minibase, third, 'PATCH', '/v1/me', { body: { nickname: 'Busy' } }),
      ...rest.slice(0, 5).map((login) => () => asUser(minibase, login, 'POST', '/v1/auth/logout')),
      ...rest.slice(5).flatMap(({ refreshToken }) => [() => refresh(minibase, refreshToken), () => refresh(minibase, refreshToken)]), // prettier-ignore
    ];
  };

  test('is answered without a failure, and leaves one user with every identity and live session', async () => {
    const acts = await everything();
    const shuffled = acts.map((act) => ({ act, at: Math.random() })).sort((a, b) => a.at - b.at);
    const answers = await Promise.all(shuffled.map(({ act }) => act()));
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    const orphans = await minibase.database.dataSource.query<object[]>(`
      select 'session' as what, s.id from sessions s join users u on (u.app_id, u.id) = (s.app_id, s.user_id)
        where u.status <> 'active' and s.revoked_at is null
      union all select 'identity', i.id from identities i join users u on (u.app_id, u.id) = (i.app_id, i.user_id)
        where u.status <> 'active'
      union all select 'unionid', n.unionid from unionids n join users u on (u.app_id, u.id) = (n.app_id, n.user_id)
        where u.status <> 'active'`);
    expect(orphans).toEqual([]);
  });

  test('and an erasure beside new logins leaves nothing of the erased user', async () => {
    const login = await aLogin(minibase, app, person, 'douyin');
    const acts = await Promise.all(Array.from({ length: 10 }, () => loginAgain(person, 'douyin')));
    const [erased, ...entered] = await Promise.all([asUser(minibase, login, 'DELETE', '/v1/me'), ...acts.map((act) => act())]); // prettier-ignore
    expect(erased.status).toBe(204);
    expect(entered.map(({ status }) => status)).toEqual(Array(10).fill(200));
    const left = await minibase.database.dataSource.query<object[]>(
      `select i.id from identities i join users u on (u.app_id, u.id) = (i.app_id, i.user_id) where u.status = 'erased'
       union all select s.id from sessions s join users u on (u.app_id, u.id) = (s.app_id, s.user_id) where u.status = 'erased'`,
    );
    expect(left).toEqual([]);
    expect((await aLogin(minibase, app, person, 'douyin')).user.id).not.toBe(login.user.id);
  });
});

test('a visitor who becomes a person at the moment when that person logs in elsewhere for the first time goes in', async () => {
  const { platformAppId } = app.programs.douyin;
  const codes = (over: object = {}) => sandbox(minibase, 'login', { platform: 'douyin', platformAppId, user: 'shy', ...over }); // prettier-ignore
  const enter = (body: object) => ask<LoggedIn>(minibase.url, 'POST', '/v1/auth/login', { appId: app.appId, body: { platform: 'douyin', ...body } }); // prettier-ignore
  expect((await enter(await codes({ anonymous: true }))).status).toBe(200);
  const elsewhere = await aLogin(minibase, app, 'quick', 'douyin');
  const both = await codes();
  const answer = await minibase.database.transaction(async (tx) => {
    // A first login that has made the person's identity and is about to commit.
    await tx.query(
      `insert into identities (app_id, id, user_id, account_id, platform, platform_app_id, openid)
       select app_id, $2, user_id, account_id, platform, platform_app_id, $3 from identities where id = $1`,
      [elsewhere.identity.id, newId('identity'), openidOf(platformAppId, 'shy')],
    );
    const entering = enter(both);
    await until('the visitor waits for it', async () => {
      const [waiting] = await tx.query<{ count: string }[]>(
        `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return waiting?.count !== '0';
    });
    return { entering };
  });
  expect(await answer.entering).toMatchObject({ status: 200, body: { user: { id: elsewhere.user.id, isNew: false } } });
});

test('40 logins with keys go in at the moment when the signing keys are read again: no transaction waits for another', async () => {
  const bodies = await Promise.all(
    Array.from({ length: 40 }, async (_, n) => ({ platform: 'douyin', code: await aCode(minibase, app, `keyed-${n}`, 'douyin') })), // prettier-ignore
  );
  minibase.clock.advance({ minutes: 2 });
  const answers = await Promise.all(
    bodies.map((body, n) => ask(minibase.url, 'POST', '/v1/auth/login', { appId: app.appId, body, key: `keyed-${n}` })),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(200));
});
