import { decodeProtectedHeader } from 'jose';
import { SigningKeys } from '../../src/tenancy/signing-keys.js';
import { aCode, aLogin, anApp, ask, must, refresh, type LoggedIn, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

let minibase: Minibase;
let app: TestApp;
/** Another process, which makes and reads the same keys. */
let other: { url: string };
beforeAll(async () => {
  minibase = await startMinibase();
  app = await anApp(minibase, ['wechat']);
  other = await minibase.another();
});
afterAll(() => minibase.close());

const rotate = () => minibase.app.get(SigningKeys).rotate();
const kidOf = ({ accessToken }: Pick<LoggedIn, 'accessToken'>) => decodeProtectedHeader(accessToken).kid!;
const published = async (url: string) =>
  (await must<{ keys: { kid: string }[] }>(url, 'GET', '/.well-known/jwks.json')).keys.map(({ kid }) => kid);
const loginAt = async (url: string) =>
  must<LoggedIn>(url, 'POST', '/v1/auth/login', {
    appId: app.appId,
    body: { platform: 'wechat', code: await aCode(minibase, app, 'somebody') },
  });

/** Both processes take the token. */
async function expectAccepted({ accessToken }: Pick<LoggedIn, 'accessToken'>) {
  const answers = await Promise.all(
    [minibase.url, other.url].map((url) => ask(url, 'GET', '/v1/me', { token: accessToken })),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
}

describe('a new signing key', () => {
  test('logs nobody out: published at once, signing after ten minutes, while the tokens of the old one live on', async () => {
    const before = await aLogin(minibase, app, 'early');
    const old = kidOf(before);
    expect(await published(other.url)).toEqual([old]);
    const kid = await rotate();
    expect(await published(minibase.url)).toEqual([old, kid]);
    await expectAccepted(before);

    // The other process looks once a minute, so the key is everywhere long before it signs.
    minibase.clock.advance({ seconds: 61 });
    expect(await published(other.url)).toEqual([old, kid]);

    minibase.clock.advance({ minutes: 8, seconds: 50 });
    const during = [await loginAt(minibase.url), await loginAt(other.url)];
    expect(during.map(kidOf)).toEqual([old, old]);

    minibase.clock.advance({ seconds: 20 });
    const after = [await loginAt(minibase.url), await loginAt(other.url)];
    expect(after.map(kidOf)).toEqual([kid, kid]);
    for (const login of [before, ...during, ...after]) await expectAccepted(login);

    minibase.clock.advance({ minutes: 14 });
    for (const login of during) await expectAccepted(login);
    const { status, body } = await refresh(minibase, before.refreshToken);
    expect({ status, kid: kidOf(body) }).toEqual({ status: 200, kid });
  });

  test('drops those before it only when the last token that they signed has ended', async () => {
    const current = kidOf(await loginAt(minibase.url));
    const next = await rotate();
    expect(await published(minibase.url)).toEqual(expect.arrayContaining([current, next]));
    minibase.clock.advance({ minutes: 10, seconds: 1 });
    const last = await loginAt(minibase.url);
    minibase.clock.advance({ minutes: 10 });
    const third = await rotate();
    expect(await published(minibase.url)).toEqual(expect.arrayContaining([current, next, third]));
    await expectAccepted(last);
    // Access tokens of the first key have ended; snapshots last for a day.
    minibase.clock.advance({ minutes: 31 });
    expect(await published(minibase.url)).toContain(current);
    expect(await minibase.app.get(SigningKeys).find(current)).toBeUndefined();
    minibase.clock.advance({ minutes: 25 * 60 });
    const fourth = await rotate();
    expect(await published(minibase.url)).toEqual([third, fourth]);
    expect((await refresh(minibase, last.refreshToken)).status).toBe(200);
  });

  test('is made once when processes that have none start together', async () => {
    const fresh = await startMinibase();
    try {
      const processes = [fresh, await fresh.another(), await fresh.another()];
      const kids = await Promise.all(processes.map(({ url }) => published(url)));
      expect(kids[0]).toHaveLength(1);
      expect(kids).toEqual([kids[0], kids[0], kids[0]]);
    } finally {
      await fresh.close();
    }
  });
});
