import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

const SECRET = 's3cret';
let sandbox: TestSandbox;
let appid: string;
let apps = 0;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
});
afterAll(() => sandbox.stop());
beforeEach(async () => {
  appid = `wx${String((apps += 1)).padStart(16, '0')}`;
  await sandbox.account('wechat', { platformAppId: appid, credentials: { secret: SECRET } });
});

const plain = (over: Record<string, string> = {}): Promise<Fields> =>
  sandbox.get('/cgi-bin/token', { grant_type: 'client_credential', appid, secret: SECRET, ...over });
const stable = (over: Fields = {}): Promise<Fields> =>
  sandbox.post('/cgi-bin/stable_token', { grant_type: 'client_credential', appid, secret: SECRET, ...over });

/** What WeChat says of a token: 47001 stands for "good", the call lacks only its body. */
const verdict = async (token: unknown): Promise<unknown> => {
  const query = { access_token: String(token) };
  return (await sandbox.post('/wxa/business/checkencryptedmsg', {}, { query })).errcode;
};
const GOOD = 47001;

describe('/cgi-bin/token', () => {
  test('each call makes a new token of two hours', async () => {
    const [first, second] = [await plain(), await plain()];
    expect(first).toEqual({ access_token: expect.stringMatching(/^\d+_[\w-]{100,}$/) as unknown, expires_in: 7200 });
    expect(second.access_token).not.toBe(first.access_token);
  });

  test('the token before lives five minutes longer, then it is "not latest"', async () => {
    const [first, second] = [await plain(), await plain()];
    sandbox.advance({ minutes: 4, seconds: 59 });
    expect(await verdict(first.access_token)).toBe(GOOD);
    sandbox.advance({ seconds: 1 });
    expect(await verdict(first.access_token)).toBe(40001);
    expect(await verdict(second.access_token)).toBe(GOOD);
  });

  test('a token ends after two hours', async () => {
    const { access_token: token } = await plain();
    sandbox.advance({ minutes: 119, seconds: 59 });
    expect(await verdict(token)).toBe(GOOD);
    sandbox.advance({ seconds: 1 });
    expect(await verdict(token)).toBe(42001);
  });

  test('two thousand a day', async () => {
    for (let call = 1; call <= 2_000; call += 1) await plain();
    expect((await plain()).errcode).toBe(45009);
    sandbox.advance({ minutes: 24 * 60 });
    expect(await plain()).toHaveProperty('access_token');
  });
});

describe('/cgi-bin/stable_token', () => {
  test('gives the same token until five minutes before its end, then a new one, and both work', async () => {
    const { access_token: first } = await stable();
    sandbox.advance({ minutes: 114, seconds: 59 });
    expect(await stable()).toEqual({ access_token: first, expires_in: 301 });
    sandbox.advance({ seconds: 1 });
    const second = await stable();
    expect(second).toEqual({ access_token: expect.any(String) as unknown, expires_in: 7200 });
    expect(second.access_token).not.toBe(first);
    sandbox.advance({ minutes: 4, seconds: 59 });
    expect(await verdict(first)).toBe(GOOD);
    sandbox.advance({ seconds: 1 });
    expect(await verdict(first)).toBe(42001);
    expect(await verdict(second.access_token)).toBe(GOOD);
  });

  test('a forced refresh kills the old token at once, but not twice within 30 seconds', async () => {
    const { access_token: first } = await stable();
    const { access_token: second } = await stable({ force_refresh: true });
    expect(second).not.toBe(first);
    expect(await verdict(first)).toBe(40001);
    sandbox.advance({ seconds: 29 });
    expect((await stable({ force_refresh: true })).access_token).toBe(second);
    sandbox.advance({ seconds: 1 });
    expect((await stable({ force_refresh: true })).access_token).not.toBe(second);
    expect(await verdict(second)).toBe(40001);
  });

  test('twenty forced refreshes a day, counted across a restart', async () => {
    await stable();
    for (let refresh = 1; refresh <= 20; refresh += 1) {
      expect(await stable({ force_refresh: true })).toHaveProperty('access_token');
      sandbox.advance({ seconds: 30 });
    }
    await sandbox.restart();
    expect((await stable({ force_refresh: true })).errcode).toBe(45009);
    sandbox.advance({ minutes: 24 * 60 });
    expect(await stable({ force_refresh: true })).toHaveProperty('access_token');
  });

  test('is isolated from /cgi-bin/token', async () => {
    const { access_token: token } = await stable();
    await plain();
    await plain();
    sandbox.advance({ minutes: 6 });
    expect(await verdict(token)).toBe(GOOD);
    expect((await stable()).access_token).toBe(token);
    const { access_token: other } = await plain();
    await stable({ force_refresh: true });
    expect(await verdict(other)).toBe(GOOD);
  });

  test('a body that is not JSON looks like one without an appid; a GET is refused', async () => {
    const form = `grant_type=client_credential&appid=${appid}&secret=${SECRET}`;
    expect((await sandbox.post('/cgi-bin/stable_token', form)).errcode).toBe(41002);
    expect((await sandbox.get('/cgi-bin/stable_token')).errcode).toBe(43002);
  });
});

test.each([
  [{ appid: '' }, 41002],
  [{ secret: '' }, 41004],
  [{ grant_type: 'authorization_code' }, 40002],
  [{ appid: 'wxffffffffffffffff' }, 40013],
  [{ secret: 'wrong' }, 40125],
])('both endpoints answer %j with %i', async (over, errcode) => {
  expect((await plain(over)).errcode).toBe(errcode);
  expect((await stable(over)).errcode).toBe(errcode);
});

test('a missing, malformed or unknown token has an errcode of its own', async () => {
  const { access_token: token } = await stable();
  expect(await verdict('')).toBe(41001);
  expect(await verdict('not a token')).toBe(40014);
  expect(await verdict(`${String(token)}x`)).toBe(40001);
});

test('a tester can end the tokens of one program, and they stay ended', async () => {
  const tokens = [(await plain()).access_token, (await stable()).access_token];
  expect(await sandbox.post('/_/expire', { platform: 'wechat', platformAppId: appid, what: 'token' })).toEqual({});
  await sandbox.restart();
  expect(await Promise.all(tokens.map(verdict))).toEqual([42001, 42001]);
  expect((await stable()).access_token).not.toBe(tokens[1]);
});

test('tokens survive a restart', async () => {
  const { access_token: token } = await stable();
  await sandbox.restart();
  expect((await stable()).access_token).toBe(token);
  expect(await verdict(token)).toBe(GOOD);
});
