import { createDecipheriv, createHash, createHmac } from 'node:crypto';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

const APP = 'wx0000000000000001';
const OTHER = 'wx0000000000000002';
let sandbox: TestSandbox;
let token: string;
let otherToken: string;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  for (const platformAppId of [APP, OTHER]) {
    await sandbox.account('wechat', { platformAppId, credentials: { secret: 's' } });
  }
  [token, otherToken] = [await newToken(APP), await newToken(OTHER)];
});
afterAll(() => sandbox.stop());

const newToken = async (appid: string): Promise<string> =>
  String(
    (await sandbox.post('/cgi-bin/stable_token', { grant_type: 'client_credential', appid, secret: 's' })).access_token,
  );

/** Logs a person in; openid and session key as the server has them. */
async function session(user: string): Promise<{ openid: string; sessionKey: string }> {
  const { code } = await sandbox.post('/_/login', { platform: 'wechat', platformAppId: APP, user });
  const query = { appid: APP, secret: 's', js_code: String(code), grant_type: 'authorization_code' };
  const { openid, session_key: sessionKey } = await sandbox.get('/sns/jscode2session', query);
  return { openid: String(openid), sessionKey: String(sessionKey) };
}

const hmac = (sessionKey: string): string => createHmac('sha256', sessionKey).update('').digest('hex');

function decrypt({ encryptedData, iv }: Fields, sessionKey: string): Fields {
  const key = Buffer.from(sessionKey, 'base64');
  const decipher = createDecipheriv('aes-128-cbc', key, Buffer.from(String(iv), 'base64'));
  return JSON.parse(decipher.update(String(encryptedData), 'base64', 'utf8') + decipher.final('utf8')) as Fields;
}

const expire = (user?: string): Promise<Fields> =>
  sandbox.post('/_/expire', { platform: 'wechat', platformAppId: APP, what: 'session_key', user });

describe('checksession and resetusersessionkey', () => {
  const call = (path: string, openid: string, sessionKey: string, over: Record<string, string> = {}): Promise<Fields> =>
    sandbox.get(path, {
      access_token: token,
      openid,
      signature: hmac(sessionKey),
      sig_method: 'hmac_sha256',
      ...over,
    });
  const check = (openid: string, sessionKey: string, over: Record<string, string> = {}): Promise<Fields> =>
    call('/wxa/checksession', openid, sessionKey, over);

  test('the key of the last login is good, the one before is not', async () => {
    const before = await session('ann');
    expect(await check(before.openid, before.sessionKey)).toEqual({ errcode: 0, errmsg: 'ok' });
    const now = await session('ann');
    expect((await check(before.openid, before.sessionKey)).errcode).toBe(87009);
    expect((await check(now.openid, now.sessionKey)).errcode).toBe(0);
  });

  test('a reset gives a new key and kills the old one at once', async () => {
    const { openid, sessionKey } = await session('bob');
    const answer = await call('/wxa/resetusersessionkey', openid, sessionKey);
    expect(answer).toEqual({ errcode: 0, errmsg: 'ok', openid, session_key: expect.stringMatching(/==$/) as unknown });
    expect((await check(openid, sessionKey)).errcode).toBe(87009);
    expect((await check(openid, String(answer.session_key))).errcode).toBe(0);
  });

  test('a tester can end the key of one person, or of everybody', async () => {
    const [cat, dan] = [await session('cat'), await session('dan')];
    await expire('cat');
    expect((await check(cat.openid, cat.sessionKey)).errcode).toBe(87009);
    expect((await check(dan.openid, dan.sessionKey)).errcode).toBe(0);
    await expire();
    expect((await check(dan.openid, dan.sessionKey)).errcode).toBe(87009);
  });

  test('everything else that is wrong has its errcode', async () => {
    const { openid, sessionKey } = await session('eve');
    expect((await check(openid, sessionKey, { access_token: '' })).errcode).toBe(41001);
    expect((await check('', sessionKey)).errcode).toBe(41009);
    expect((await check(openid, sessionKey, { sig_method: 'md5' })).errcode).toBe(87008);
    expect((await check('oNobody', sessionKey)).errcode).toBe(40003);
    expect((await check(openid, sessionKey, { access_token: otherToken })).errcode).toBe(40003);
    expect((await sandbox.post('/wxa/checksession', {}, { query: { access_token: token } })).errcode).toBe(43001);
  });
});

describe('the phone number button', () => {
  const tap = (over: Fields): Promise<Fields> =>
    sandbox.post('/_/phone', { platform: 'wechat', platformAppId: APP, user: 'fay', form: 'code', ...over });
  const exchange = (body: unknown, accessToken = token): Promise<Fields> =>
    sandbox.post('/wxa/business/getuserphonenumber', body, { query: { access_token: accessToken } });

  test('a code becomes the number, with the watermark of the tap', async () => {
    const tappedAt = sandbox.now;
    const { code } = await tap({ phone: '13800138000' });
    expect(code).toMatch(/^[\da-f]{64}$/);
    sandbox.advance({ minutes: 1 });
    expect(await exchange({ code })).toEqual({
      errcode: 0,
      errmsg: 'ok',
      phone_info: {
        phoneNumber: '13800138000',
        purePhoneNumber: '13800138000',
        countryCode: '86',
        watermark: { appid: APP, timestamp: tappedAt / 1000 },
      },
    });
  });

  test('a number from abroad carries its country code', async () => {
    const { code } = await tap({ user: 'gil', phone: '+852-61234567' });
    expect((await exchange({ code })).phone_info).toMatchObject({
      phoneNumber: '+85261234567',
      purePhoneNumber: '61234567',
      countryCode: '852',
    });
  });

  test('a person keeps the number, and people who were given none have different ones', async () => {
    const numberOf = async (user: string, over: Fields = {}): Promise<unknown> =>
      ((await exchange(await tap({ user, ...over }))).phone_info as Fields).purePhoneNumber;
    const hal = await numberOf('hal');
    expect(hal).toMatch(/^1\d{10}$/);
    expect(await numberOf('ivy')).not.toBe(hal);
    await sandbox.restart();
    expect(await numberOf('hal')).toBe(hal);
    expect(await numberOf('hal', { phone: '13900139000' })).toBe('13900139000');
    expect(await numberOf('hal')).toBe('13900139000');
  });

  test('a code works once and for five minutes, also when 50 requests race for it', async () => {
    const { code } = await tap({});
    const answers = await Promise.all(Array.from({ length: 50 }, () => exchange({ code })));
    expect(answers.filter(({ errcode }) => errcode === 0)).toHaveLength(1);
    expect(answers.filter(({ errcode }) => errcode === 40029)).toHaveLength(49);
    const { code: late } = await tap({});
    sandbox.advance({ minutes: 5 });
    expect((await exchange({ code: late })).errcode).toBe(40029);
  });

  test("another program's token, another person's openid and a form are refused and use nothing up", async () => {
    const { openid } = await session('fay');
    const { openid: stranger } = await session('jan');
    const { code } = await tap({});
    expect((await exchange({ code }, otherToken)).errcode).toBe(40013);
    expect((await exchange({ code, openid: stranger })).errcode).toBe(40003);
    expect((await exchange(`code=${String(code)}`)).errcode).toBe(40029);
    expect((await exchange({ code, openid })).errcode).toBe(0);
  });

  test('the older form is encrypted with the session key, and WeChat knows that it made it', async () => {
    const { sessionKey } = await session('fay');
    const encrypted = await tap({ form: 'encrypted', phone: '13800138000' });
    expect(decrypt(encrypted, sessionKey)).toEqual({
      phoneNumber: '13800138000',
      purePhoneNumber: '13800138000',
      countryCode: '86',
      watermark: { appid: APP, timestamp: sandbox.now / 1000 },
    });

    const check = (hash: string, accessToken = token): Promise<Fields> =>
      sandbox.post(
        '/wxa/business/checkencryptedmsg',
        { encrypted_msg_hash: hash },
        { query: { access_token: accessToken } },
      );
    const hash = createHash('sha256').update(String(encrypted.encryptedData)).digest('hex');
    expect(await check(hash)).toEqual({ errcode: 0, errmsg: 'ok', vaild: true, create_time: sandbox.now / 1000 });
    expect(await check(hash, otherToken)).toMatchObject({ vaild: false });
    expect(await check(hash.replace(/./g, '0'))).toMatchObject({ vaild: false, create_time: 0 });
    sandbox.advance({ minutes: 3 * 24 * 60 });
    expect(await check(hash, await newToken(APP))).toMatchObject({ vaild: false });
    [token, otherToken] = [await newToken(APP), await newToken(OTHER)];
  });

  test('without a login there is nothing to encrypt with', async () => {
    expect(await tap({ user: 'a stranger', form: 'encrypted' })).toMatchObject({ error: 'not_logged_in' });
  });
});

describe('getUserInfo', () => {
  const profile = (over: Fields = {}): Promise<Fields> =>
    sandbox.post('/_/profile', { platform: 'wechat', platformAppId: APP, user: 'kim', ...over });

  test('gives signed raw data and the same with the ids, encrypted', async () => {
    const { openid, sessionKey } = await session('kim');
    const { rawData, signature, ...encrypted } = await profile();
    expect(signature).toBe(
      createHash('sha1')
        .update(String(rawData) + sessionKey)
        .digest('hex'),
    );
    const open = JSON.parse(String(rawData)) as Fields;
    expect(open).toMatchObject({ nickName: 'kim' });
    expect(decrypt(encrypted, sessionKey)).toEqual({
      ...open,
      openId: openid,
      unionId: expect.stringMatching(/^o/) as unknown,
      watermark: { appid: APP, timestamp: sandbox.now / 1000 },
    });
  });

  test('can be asked for with the wrong watermark', async () => {
    const { sessionKey } = await session('kim');
    const encrypted = await profile({ watermark: { appid: OTHER, timestamp: 1 } });
    expect(decrypt(encrypted, sessionKey).watermark).toEqual({ appid: OTHER, timestamp: 1 });
  });

  test('after a new login, or when the key ended, the old key cannot read it', async () => {
    const { sessionKey: old } = await session('kim');
    await sandbox.post('/_/login', { platform: 'wechat', platformAppId: APP, user: 'kim' });
    await expect(profile().then((data) => decrypt(data, old))).rejects.toThrow();
    const { sessionKey } = await session('kim');
    expect(decrypt(await profile(), sessionKey)).toHaveProperty('openId');
    await expire('kim');
    await expect(profile().then((data) => decrypt(data, sessionKey))).rejects.toThrow();
  });
});
