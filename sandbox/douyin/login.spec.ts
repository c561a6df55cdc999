import { createDecipheriv, createHash } from 'node:crypto';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

const APP = 'tt0000000000000001';
const OTHER = 'tt0000000000000002';
let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  await sandbox.account('douyin', { platformAppId: APP, credentials: { secret: 's3cret' } });
  await sandbox.account('douyin', { platformAppId: OTHER, credentials: { secret: 'other' } });
});
afterAll(() => sandbox.stop());

const login = (user: string, over: Fields = {}): Promise<Fields> =>
  sandbox.post('/_/login', { platform: 'douyin', platformAppId: APP, user, ...over });
const exchange = (body: Fields): Promise<Fields> =>
  sandbox.post('/api/apps/v2/jscode2session', { appid: APP, secret: 's3cret', ...body });
const exchanged = async (body: Fields): Promise<Fields> => (await exchange(body)).data as Fields;
const person = async (user: string): Promise<Fields> => exchanged({ code: (await login(user)).code });

test('a code becomes openid, unionid and session key', async () => {
  const { code } = await login('ann');
  const answer = await exchange({ code });
  expect(answer).toMatchObject({ err_no: 0, err_tips: 'success', data: { anonymous_openid: '' } });
  const { session_key: sessionKey, openid, unionid } = answer.data as Record<string, string>;
  expect(sessionKey).toMatch(/^[\w+/]{22}==$/);
  expect(openid).toMatch(/^[\w-]{36}$/);
  expect(unionid).toMatch(/^[\da-f-]{36}$/);
});

test('nobody logged in: there is only a device, with an id that stays', async () => {
  const { code, anonymousCode } = await login('bob', { anonymous: true });
  expect(code).toBeUndefined();
  const first = await exchanged({ anonymous_code: anonymousCode });
  expect(first).toMatchObject({ session_key: '', openid: '', unionid: '' });
  const again = await exchanged({
    anonymous_code: (await login('bob', { anonymous: true, device: 'bob' })).anonymousCode,
  });
  expect(again.anonymous_openid).toBe(first.anonymous_openid);
  const otherDevice = await login('bob', { anonymous: true, device: "bob's tablet" });
  expect((await exchanged({ anonymous_code: otherDevice.anonymousCode })).anonymous_openid).not.toBe(
    first.anonymous_openid,
  );
});

test('both codes together show that the device is now that person', async () => {
  const before = await exchanged({ anonymous_code: (await login('cat', { anonymous: true })).anonymousCode });
  const { code, anonymousCode } = await login('cat');
  const { openid, anonymous_openid: anonymousOpenid } = await exchanged({ code, anonymous_code: anonymousCode });
  expect(anonymousOpenid).toBe(before.anonymous_openid);
  expect(openid).toBe((await person('cat')).openid);
});

test('a person has one openid in a program, and one unionid in all programs of an entity', async () => {
  const here = await person('dan');
  const { code } = await login('dan', { platformAppId: OTHER });
  const there = await exchanged({ appid: OTHER, secret: 'other', code });
  expect(there.openid).not.toBe(here.openid);
  expect(there.unionid).toBe(here.unionid);
  await sandbox.account('douyin', { platformAppId: OTHER, unionid: false });
  const { code: unbound } = await login('dan', { platformAppId: OTHER });
  expect((await exchanged({ appid: OTHER, secret: 'other', code: unbound })).unionid).toBe('');
});

test('codes work once, also when 50 requests race for them', async () => {
  const { code, anonymousCode } = await login('eve');
  const answers = await Promise.all(Array.from({ length: 50 }, () => exchange({ code })));
  expect(answers.filter(({ err_no }) => err_no === 0)).toHaveLength(1);
  expect(answers.filter(({ err_no }) => err_no === 40018)).toHaveLength(49);
  expect((await exchange({ anonymous_code: anonymousCode })).err_no).toBe(0);
  expect((await exchange({ anonymous_code: anonymousCode })).err_no).toBe(40019);
});

test('one bad code of two uses neither up', async () => {
  const { code, anonymousCode } = await login('fay');
  expect((await exchange({ code, anonymous_code: 'wrong' })).err_no).toBe(40019);
  expect((await exchange({ code: 'wrong', anonymous_code: anonymousCode })).err_no).toBe(40018);
  expect((await exchange({ code: anonymousCode, anonymous_code: code })).err_no).toBe(40018);
  expect((await exchange({ code, anonymous_code: anonymousCode })).err_no).toBe(0);
});

test('codes live three minutes', async () => {
  const [early, late] = [await login('gil'), await login('gil')];
  sandbox.advance({ minutes: 2, seconds: 59 });
  expect((await exchange({ code: early.code })).err_no).toBe(0);
  sandbox.advance({ seconds: 1 });
  expect((await exchange({ code: late.code })).err_no).toBe(40018);
  expect((await exchange({ anonymous_code: late.anonymousCode })).err_no).toBe(40019);
});

test.each([
  [{ appid: '' }, 40014],
  [{ secret: '' }, 40014],
  [{ code: '' }, 40014],
  [{ appid: 'ttffffffffffffffff', secret: 'wrong' }, 40015],
  [{ secret: 'wrong', code: 'wrong' }, 40017],
  [{ code: 'wrong' }, 40018],
  [{ appid: OTHER, secret: 'other' }, 40018],
])('%j is refused with %i and does not use the code up', async (over, errNo) => {
  const { code } = await login('hal');
  expect((await exchange({ code, ...over })).err_no).toBe(errNo);
  expect((await exchange({ code })).err_no).toBe(0);
});

test('every answer has HTTP 200, a log id, and the same one in a header', async () => {
  const response = await fetch(`${sandbox.url}/api/apps/v2/jscode2session`, { method: 'POST', body: 'not json' });
  expect(response.status).toBe(200);
  const { err_no: errNo, log_id: logId } = (await response.json()) as Fields;
  expect(errNo).toBe(40014);
  expect(response.headers.get('x-tt-logid')).toBe(logId);
});

test('used codes and people survive a restart', async () => {
  const { code } = await login('ivy');
  const before = await exchanged({ code });
  await sandbox.restart();
  expect((await exchange({ code })).err_no).toBe(40018);
  expect((await person('ivy')).openid).toBe(before.openid);
});

describe('getUserProfile', () => {
  const profile = (user: string): Promise<Fields> =>
    sandbox.post('/_/profile', { platform: 'douyin', platformAppId: APP, user });

  function decrypt({ encryptedData, iv }: Fields, sessionKey: string): Fields {
    const key = Buffer.from(sessionKey, 'base64');
    const decipher = createDecipheriv('aes-128-cbc', key, Buffer.from(String(iv), 'base64'));
    return JSON.parse(decipher.update(String(encryptedData), 'base64', 'utf8') + decipher.final('utf8')) as Fields;
  }

  test('gives signed raw data and the same with the ids, encrypted', async () => {
    const { openid, unionid, session_key: sessionKey } = (await person('jan')) as Record<string, string>;
    const { rawData, signature, ...encrypted } = await profile('jan');
    const hash = createHash('sha1')
      .update(`${String(rawData)}${sessionKey}`)
      .digest('hex');
    expect(signature).toBe(hash);
    expect(decrypt(encrypted, sessionKey ?? '')).toEqual({
      ...(JSON.parse(String(rawData)) as Fields),
      openId: openid,
      unionId: unionid,
      watermark: { appid: APP, timestamp: sandbox.now / 1000 },
    });
  });

  test('each tt.login ends the session key; an anonymous one does not', async () => {
    const { session_key: sessionKey } = (await person('kim')) as Record<string, string>;
    await login('kim', { anonymous: true });
    expect(decrypt(await profile('kim'), sessionKey ?? '')).toHaveProperty('openId');
    await login('kim');
    await expect(profile('kim').then((data) => decrypt(data, sessionKey ?? ''))).rejects.toThrow();
  });
});
