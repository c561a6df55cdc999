import type { PlatformCode } from '../../src/platforms/platform.js';
import {
  aLogin,
  anApp,
  aPhoneProof,
  asServer,
  asUser,
  sandbox,
  type LoggedIn,
  type TestApp,
} from '../support/client.js';
import { untilTold } from '../support/events.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

let minibase: Minibase;
let app: TestApp;
let elsewhere: TestApp;
beforeAll(async () => {
  minibase = await startMinibase();
  app = await anApp(minibase);
  elsewhere = await anApp(minibase, ['wechat']);
});
afterAll(() => minibase.close());

interface SeenUser {
  readonly id: string;
  readonly phone: string | null;
}
const setPhone = (login: LoggedIn, proof: object, over: object = {}) =>
  asUser<SeenUser>(minibase, login, 'POST', '/v1/me/phone', { body: proof, ...over });
const foundBy = async (phone: string, by = app) =>
  (await asServer<{ data: SeenUser[] }>(minibase, by, 'GET', `/v1/users?phone=${encodeURIComponent(phone)}`)).body.data.map(({ id }) => id); // prettier-ignore
const refused = (status: number, code: string) => ({ status, body: { code } });
const phoneOf = async (login: LoggedIn) => (await asUser<SeenUser>(minibase, login, 'GET', '/v1/me')).body.phone;

const FORMS = [
  ['wechat', 'code'],
  ['wechat', 'encrypted'],
  ['alipay', 'encrypted'],
  ['douyin', 'code'],
  ['douyin', 'encrypted'],
] as const;

describe.each(FORMS)('a phone number from %s (%s)', (platform: PlatformCode, form) => {
  const user = `phone-${platform}-${form}`;
  const national = `138${String(FORMS.findIndex((one) => one[0] === platform && one[1] === form)).padStart(8, '0')}`;
  let login: LoggedIn;
  beforeAll(async () => {
    login = await aLogin(minibase, app, user, platform);
  });

  test('is stored, shown to the user and found by the server of this app alone', async () => {
    const { status, body } = await setPhone(
      login,
      await aPhoneProof(minibase, app, user, platform, { form, phone: national }),
    );
    expect({ status, phone: body.phone }).toEqual({ status: 200, phone: `+86${national}` });
    expect(await phoneOf(login)).toBe(`+86${national}`);
    expect(await foundBy(`+86${national}`)).toEqual([login.user.id]);
    expect(await foundBy(`+86${national}`, elsewhere)).toEqual([]);
    expect(await foundBy(`+852${national}`)).toEqual([]);
  });

  test('stands nowhere in the database as it is, and events tell only that it changed', async () => {
    const row = await minibase.database.dataSource.query<object[]>('select u::text, encode(phone_hash, $1) from users u where id = $2', ['escape', login.user.id]); // prettier-ignore
    expect(row).toHaveLength(1);
    expect(JSON.stringify(row)).not.toContain(national.slice(3));
    const [told] = await untilTold(minibase, app.secretKey, login.user.id, 'user.updated');
    expect(told!.data).toEqual({ userId: login.user.id, fields: 'phone' });
  });

  test('gives way to the next one', async () => {
    const next = national.replace('138', '139');
    await setPhone(login, await aPhoneProof(minibase, app, user, platform, { form, phone: next }));
    expect(await foundBy(`+86${national}`)).toEqual([]);
    expect(await foundBy(`+86${next}`)).toEqual([login.user.id]);
  });
});

describe('a phone code', () => {
  test.each(['wechat', 'douyin'] as const)('of %s that was used is refused', async (platform) => {
    const login = await aLogin(minibase, app, 'twice', platform);
    const proof = await aPhoneProof(minibase, app, 'twice', platform);
    expect((await setPhone(login, proof)).status).toBe(200);
    expect(await setPhone(login, proof)).toMatchObject(refused(422, 'phone_code_invalid'));
    expect(await setPhone(login, { platform, code: 'made-up' })).toMatchObject(refused(422, 'phone_code_invalid'));
  });

  test('is used once by repeats with one key, which get the same answer', async () => {
    const login = await aLogin(minibase, app, 'patient');
    const proof = await aPhoneProof(minibase, app, 'patient', 'wechat', { phone: '13700000001' });
    const first = await setPhone(login, proof, { key: 'phone-1' });
    expect(first.status).toBe(200);
    const again = await setPhone(login, proof, { key: 'phone-1' });
    expect({ status: again.status, body: again.body }).toEqual({ status: 200, body: first.body });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const other = await setPhone(login, { ...proof, code: 'other' }, { key: 'phone-1' });
    expect(other).toMatchObject(refused(422, 'idempotency_key_reused'));
    await untilTold(minibase, app.secretKey, login.user.id, 'user.updated');
  });

  test('that was refused leaves its key free', async () => {
    const login = await aLogin(minibase, app, 'clumsy');
    for (let round = 0; round < 2; round++) {
      const answer = await setPhone(login, { platform: 'wechat', code: 'made-up' }, { key: 'phone-2' });
      expect(answer).toMatchObject(refused(422, 'phone_code_invalid'));
    }
  });

  test('of one mini-program is no good for the user of another', async () => {
    const login = await aLogin(minibase, elsewhere, 'foreigner');
    const { status, body } = await setPhone(login, await aPhoneProof(minibase, app, 'foreigner', 'wechat'));
    expect([422, 502]).toContain(status); // WeChat answers 40013, as if the mini-program's id were wrong
    expect(body.phone).toBeUndefined();
    expect(await phoneOf(login)).toBeNull();
  });
});

describe('encrypted phone data', () => {
  test.each(['wechat', 'douyin'] as const)('of %s from before another login asks to log in again', async (platform) => {
    const login = await aLogin(minibase, app, 'reopened', platform);
    const { platformAppId } = app.programs[platform];
    // The client calls its login function once more, which ends the session key that we hold.
    const { code } = await sandbox<{ code: string }>(minibase, 'login', { platform, platformAppId, user: 'reopened' });
    const proof = await aPhoneProof(minibase, app, 'reopened', platform, { form: 'encrypted' });
    expect(await setPhone(login, proof)).toMatchObject(refused(401, 'login_again'));
    await asUser(minibase, login, 'POST', '/v1/me/identities', { body: { platform, code } });
    expect((await setPhone(login, proof)).status).toBe(200);
  });

  test.each(['wechat', 'douyin'] as const)(
    'of %s for another mini-program, or too old, is refused',
    async (platform) => {
      const login = await aLogin(minibase, app, 'stale', platform);
      const now = Math.floor(Date.now() / 1000);
      for (const watermark of [
        { appid: 'wx0000000000000000' },
        { timestamp: now - 3_600 },
        { timestamp: now + 3_600 },
      ]) {
        const proof = await aPhoneProof(minibase, app, 'stale', platform, { form: 'encrypted', watermark });
        expect(await setPhone(login, proof)).toMatchObject(refused(422, 'platform_data_invalid'));
      }
      expect(await phoneOf(login)).toBeNull();
    },
  );

  test('that somebody changed is refused', async () => {
    for (const [platform, form] of FORMS.filter(([, one]) => one === 'encrypted')) {
      const login = await aLogin(minibase, app, 'changed', platform);
      const proof = await aPhoneProof(minibase, app, 'changed', platform, { form });
      const { status, body } = await setPhone(login, { ...proof, encryptedData: `AAAA${proof['encryptedData']}` });
      expect([401, 422]).toContain(status);
      expect(['login_again', 'platform_data_invalid']).toContain(body.code);
    }
  });

  test("of another person's session is refused", async () => {
    const [mine] = [await aLogin(minibase, app, 'thief'), await aLogin(minibase, app, 'honest')];
    const proof = await aPhoneProof(minibase, app, 'honest', 'wechat', { form: 'encrypted' });
    expect(await setPhone(mine, proof)).toMatchObject(refused(401, 'login_again'));
  });
});

test('a phone needs a mini-program where the user has logged in, and exactly one form', async () => {
  const login = await aLogin(minibase, app, 'wechat-only');
  expect(await setPhone(login, { platform: 'douyin', code: 'x' })).toMatchObject(refused(404, 'identity_not_found'));
  const bodies = [
    { platform: 'wechat' },
    { platform: 'wechat', code: 'x', encryptedData: 'y' },
    { platform: 'wechat', code: 'x', phone: '+8613800138000' },
    { platform: 'qq', code: 'x' },
  ];
  for (const body of bodies) expect(await setPhone(login, body)).toMatchObject(refused(400, 'validation_failed'));
});
