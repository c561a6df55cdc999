import { setImmediate } from 'node:timers/promises';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

const APP = 'wx0000000000000001';
let sandbox: TestSandbox;
let code: string;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  await sandbox.account('wechat', { platformAppId: APP, credentials: { secret: 's' } });
});
afterAll(() => sandbox.stop());
beforeEach(async () => {
  await fetch(`${sandbox.url}/_/faults`, { method: 'DELETE' });
  code = String((await sandbox.post('/_/login', { platform: 'wechat', platformAppId: APP, user: 'ann' })).code);
});

const fault = (kind: string, over: Fields = {}): Promise<Fields> =>
  sandbox.post('/_/faults', { match: { platform: 'wechat', path: '/sns/jscode2session' }, kind, ...over });

const exchangeUrl = (): string => {
  const query = { appid: APP, secret: 's', js_code: code, grant_type: 'authorization_code' };
  return `${sandbox.url}/sns/jscode2session?${new URLSearchParams(query).toString()}`;
};
const exchange = async (): Promise<Fields> => (await (await fetch(exchangeUrl())).json()) as Fields;
const givesUp = async (): Promise<void> => {
  await expect(fetch(exchangeUrl(), { signal: AbortSignal.timeout(150) })).rejects.toThrow(/timeout|aborted/);
};

test('busy and code answer as the platform does, and have no effect', async () => {
  await fault('busy');
  await fault('code', { code: '40226' });
  await fault('code', { code: '45011' });
  expect(await exchange()).toMatchObject({ errcode: -1, errmsg: expect.stringContaining('system error') as unknown });
  expect(await exchange()).toMatchObject({ errcode: 40226 });
  expect(await exchange()).toMatchObject({ errcode: 45011 });
  expect(await exchange()).toHaveProperty('openid');
});

test("Douyin's families each have their own busy", async () => {
  await sandbox.post('/_/faults', { match: { platform: 'douyin' }, kind: 'busy', times: 3 });
  expect(await sandbox.post('/api/apps/v2/jscode2session', {})).toMatchObject({ err_no: -1 });
  expect(await sandbox.post('/oauth/client_token/', {})).toMatchObject({ data: { error_code: 28001005 } });
  expect(await sandbox.post('/api/apps/v1/get_phonenumber_info/', {})).toMatchObject({
    err_no: 28001005,
    err_msg: 'internal error',
  });
});

test('status_500 and garbage are not what a client expects, and have no effect', async () => {
  await fault('status_500');
  expect((await fetch(exchangeUrl())).status).toBe(500);
  await fault('garbage');
  await expect(exchange()).rejects.toThrow(/JSON/);
  expect(await exchange()).toHaveProperty('openid');
});

test('timeout_before: no answer, and nothing was done', async () => {
  await fault('timeout_before');
  await givesUp();
  expect(await exchange()).toHaveProperty('openid');
});

test('timeout_after: no answer, but it was done', async () => {
  await fault('timeout_after');
  await givesUp();
  expect(await exchange()).toMatchObject({ errcode: 40163 });
});

test('a silent sandbox can still be stopped', async () => {
  const { total } = await sandbox.get('/_/calls');
  await fault('timeout_before', { times: 2 });
  const silent = Promise.allSettled([fetch(exchangeUrl()), fetch(exchangeUrl())]);
  while ((await sandbox.get('/_/calls')).total !== Number(total) + 2) await setImmediate();
  await sandbox.restart();
  for (const { status } of await silent) expect(status).toBe('rejected');
});

test('slow: the right answer, late', async () => {
  await fault('slow', { milliseconds: 200 });
  const began = performance.now();
  expect(await exchange()).toHaveProperty('openid');
  expect(performance.now() - began).toBeGreaterThanOrEqual(199);
});

test('a fault happens as often as asked, oldest first, and is shown until then', async () => {
  await fault('busy', { times: 2 });
  await fault('code', { code: '40226' });
  await exchange();
  expect(await sandbox.get('/_/faults')).toMatchObject({
    faults: [
      { kind: 'busy', times: 1 },
      { kind: 'code', times: 1, code: '40226' },
    ],
  });
  expect([await exchange(), await exchange()]).toMatchObject([{ errcode: -1 }, { errcode: 40226 }]);
  expect(await sandbox.get('/_/faults')).toEqual({ faults: [] });
});

test('times hold when many requests come at once', async () => {
  await fault('busy', { times: 7 });
  const answers = await Promise.all(Array.from({ length: 30 }, exchange));
  expect(answers.filter(({ errcode }) => errcode === -1)).toHaveLength(7);
});

test('only matching calls are hit: platform, path, program', async () => {
  const match = { platform: 'wechat', path: '/cgi-bin/token', platformAppId: 'wx2' };
  await sandbox.post('/_/faults', { match, kind: 'busy' });
  expect(await exchange()).toHaveProperty('openid');
  expect(await sandbox.get('/cgi-bin/token', { appid: APP })).toMatchObject({ errcode: 41004 });
  expect(await sandbox.get('/cgi-bin/token', { appid: 'wx2' })).toMatchObject({ errcode: -1 });
});

test('a fault that waits survives a restart, and can be cleared', async () => {
  await fault('busy', { times: 2 });
  await sandbox.restart();
  expect(await exchange()).toMatchObject({ errcode: -1 });
  const cleared = await fetch(`${sandbox.url}/_/faults`, { method: 'DELETE' });
  expect(await cleared.json()).toEqual({ removed: 1 });
  expect(await exchange()).toHaveProperty('openid');
});

test('the log of calls says which fault was played', async () => {
  await fault('busy');
  await exchange();
  const { calls } = (await sandbox.get('/_/calls', { limit: '1' })) as { calls: Fields[] };
  expect(calls[0]).toMatchObject({ path: '/sns/jscode2session', platformAppId: APP, fault: 'busy', status: 200 });
});

test.each([
  ['busy', { match: { platform: 'wechat', direction: 'out' } }, 'is a fault of calls, not of callbacks'],
  ['code', {}, '"code" must be an error code of wechat'],
  ['code', { code: 'isv.code-invalid' }, '"code" must be an error code of wechat'],
  ['explode', {}, 'kind'],
  ['busy', { times: 0 }, 'times'],
  ['busy', { match: { platform: 'myspace' } }, '"platform" must be one of'],
])('%s with %j is refused in words that help', async (kind, over, words) => {
  expect((await fault(kind, over)).message).toContain(words);
});
