import { PLATFORM_CODES } from '../../src/platforms/platform.js';
import { until } from '../queues/support/until.js';
import { onBothBackends } from '../support/backends.js';
import { aCode, aLogin, anApp, aProgram, ask, must, sandbox, type LoggedIn, type TestApp } from '../support/client.js';
import { eventsOf, untilEvent } from '../support/events.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

onBothBackends('login', (settings) => {
  let minibase: Minibase;
  let app: TestApp;
  beforeAll(async () => {
    minibase = await startMinibase(settings());
    app = await anApp(minibase);
  });
  afterAll(() => minibase.close());

  const login = (body: object, over: object = {}) =>
    ask<LoggedIn & { code?: string; platformCode?: string }>(minibase.url, 'POST', '/v1/auth/login', {
      appId: app.appId,
      body,
      ...over,
    });

  test.each(PLATFORM_CODES)('a person of %s gets a session, and is the same user the next time', async (platform) => {
    const first = await aLogin(minibase, app, 'hong', platform);
    expect(first.user.isNew).toBe(true);
    expect(first.identity).toMatchObject({ platform, platformAppId: app.programs[platform].platformAppId });
    const second = await aLogin(minibase, app, 'hong', platform);
    expect(second.user).toMatchObject({ id: first.user.id, isNew: false });
    expect(second.refreshToken).not.toBe(first.refreshToken);
    const me = await must(minibase.url, 'GET', '/v1/me', { token: second.accessToken });
    expect(me).toMatchObject({ id: first.user.id, status: 'active' });
  });

  test('the first login announces the user, later ones nothing', async () => {
    const { user } = await aLogin(minibase, app, 'jun');
    await aLogin(minibase, app, 'jun');
    const events = await untilEvent(minibase, app.secretKey, 'user.created');
    const mine = events.filter(({ stream }) => stream.id === user.id);
    expect(mine).toMatchObject([{ type: 'user.created', sequence: 1, data: { userId: user.id, platform: 'wechat' } }]);
  });

  test('a code that two requests race with makes one user and one session', async () => {
    const code = await aCode(minibase, app, 'racer');
    const answers = await Promise.all([1, 2, 3, 4].map(() => login({ platform: 'wechat', code })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
    const winner = answers.find(({ status }) => status === 200)!.body;
    expect(winner.user.isNew).toBe(true);
    expect(answers.filter(({ status }) => status === 401).map(({ body }) => body.code)).toEqual(
      Array(3).fill('login_code_invalid'),
    );
    const { data } = await must<{ data: unknown[] }>(minibase.url, 'GET', '/v1/me/sessions', {
      token: winner.accessToken,
    });
    expect(data).toHaveLength(1);
  });

  test('200 parallel logins of one new person make one user', async () => {
    const codes = await Promise.all(Array.from({ length: 200 }, () => aCode(minibase, app, 'everywhere')));
    // WeChat allows one person 100 exchanges a minute, so they come through two processes and both are told to wait.
    const answers = await Promise.all(codes.map((code) => login({ platform: 'wechat', code })));
    const entered = answers.filter(({ status }) => status === 200);
    expect(entered.length).toBeGreaterThanOrEqual(100);
    expect(answers.every(({ status }) => status === 200 || status === 429)).toBe(true);
    expect(new Set(entered.map(({ body }) => body.user.id)).size).toBe(1);
    expect(entered.filter(({ body }) => body.user.isNew)).toHaveLength(1);
  });

  test('200 parallel logins of one new person on Douyin, all answered, make one user', async () => {
    const codes = await Promise.all(Array.from({ length: 200 }, () => aCode(minibase, app, 'viral', 'douyin')));
    const answers = await Promise.all(codes.map((code) => login({ platform: 'douyin', code })));
    expect(answers.map(({ status }) => status)).toEqual(Array(200).fill(200));
    expect(new Set(answers.map(({ body }) => body.user.id)).size).toBe(1);
    expect(answers.filter(({ body }) => body.user.isNew)).toHaveLength(1);
  });

  test('one person through two mini-programs at once, new in both, is one user by the unionid', async () => {
    const game = await aProgram(minibase, app.secretKey, 'wechat');
    const ids = { shop: app.programs.wechat.platformAppId, game: game.platformAppId };
    for (const round of [1, 2, 3, 4, 5]) {
      const answers = await Promise.all(
        [ids.shop, ids.game, ids.shop, ids.game].map(async (platformAppId) => {
          const { code } = await sandbox<{ code: string }>(minibase, 'login', {
            platform: 'wechat',
            platformAppId,
            user: `union-${round}`,
          });
          return login({ platform: 'wechat', platformAppId, code });
        }),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      expect(new Set(answers.map(({ body }) => body.user.id)).size).toBe(1);
      expect(new Set(answers.map(({ body }) => body.identity.id)).size).toBe(2);
    }
    const ambiguous = await login({ platform: 'wechat', code: await aCode(minibase, app, 'whoever') });
    expect(ambiguous).toMatchObject({ status: 422, body: { code: 'platform_account_ambiguous' } });
    await must(minibase.url, 'DELETE', `/v1/platform-accounts/${game.id}`, { token: app.secretKey });
    const settled = await login({ platform: 'wechat', code: await aCode(minibase, app, 'whoever') });
    expect(settled.status).toBe(200);
  });

  test('a repeat with the same key gets the same session, another body is refused', async () => {
    const body = { platform: 'wechat', code: await aCode(minibase, app, 'repeating') };
    const first = await login(body, { key: 'login-1' });
    const again = await login(body, { key: 'login-1' });
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const other = await login({ ...body, code: 'another' }, { key: 'login-1' });
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect((await login(body)).status).toBe(401);
  });

  test('repeats that race with the first run are told to wait or get its answer, and make one session', async () => {
    const body = { platform: 'wechat', code: await aCode(minibase, app, 'impatient') };
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => login(body, { key: 'login-2' })));
    const entered = answers.filter(({ status }) => status === 200);
    expect(entered.length).toBeGreaterThanOrEqual(1);
    expect(new Set(entered.map((answer) => answer.body.refreshToken)).size).toBe(1);
    const waiting = answers.filter(({ status }) => status !== 200);
    for (const answer of waiting)
      expect(answer).toMatchObject({ status: 409, body: { code: 'idempotency_in_progress' } });
    expect(waiting.every(({ headers }) => headers.get('retry-after') === '1')).toBe(true);
  });

  test('a refused code is not remembered: the key may be used again with the same body', async () => {
    const refused = await login({ platform: 'wechat', code: 'nobody-gave-this' }, { key: 'login-3' });
    expect(refused).toMatchObject({ status: 401, body: { code: 'login_code_invalid', platformCode: '40029' } });
    expect((await login({ platform: 'wechat', code: 'nobody-gave-this' }, { key: 'login-3' })).status).toBe(401);
  });

  test('guessing codes is slowed down for the address that does it, and for no other', async () => {
    const guess = () => login({ platform: 'wechat', code: 'guess' }, { ip: '203.0.113.9' });
    const answers = [];
    for (let count = 0; count < 32; count++) answers.push(await guess());
    expect(answers.at(-1)).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(Number(answers.at(-1)!.headers.get('retry-after'))).toBeGreaterThan(0);
    const code = await aCode(minibase, app, 'innocent');
    expect((await login({ platform: 'wechat', code }, { ip: '203.0.113.10' })).status).toBe(200);
  });

  test('an anonymous visitor of Douyin becomes the real person and keeps the user', async () => {
    const at = { platform: 'douyin', platformAppId: app.programs.douyin.platformAppId, user: 'visitor' };
    const { anonymousCode } = await sandbox<{ anonymousCode: string }>(minibase, 'login', { ...at, anonymous: true });
    const visitor = await login({ platform: 'douyin', anonymousCode });
    expect(visitor.body).toMatchObject({ user: { isNew: true }, identity: { anonymous: true } });
    const codes = await sandbox<{ code: string; anonymousCode: string }>(minibase, 'login', at);
    const person = await login({ platform: 'douyin', code: codes.code, anonymousCode: codes.anonymousCode });
    expect(person.body).toMatchObject({
      user: { id: visitor.body.user.id, isNew: false },
      identity: { id: visitor.body.identity.id, anonymous: false },
    });
    expect(person.body.identity.openid).not.toBe(visitor.body.identity.openid);
    await until('the link is told', async () => {
      const events = await eventsOf(minibase, app.secretKey);
      const told = events.filter(({ stream }) => stream.id === visitor.body.user.id).map(({ type }) => type);
      return told.join() === 'user.created,identity.linked';
    });
  });

  test('events of a stream are numbered without gaps, and positions ascend in the order of sequences', async () => {
    const byStream = new Map<string, number[]>();
    let last = 0;
    for (const { stream, sequence, position } of await eventsOf(minibase, app.secretKey)) {
      expect(position).toBeGreaterThan(last);
      last = position;
      byStream.set(stream.id, [...(byStream.get(stream.id) ?? []), sequence]);
    }
    for (const sequences of byStream.values()) expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  });
});
