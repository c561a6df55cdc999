import { until } from '../queues/support/until.js';
import { aCode, aLogin, anApp, ask, sandbox, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { accountsOf, storedAccount } from './support/accounts.js';

const secretOf = (digit: string): string => digit.repeat(32);

describe('changing a platform account', () => {
  let minibase: Minibase;
  let app: TestApp;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    app = await anApp(minibase, ['wechat']);
  });
  afterAll(() => minibase.close());

  const accounts = () => accountsOf(minibase, app.secretKey);
  const wechat = () => app.programs.wechat.id;
  /** Somebody changes the secret in the platform's console, and nobody tells Minibase. */
  const changeAtPlatform = (secret: string) =>
    sandbox(minibase, 'accounts', {
      platform: 'wechat',
      kind: 'program',
      platformAppId: app.programs.wechat.platformAppId,
      credentials: { secret },
    });

  test('a new secret is used from the next login on, here at once and elsewhere within seconds', async () => {
    const other = await minibase.another();
    await aLogin({ ...minibase, url: other.url }, app, 'ming');
    const before = (await accounts().get(wechat())).body.credentials['secret'];
    const patched = await accounts().patch(wechat(), { credentials: { secret: secretOf('a') } });
    expect(patched.status).toBe(200);
    expect(patched.body.credentials['secret']).not.toBe(before);
    await aLogin(minibase, app, 'ming');
    await other.close();
  });

  test('credentials are merged: what is left out keeps its value', async () => {
    const douyin = await accounts().made({ platform: 'douyin' });
    const { body } = await accounts().patch(douyin.id, { credentials: { secret: secretOf('b') } });
    expect(body.credentials['secret']).not.toBe(douyin.credentials['secret']);
    expect(body.credentials['appPrivateKey']).toBe(douyin.credentials['appPrivateKey']);
    expect(body.credentials['platformPublicKey']).toBe(douyin.credentials['platformPublicKey']);
  });

  test('name, status and credentials change alone, and nothing else changes', async () => {
    const before = (await accounts().get(wechat())).body;
    const named = (await accounts().patch(wechat(), { name: 'New name' })).body;
    expect(named).toEqual({ ...before, name: 'New name', updatedAt: named.updatedAt });
    const disabled = (await accounts().patch(wechat(), { status: 'disabled' })).body;
    expect(disabled).toEqual({ ...named, status: 'disabled', updatedAt: disabled.updatedAt });
    expect((await accounts().patch(wechat(), { platformAppId: 'wx00000000000000aa' })).status).toBe(400);
    expect((await accounts().patch(wechat(), { credentials: { unknown: 'x' } })).status).toBe(400);
  });

  test('changes that come at the same moment are all kept', async () => {
    const douyin = await accounts().made({ platform: 'douyin' });
    const answers = await Promise.all([
      accounts().patch(douyin.id, { credentials: { secret: secretOf('c') } }),
      accounts().patch(douyin.id, { credentials: { keyVersion: '7' } }),
      accounts().patch(douyin.id, { name: 'Renamed' }),
      accounts().patch(douyin.id, { status: 'disabled' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const after = (await accounts().get(douyin.id)).body;
    expect(after).toMatchObject({ name: 'Renamed', status: 'disabled', credentials: { keyVersion: '7' } });
    expect(after.credentials['secret']).not.toBe(douyin.credentials['secret']);
  });

  test('logins that are under way while the account changes are answered', async () => {
    const codes = await Promise.all(Array.from({ length: 20 }, (_, index) => aCode(minibase, app, `p${index}`)));
    const logins = codes.map((code) =>
      ask(minibase.url, 'POST', '/v1/auth/login', { appId: app.appId, body: { platform: 'wechat', code } }),
    );
    const changes = ['one', 'two', 'three'].map((name) => accounts().patch(wechat(), { name }));
    expect((await Promise.all(changes)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await Promise.all(logins)).map(({ status }) => status)).toEqual(Array(20).fill(200));
  });

  test('verify says in plain words that the secret is wrong, and that it is right again', async () => {
    expect(await accounts().verify(wechat())).toMatchObject({ ok: true, checks: [{ ok: true }] });
    await changeAtPlatform(secretOf('d'));
    const { ok, checks } = await accounts().verify(wechat());
    expect(ok).toBe(false);
    expect(checks).toEqual([
      { name: expect.any(String), ok: false, detail: expect.stringMatching(/secret.*\[40125\]|secret.*\[40001\]/i) },
    ]);
    expect(JSON.stringify(checks)).not.toContain(secretOf('d'));
    await accounts().patch(wechat(), { credentials: { secret: secretOf('d') } });
    expect((await accounts().verify(wechat())).ok).toBe(true);
  });

  test('a login with a wrong secret names the account and what to do, not the secret', async () => {
    const code = await aCode(minibase, app, 'ming');
    await changeAtPlatform(secretOf('e'));
    const answer = await ask(minibase.url, 'POST', '/v1/auth/login', {
      appId: app.appId,
      body: { platform: 'wechat', code },
    });
    expect(answer).toMatchObject({
      status: 502,
      body: { code: 'platform_account_misconfigured', platform: 'wechat', platformAccountId: wechat() },
    });
    expect(JSON.stringify(answer.body)).not.toContain(secretOf('e'));
  });

  test('an account that nobody used is deleted, and its mini-program can be registered anew', async () => {
    const { platformAppId } = app.programs.wechat;
    expect((await accounts().remove(wechat())).status).toBe(204);
    expect(await accounts().get(wechat())).toMatchObject({ status: 404, body: { code: 'platform_account_not_found' } });
    expect(await storedAccount(minibase, wechat())).toEqual({});
    expect(await accounts().remove(wechat())).toMatchObject({ status: 404 });
    expect((await accounts().create({ platform: 'wechat', platformAppId })).status).toBe(201);
  });

  test('an account with users is disabled: nobody logs in there any more, and its users stay', async () => {
    const { accessToken, user } = await aLogin(minibase, app, 'ming');
    const code = await aCode(minibase, app, 'ming');
    expect((await accounts().remove(wechat())).status).toBe(204);
    expect((await accounts().get(wechat())).body.status).toBe('disabled');
    const login = await ask(minibase.url, 'POST', '/v1/auth/login', {
      appId: app.appId,
      body: { platform: 'wechat', code },
    });
    expect(login).toMatchObject({ status: 422, body: { code: 'platform_account_missing' } });
    expect((await ask(minibase.url, 'GET', '/v1/me', { token: accessToken })).status).toBe(200);
    await accounts().patch(wechat(), { status: 'active' });
    expect((await aLogin(minibase, app, 'ming')).user.id).toBe(user.id);
  });

  test('an account that is disabled here is disabled in other processes within five seconds', async () => {
    const other = await minibase.another();
    // The sandbox counts logins of one person, so each is of another.
    let people = 0;
    const enter = async () => {
      const code = await aCode(minibase, app, `person-${(people += 1)}`);
      return ask(other.url, 'POST', '/v1/auth/login', { appId: app.appId, body: { platform: 'wechat', code } });
    };
    expect((await enter()).status).toBe(200);
    await accounts().patch(wechat(), { status: 'disabled' });
    const took = await until('the other process knows', async () => (await enter()).status !== 200);
    expect((await enter()).body).toMatchObject({ code: 'platform_account_missing' });
    // And what a busy machine takes on top.
    expect(took).toBeLessThan(9_000);
    await other.close();
  });
});

describe('a sandbox that does not answer', () => {
  test('is said to be missing, and nothing is saved', async () => {
    const minibase = await startMinibase();
    const app = await anApp(minibase, ['wechat']);
    const alone = await minibase.another({ sandboxUrl: 'http://127.0.0.1:9' });
    const off = await minibase.another({ sandboxUrl: undefined });
    for (const { url } of [alone, off]) {
      const accounts = accountsOf({ ...minibase, url }, app.secretKey);
      const refusals = [
        await accounts.create({ platform: 'wechat' }),
        await accounts.patch(app.programs.wechat.id, { credentials: { secret: secretOf('f') } }),
      ];
      for (const refusal of refusals)
        expect(refusal).toMatchObject({ status: 503, body: { code: 'sandbox_unavailable' } });
      expect(await accounts.list()).toHaveLength(1);
    }
    await minibase.close();
  });
});
