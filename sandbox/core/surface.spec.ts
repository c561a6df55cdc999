import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
});
afterAll(() => sandbox.stop());
beforeEach(() => sandbox.post('/_/reset', {}));

const register = (over: Fields): Promise<Fields> => sandbox.account('wechat', over);
const login = (platformAppId: unknown, over: Fields = {}): Promise<Fields> =>
  sandbox.post('/_/login', { platform: 'wechat', platformAppId, user: 'ann', ...over });
const status = async (path: string, init: RequestInit): Promise<number> =>
  (await fetch(sandbox.url + path, init)).status;

describe('POST /_/accounts', () => {
  test('generates what is left out, in the form of the platform', async () => {
    expect(await register({})).toMatchObject({
      platform: 'wechat',
      kind: 'program',
      platformAppId: expect.stringMatching(/^wx[\da-f]{16}$/) as unknown,
      credentials: { secret: expect.stringMatching(/^[\da-f]{32}$/) as unknown },
      entity: 'default',
      unionid: true,
    });
    expect((await sandbox.account('douyin')).platformAppId).toMatch(/^tt[\da-f]{16}$/);
  });

  test('keeps what is given, and is the same when said again', async () => {
    const first = await register({
      platformAppId: 'wx1',
      credentials: { secret: 'mine' },
      entity: 'us',
      unionid: false,
      callbackOrigin: 'http://127.0.0.1:3000/anything',
    });
    expect(first).toMatchObject({ credentials: { secret: 'mine' }, callbackOrigin: 'http://127.0.0.1:3000' });
    expect(await register({ platformAppId: 'wx1' })).toEqual(first);
    expect(await register({ platformAppId: 'wx1', credentials: { secret: 'new' } })).toEqual({
      ...first,
      credentials: { ...(first.credentials as Fields), secret: 'new' },
    });
  });

  test('two at once for one new account get the same credentials', async () => {
    const [one, other] = await Promise.all([register({ platformAppId: 'wx2' }), register({ platformAppId: 'wx2' })]);
    expect(one).toEqual(other);
  });

  test.each([
    [{ kind: 'shop' }, 'only the kinds "program" and "merchant" can be registered'],
    [{ callbackOrigin: 'ftp://127.0.0.1' }, 'a URL such as http://127.0.0.1:3000'],
    [{ callbackOrigin: '127.0.0.1:3000' }, 'a URL such as http://127.0.0.1:3000'],
    [{ credentials: { secrte: 'typo' } }, 'Unrecognized key: "secrte"'],
    [{ colour: 'blue' }, 'Unrecognized key: "colour"'],
    [{ platformAppId: 'a b' }, 'platformAppId'],
    [{ platform: 'myspace' }, '"platform" must be one of "wechat", '],
  ])('%j is refused in words that help', async (over, words) => {
    expect((await register(over)).message).toContain(words);
  });
});

describe('everything under /_/', () => {
  test('says who is missing and what to do', async () => {
    expect(await login('wx9')).toEqual({
      error: 'account_unknown',
      message: 'there is no wechat program wx9: register it first with POST /_/accounts',
    });
  });

  test('answers with a fitting status', async () => {
    expect(await status('/_/login', { method: 'POST', body: 'not json' })).toBe(400);
    expect(await status('/_/login', { method: 'POST', body: '{}' })).toBe(400);
    expect(await status('/_/login', { method: 'POST', body: '{"platform":"wechat"}' })).toBe(400);
    expect(await status('/_/accounts', { method: 'POST', body: '{"platform":"x"}' })).toBe(422);
    expect(await status('/_/nothing', { method: 'GET' })).toBe(404);
    expect(await status('/_/accounts', { method: 'POST', body: 'x'.repeat(2 ** 20 + 1) })).toBe(413);
    expect(await status('/_/health', { method: 'GET' })).toBe(200);
  });

  test('a reset forgets everything, also for after a restart', async () => {
    const { platformAppId } = await register({});
    await sandbox.post('/_/faults', { match: { platform: 'wechat' }, kind: 'busy' });
    expect(await sandbox.post('/_/reset', {})).toEqual({});
    await sandbox.restart();
    expect((await login(platformAppId)).error).toBe('account_unknown');
    expect(await sandbox.get('/_/faults')).toEqual({ faults: [] });
    expect(await sandbox.get('/_/calls')).toEqual({ total: 0, calls: [] });
  });
});

describe('GET /_/calls', () => {
  test('shows what arrived and what was answered, the newest last', async () => {
    await sandbox.get('/cgi-bin/token', { appid: 'wx1' });
    await sandbox.post('/cgi-bin/stable_token', { appid: 'wx2' }, { headers: { 'x-mark': 'here' } });
    const { total, calls } = (await sandbox.get('/_/calls')) as { total: number; calls: Fields[] };
    expect(total).toBe(2);
    expect(calls[0]).toMatchObject({
      at: new Date(sandbox.now).toISOString(),
      platform: 'wechat',
      platformAppId: 'wx1',
      method: 'GET',
      path: '/cgi-bin/token',
      query: { appid: 'wx1' },
      status: 200,
      answer: expect.stringContaining('41004') as unknown,
    });
    expect(calls[1]).toMatchObject({ platformAppId: 'wx2', body: '{"appid":"wx2"}', headers: { 'x-mark': 'here' } });
  });

  test('can be narrowed', async () => {
    const totalOf = async (filter: Record<string, string>): Promise<unknown> =>
      (await sandbox.get('/_/calls', filter)).total;
    await sandbox.get('/cgi-bin/token', { appid: 'wx1' });
    await sandbox.get('/sns/jscode2session', { appid: 'wx1' });
    await sandbox.post('/oauth/client_token/', { client_key: 'tt1' });
    expect(await totalOf({ platform: 'wechat' })).toBe(2);
    expect(await totalOf({ path: '/sns/jscode2session' })).toBe(1);
    expect(await totalOf({ path: '/oauth/client_token' })).toBe(1);
    expect(await totalOf({ platformAppId: 'tt1' })).toBe(1);
    const { calls } = (await sandbox.get('/_/calls', { limit: '1' })) as { calls: Fields[] };
    expect(calls).toMatchObject([{ platform: 'douyin' }]);
    expect(await totalOf({ after: String(Number(calls[0]?.id) - 1) })).toBe(1);
    expect((await sandbox.get('/_/calls', { since: 'x' })).error).toBe('invalid_request');
  });

  test('keeps only the start of a huge body', async () => {
    await sandbox.post('/cgi-bin/stable_token', 'x'.repeat(100_000));
    const { calls } = (await sandbox.get('/_/calls')) as { calls: Fields[] };
    expect(String(calls[0]?.body)).toHaveLength(4_096);
  });
});

describe('POST /_/clock', () => {
  test('moves business time of accounts and says that nothing is planned; codes and tokens do not notice', async () => {
    const { platformAppId, credentials } = await register({});
    const { code } = await login(platformAppId);
    const moved = await sandbox.post('/_/clock', {
      accounts: [{ platform: 'wechat', platformAppId }],
      now: new Date(sandbox.now + 30 * 24 * 3_600_000).toISOString(),
    });
    expect(moved).toEqual({ next: null });
    const query = {
      appid: String(platformAppId),
      secret: String((credentials as Fields).secret),
      js_code: String(code),
      grant_type: 'authorization_code',
    };
    expect(await sandbox.get('/sns/jscode2session', query)).toHaveProperty('openid');
  });

  test('refuses an unknown account and a time that is none', async () => {
    const now = new Date(sandbox.now).toISOString();
    const unknown = { accounts: [{ platform: 'wechat', platformAppId: 'wx9' }], now };
    expect((await sandbox.post('/_/clock', unknown)).error).toBe('account_unknown');
    expect((await sandbox.post('/_/clock', { accounts: [], now: 'tomorrow' })).error).toBe('invalid_request');
  });
});
