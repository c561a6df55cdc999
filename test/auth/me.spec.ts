import type { PlatformCode } from '../../src/platforms/platform.js';
import { aLogin, anApp, aPhoneProof, asUser, must, sandbox, type LoggedIn, type TestApp } from '../support/client.js';
import { untilTold } from '../support/events.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

let minibase: Minibase;
let app: TestApp;
beforeAll(async () => {
  minibase = await startMinibase();
  app = await anApp(minibase, ['wechat', 'douyin']);
});
afterAll(() => minibase.close());

interface SeenUser {
  readonly id: string;
  readonly nickname: string | null;
  readonly avatarUrl: string | null;
  readonly metadata: object;
}
const patch = (login: LoggedIn, body: unknown, over: object = {}) =>
  asUser<SeenUser>(minibase, login, 'PATCH', '/v1/me', { body, ...over });
const me = async (login: LoggedIn) => (await asUser<SeenUser>(minibase, login, 'GET', '/v1/me')).body;
const refused = (status: number, code: string) => ({ status, body: { code } });

describe('my profile', () => {
  test('can be changed field by field, cleared, and is told by the names of the fields alone', async () => {
    const login = await aLogin(minibase, app, 'painter');
    const avatarUrl = 'https://cdn.example/a.png';
    expect((await patch(login, { nickname: '  小明  ', avatarUrl })).body).toMatchObject({
      nickname: '小明',
      avatarUrl,
    });
    expect((await patch(login, { nickname: null })).body).toMatchObject({ nickname: null, avatarUrl });
    expect(await me(login)).toMatchObject({ nickname: null, avatarUrl });
    const told = await untilTold(minibase, app.secretKey, login.user.id, 'user.updated', 2);
    expect(told.map(({ data }) => data['fields'])).toEqual(['nickname,avatarUrl', 'nickname']);
    expect(JSON.stringify(told)).not.toContain('小明');
  });

  test('stays as it is when nothing is sent, and nothing is told', async () => {
    const login = await aLogin(minibase, app, 'idle');
    const before = await me(login);
    expect(await patch(login, {})).toMatchObject({ status: 200, body: before });
    await patch(login, { nickname: 'Idle' });
    const [told] = await untilTold(minibase, app.secretKey, login.user.id, 'user.updated');
    expect(told!.sequence).toBe(2);
  });

  test.each([
    ['a phone', { phone: '+8613800138000' }],
    ['metadata', { metadata: { vip: 'yes' } }],
    ['an id', { id: 'usr_1' }],
    ['a status', { status: 'erased' }],
    ['an empty nickname', { nickname: '' }],
    ['a blank nickname', { nickname: ' ' }],
    ['a nickname of 101 characters', { nickname: 'x'.repeat(101) }],
    ['a nickname that is a number', { nickname: 7 }],
    ['an avatar that runs code', { avatarUrl: 'javascript:alert(1)' }],
    ['an avatar of data', { avatarUrl: 'data:text/html,x' }],
    ['an avatar that is nowhere', { avatarUrl: 'not a url' }],
    ['a list', ['nickname']],
    ['a text', 'nickname'],
    ['null', null],
  ])('refuses %s', async (_, body) => {
    const login = await aLogin(minibase, app, 'strict');
    expect(await patch(login, body)).toMatchObject(refused(400, 'validation_failed'));
    expect(await me(login)).toMatchObject({ nickname: null, avatarUrl: null, metadata: {} });
  });

  test('is changed once by repeats with one key', async () => {
    const login = await aLogin(minibase, app, 'repeater');
    const answers = [await patch(login, { nickname: 'Once' }, { key: 'patch' }), await patch(login, { nickname: 'Once' }, { key: 'patch' })]; // prettier-ignore
    expect(answers[1]!.body).toEqual(answers[0]!.body);
    expect(answers[1]!.headers.get('idempotent-replayed')).toBe('true');
    expect(await patch(login, { nickname: 'Twice' }, { key: 'patch' })).toMatchObject(refused(422, 'idempotency_key_reused')); // prettier-ignore
    await untilTold(minibase, app.secretKey, login.user.id, 'user.updated');
  });
});

describe.each(['wechat', 'douyin'] as const)('the profile that the client of %s signs', (platform: PlatformCode) => {
  type Signed = { rawData: string; signature: string; encryptedData: string; iv: string };
  const signedBy = (user: string, over: object = {}) =>
    sandbox<Signed>(minibase, 'profile', { platform, platformAppId: app.programs[platform].platformAppId, user, nickname: '小红', ...over }); // prettier-ignore
  const send = (login: LoggedIn, body: object) =>
    asUser<SeenUser>(minibase, login, 'POST', '/v1/me/profile', { body: { platform, ...body } });

  test('becomes mine, with or without its encrypted form', async () => {
    const login = await aLogin(minibase, app, 'signer', platform);
    const { rawData, signature, ...encrypted } = await signedBy('signer');
    for (const more of [{}, encrypted]) {
      const { status, body } = await send(login, { rawData, signature, ...more });
      expect(status).toBe(200);
      expect(body).toMatchObject({ nickname: '小红', avatarUrl: expect.stringMatching(/^https:/) as string });
    }
  });

  test('is refused with one character changed anywhere', async () => {
    const login = await aLogin(minibase, app, 'tampered', platform);
    const { rawData, signature, encryptedData, iv } = await signedBy('tampered');
    const other = signature.startsWith('0') ? '1' : '0';
    const changes = [
      { rawData: rawData.replace('小红', '小王'), signature },
      { rawData: `${rawData} `, signature },
      { rawData, signature: other + signature.slice(1) },
      { rawData, signature: signature.slice(1) },
      { rawData, signature: 'é'.repeat(20) },
    ];
    for (const change of changes)
      expect(await send(login, change)).toMatchObject(refused(422, 'platform_data_invalid'));
    const damaged = { rawData, signature, encryptedData: `AAAA${encryptedData.slice(4)}`, iv };
    expect([401, 422]).toContain((await send(login, damaged)).status);
    expect((await me(login)).nickname).toBeNull();
  });

  test('of another session, another mini-program or long ago is refused', async () => {
    const login = await aLogin(minibase, app, 'old-data', platform);
    const before = await signedBy('old-data');
    await aLogin(minibase, app, 'old-data', platform);
    expect(await send(login, before)).toMatchObject(refused(422, 'platform_data_invalid'));
    for (const watermark of [{ appid: 'another' }, { timestamp: Math.floor(Date.now() / 1000) - 3_600 }])
      expect(await send(login, await signedBy('old-data', { watermark }))).toMatchObject(
        refused(422, 'platform_data_invalid'),
      );
  });

  test('is taken once by repeats with one key, even when the session has changed in between', async () => {
    const login = await aLogin(minibase, app, 'reopening', platform);
    const { rawData, signature } = await signedBy('reopening');
    const body = { platform, rawData, signature };
    const first = await asUser(minibase, login, 'POST', '/v1/me/profile', { body, key: 'profile' });
    await aLogin(minibase, app, 'reopening', platform);
    const again = await asUser(minibase, login, 'POST', '/v1/me/profile', { body, key: 'profile' });
    expect({ status: again.status, body: again.body }).toEqual({ status: 200, body: first.body });
    await untilTold(minibase, app.secretKey, login.user.id, 'user.updated');
  });
});

test('the export holds everything that is kept about me, and no secret', async () => {
  const { platformAppId } = app.programs.douyin;
  const at = { platform: 'douyin', platformAppId, user: 'archivist' };
  const enter = async (codes: object, over: object = {}) =>
    must<LoggedIn>(minibase.url, 'POST', '/v1/auth/login', { appId: app.appId, body: { platform: 'douyin', ...codes }, ...over }); // prettier-ignore
  const visitor = await enter(await sandbox(minibase, 'login', { ...at, anonymous: true }), { ip: '198.51.100.1' });
  const login = await enter(await sandbox(minibase, 'login', at), { headers: { 'user-agent': 'ToutiaoMicroApp/3' } });
  const proof = await aPhoneProof(minibase, app, 'archivist', 'douyin', { phone: '13500000001' });
  await asUser(minibase, login, 'POST', '/v1/me/phone', { body: proof });
  await patch(login, { nickname: '档案' });
  expect((await asUser(minibase, visitor, 'POST', '/v1/auth/logout')).status).toBe(204);

  const { status, body } = await asUser(minibase, login, 'GET', '/v1/me/export');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    user: { id: login.user.id, nickname: '档案', phone: '+8613500000001' },
    identities: [
      {
        ...{ id: login.identity.id, openid: login.identity.openid, unionid: login.identity.unionid },
        anonymousOpenid: visitor.identity.openid,
        createdAt: expect.any(String) as string,
        lastLoginAt: expect.any(String) as string,
      },
    ],
    sessions: [
      { current: true, userAgent: 'ToutiaoMicroApp/3', revokedAt: null },
      { current: false, ip: '198.51.100.1', revokedAt: expect.any(String) as string, revokedReason: 'logout' },
    ],
  });

  const { calls } = await must<{ calls: { answer: string }[] }>(minibase.sandboxUrl, 'GET', `/_/calls?platformAppId=${platformAppId}&path=/api/apps/v2/jscode2session`); // prettier-ignore
  const sessionKeys = [...JSON.stringify(calls).matchAll(/session_key\W+([\w+/=]{20,})/g)].map(([, key]) => key!);
  expect(sessionKeys.length).toBeGreaterThan(0);
  const text = JSON.stringify(body);
  for (const secret of [...sessionKeys, login.refreshToken, login.accessToken]) expect(text).not.toContain(secret);
  expect(text).not.toMatch(/hash|sealed|session_?key/i);
});
