import { aLogin, anApp, asUser, refresh, type LoggedIn, type TestApp } from '../support/client.js';
import { eventsOf, untilTold } from '../support/events.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

let minibase: Minibase;
let app: TestApp;
beforeAll(async () => {
  minibase = await startMinibase();
  app = await anApp(minibase, ['wechat']);
});
afterAll(() => minibase.close());

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
const me = (tokens: Pick<LoggedIn, 'accessToken'>) => asUser(minibase, tokens, 'GET', '/v1/me');
const sessionsOf = async (tokens: Pick<LoggedIn, 'accessToken'>) =>
  (await asUser<{ data: { id: string; refreshedAt: string; expiresAt: string }[] }>(minibase, tokens, 'GET', '/v1/me/sessions')).body.data; // prettier-ignore

/** The session is gone for good, and this is what the developer was told. */
async function expectRevoked(login: LoggedIn, latest: Pick<LoggedIn, 'accessToken' | 'refreshToken'>, reason: string) {
  expect(await me(latest)).toMatchObject({ status: 401, body: { code: 'session_revoked' } });
  expect(await refresh(minibase, latest.refreshToken)).toMatchObject({
    status: 401,
    body: { code: 'session_revoked' },
  });
  const told = await untilTold(minibase, app.secretKey, login.user.id, 'session.revoked');
  expect(told).toMatchObject([{ object: { type: 'session' }, data: { userId: login.user.id, reason } }]);
}

describe('a refresh token', () => {
  test('is exchanged for new tokens of the same session, which then lives on for 60 days', async () => {
    const first = await aLogin(minibase, app, 'rotating');
    const [before] = await sessionsOf(first);
    minibase.clock.advance({ minutes: 1 });
    const { status, body } = await refresh(minibase, first.refreshToken);
    expect({ status, expiresIn: body.expiresIn }).toEqual({ status: 200, expiresIn: 900 });
    expect(body.refreshToken).not.toBe(first.refreshToken);
    expect((await me(body)).body['id']).toBe(first.user.id);
    const [after, another] = await sessionsOf(body);
    expect(another).toBeUndefined();
    expect(after!.id).toBe(before!.id);
    expect(Date.parse(after!.refreshedAt) - Date.parse(before!.refreshedAt)).toBeGreaterThanOrEqual(60_000);
    expect(Date.parse(after!.expiresAt) - Date.parse(after!.refreshedAt)).toBe(60 * 24 * 3_600_000);
  });

  test('that is used again ends its session, and the developer is told why', async () => {
    const login = await aLogin(minibase, app, 'robbed');
    const { body: stolen } = await refresh(minibase, login.refreshToken);
    const again = await refresh(minibase, login.refreshToken);
    expect(again).toMatchObject({ status: 401, body: { code: 'refresh_token_reused' } });
    await expectRevoked(login, stolen, 'refresh_token_reused');
  });

  test('of long ago ends the session too', async () => {
    const login = await aLogin(minibase, app, 'hoarder');
    let latest = { accessToken: login.accessToken, refreshToken: login.refreshToken };
    for (let round = 0; round < 3; round++) latest = (await refresh(minibase, latest.refreshToken)).body;
    expect((await refresh(minibase, login.refreshToken)).body.code).toBe('refresh_token_reused');
    await expectRevoked(login, latest, 'refresh_token_reused');
  });

  test('ends no other session of the user when it is reused', async () => {
    const [first, second] = [await aLogin(minibase, app, 'two-phones'), await aLogin(minibase, app, 'two-phones')];
    await refresh(minibase, first.refreshToken);
    expect((await refresh(minibase, first.refreshToken)).status).toBe(401);
    expect((await refresh(minibase, second.refreshToken)).status).toBe(200);
  });

  test('that nobody refreshes for 60 days has expired; one that is refreshed before lives on', async () => {
    const login = await aLogin(minibase, app, 'rare');
    minibase.clock.advance({ days: 59, minutes: 24 * 60 - 1 });
    const { status, body } = await refresh(minibase, login.refreshToken);
    expect(status).toBe(200);
    minibase.clock.advance({ days: 59 });
    const next = await refresh(minibase, body.refreshToken);
    expect(next.status).toBe(200);
    minibase.clock.advance({ days: 60 });
    const late = await refresh(minibase, next.body.refreshToken);
    expect(late).toMatchObject({ status: 401, body: { code: 'refresh_token_invalid' } });
    const events = await eventsOf(minibase, app.secretKey);
    expect(events.filter(({ stream }) => stream.id === login.user.id).map(({ type }) => type)).toEqual([
      'user.created',
    ]);
  });
});

describe('a repeated refresh', () => {
  test('with the same key within 60 seconds gets the same tokens, however often', async () => {
    const { refreshToken } = await aLogin(minibase, app, 'in-the-lift');
    const first = await refresh(minibase, refreshToken, { key: 'lift-1' });
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    minibase.clock.advance({ seconds: 50 });
    for (const repeat of [
      await refresh(minibase, refreshToken, { key: 'lift-1' }),
      await refresh(minibase, refreshToken, { key: 'lift-1' }),
    ]) {
      // prettier-ignore
      expect(repeat.status).toBe(200);
      expect(repeat.body.refreshToken).toBe(first.body.refreshToken);
      expect(repeat.headers.get('idempotent-replayed')).toBe('true');
      expect((await me(repeat.body)).status).toBe(200);
    }
    expect((await refresh(minibase, first.body.refreshToken)).status).toBe(200);
  });

  test('with the same key after 60 seconds is a reuse', async () => {
    const login = await aLogin(minibase, app, 'asleep');
    const { body } = await refresh(minibase, login.refreshToken, { key: 'late' });
    minibase.clock.advance({ seconds: 61 });
    const late = await refresh(minibase, login.refreshToken, { key: 'late' });
    expect(late).toMatchObject({ status: 401, body: { code: 'refresh_token_reused' } });
    await expectRevoked(login, body, 'refresh_token_reused');
  });

  test('with another key, or without one, is a reuse', async () => {
    for (const over of [{ key: 'two' }, {}]) {
      const login = await aLogin(minibase, app, `another-key-${over.key}`);
      const { body } = await refresh(minibase, login.refreshToken, { key: 'one' });
      const other = await refresh(minibase, login.refreshToken, over);
      expect(other).toMatchObject({ status: 401, body: { code: 'refresh_token_reused' } });
      await expectRevoked(login, body, 'refresh_token_reused');
    }
  });

  test('with the same key finds no mercy once the successor has been used', async () => {
    const login = await aLogin(minibase, app, 'delayed');
    const { body: second } = await refresh(minibase, login.refreshToken, { key: 'one' });
    const { body: third } = await refresh(minibase, second.refreshToken, { key: 'two' });
    expect((await refresh(minibase, login.refreshToken, { key: 'one' })).body.code).toBe('refresh_token_reused');
    await expectRevoked(login, third, 'refresh_token_reused');
  });

  test('50 times at once with one key gives one successor, and ends nothing', async () => {
    const { refreshToken } = await aLogin(minibase, app, 'retrying');
    const answers = await Promise.all(times(50, () => refresh(minibase, refreshToken, { key: 'storm' })));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    const successors = new Set(answers.map(({ body }) => body.refreshToken));
    expect(successors.size).toBe(1);
    expect((await refresh(minibase, [...successors][0]!)).status).toBe(200);
  });

  // Without a key two requests cannot be told from a thief and a victim: one wins, and both have lost the session.
  test('20 times at once without a key lets exactly one win, and ends the session', async () => {
    const login = await aLogin(minibase, app, 'racing');
    const answers = await Promise.all(times(20, () => refresh(minibase, login.refreshToken)));
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    const lost = answers.filter(({ status }) => status !== 200);
    expect(lost.every(({ status }) => status === 401)).toBe(true);
    expect(new Set(lost.map(({ body }) => body.code))).toContain('refresh_token_reused');
    for (const { body } of lost) expect(['refresh_token_reused', 'session_revoked']).toContain(body.code);
    await expectRevoked(login, won[0]!.body, 'refresh_token_reused');
  });
});

describe('a forged refresh token', () => {
  const expectUnknown = async (text: string) => {
    const { status, body } = await refresh(minibase, text);
    expect({ text, status, code: body.code }).toEqual({ text, status: 401, code: 'refresh_token_invalid' });
  };

  test('is refused wherever it was changed, and ends nothing', async () => {
    const { refreshToken } = await aLogin(minibase, app, 'attacked');
    expect(refreshToken).toMatch(/^rt_[0-9a-f]{32}_[\w-]{64}$/);
    await Promise.all(times(refreshToken.length, (at) => expectUnknown(flipped(refreshToken, at))));
    expect((await refresh(minibase, refreshToken)).status).toBe(200);
  });

  test('of another form is refused', async () => {
    const { refreshToken } = await aLogin(minibase, app, 'shapes');
    const [appPart, secret] = [refreshToken.slice(3, 35), refreshToken.slice(36)];
    const forms = ['', 'rt_', refreshToken.slice(0, -1), `${refreshToken}A`, `${refreshToken} `, ` ${refreshToken}`];
    const spellings = [refreshToken.toUpperCase(), `${refreshToken}\n`, `rt_${appPart}`, `rt__${secret}`, `RT_${appPart}_${secret}`]; // prettier-ignore
    await Promise.all([...forms, ...spellings, `${refreshToken}=`, 'rt_\u{1f600}'].map(expectUnknown));
    expect((await refresh(minibase, 'x'.repeat(201))).body.code).toBe('validation_failed');
    expect((await refresh(minibase, refreshToken)).status).toBe(200);
  });

  test("that names another app's session is refused, and ends neither", async () => {
    const other = await anApp(minibase, ['wechat']);
    const [mine, theirs] = [await aLogin(minibase, app, 'here'), await aLogin(minibase, other, 'there')];
    const swapped = [mine.refreshToken.replace(app.appId.slice(4), other.appId.slice(4)), theirs.refreshToken.replace(other.appId.slice(4), app.appId.slice(4))]; // prettier-ignore
    for (const text of swapped) await expectUnknown(text);
    expect((await refresh(minibase, mine.refreshToken)).status).toBe(200);
    expect((await refresh(minibase, theirs.refreshToken)).status).toBe(200);
  });
});

/** The text with another character of the same class (digit, upper or lower case, mark) at `at`. */
function flipped(text: string, at: number): string {
  const classes = ['0123456789', 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '-_'];
  const letter = text[at]!;
  const alphabet = classes.find((one) => one.includes(letter))!;
  const other = alphabet[(alphabet.indexOf(letter) + 1) % alphabet.length]!;
  return text.slice(0, at) + other + text.slice(at + 1);
}
