import { randomUUID } from 'node:crypto';
import type { PlatformCode } from '../../src/platforms/platform.js';
import { anApp, aProgram, asServer, asUser, bindUnionid, must, sandbox, type LoggedIn, type TestApp } from '../support/client.js'; // prettier-ignore
import { untilTold } from '../support/events.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

let minibase: Minibase;
let app: TestApp;
/** Three WeChat mini-programs of the developer. */
let shop: string;
let game: string;
let club: string;
beforeAll(async () => {
  minibase = await startMinibase();
  app = await anApp(minibase, ['wechat', 'alipay', 'douyin']);
  shop = app.programs.wechat.platformAppId;
  game = (await aProgram(minibase, app.secretKey, 'wechat')).platformAppId;
  club = (await aProgram(minibase, app.secretKey, 'wechat')).platformAppId;
});
afterAll(() => minibase.close());

const someone = () => `someone-${randomUUID()}`;
const codesOf = (platform: PlatformCode, platformAppId: string, user: string, over: object = {}) =>
  sandbox<{ code?: string; anonymousCode?: string }>(minibase, 'login', {
    platform,
    platformAppId,
    user,
    ...over,
  });
const enter = (platform: PlatformCode, platformAppId: string, codes: object) =>
  must<LoggedIn>(minibase.url, 'POST', '/v1/auth/login', { appId: app.appId, body: { platform, platformAppId, ...codes } }); // prettier-ignore
const loginAt = async (platformAppId: string, user: string, platform: PlatformCode = 'wechat') => {
  const { code } = await codesOf(platform, platformAppId, user);
  return enter(platform, platformAppId, { code });
};
const bind = (platformAppId: string, unionid: boolean) => bindUnionid(minibase, 'wechat', platformAppId, unionid);
const duplicates = (login: LoggedIn, count: number) =>
  untilTold(minibase, app.secretKey, login.user.id, 'user.duplicate_found', count);
const profile = async (login: LoggedIn, platformAppId: string, user: string) => {
  const made = await sandbox(minibase, 'profile', { platform: 'wechat', platformAppId, user, nickname: 'Hong' });
  const body = { platform: 'wechat', platformAppId, ...made };
  return asUser<{ nickname: string }>(minibase, login, 'POST', '/v1/me/profile', { body });
};

describe('a person who is two users, as nobody told the unionid', () => {
  test('is found when it appears, once; both logins keep working until the server merges them', async () => {
    const user = someone();
    for (const program of [shop, game]) await bind(program, false);
    const [inShop, inGame] = [await loginAt(shop, user), await loginAt(game, user)];
    expect(inShop.identity.unionid).toBeUndefined();
    expect(inGame.user).toMatchObject({ isNew: true });
    expect(inGame.user.id).not.toBe(inShop.user.id);

    for (const program of [shop, game]) await bind(program, true);
    for (let round = 0; round < 3; round++) {
      expect((await loginAt(shop, user)).user.id).toBe(inShop.user.id);
      const again = await loginAt(game, user);
      expect(again.user).toMatchObject({ id: inGame.user.id, isNew: false });
      expect(again.identity.unionid).toEqual(expect.any(String));
    }
    expect(await duplicates(inGame, 1)).toMatchObject([
      { data: { userId: inGame.user.id, otherUserId: inShop.user.id, platform: 'wechat' } },
    ]);
    await duplicates(inShop, 0);

    const merge = { body: { into: inShop.user.id } };
    expect((await asServer(minibase, app, 'POST', `/v1/users/${inGame.user.id}/merge`, merge)).status).toBe(200);
    for (const program of [game, club]) {
      expect((await loginAt(program, user)).user).toMatchObject({ id: inShop.user.id, isNew: false });
    }
    await duplicates(inGame, 1);
  });

  test('is found once although it appears in both mini-programs at the same moment', async () => {
    const user = someone();
    for (const program of [shop, game]) await bind(program, false);
    const logins = [await loginAt(shop, user), await loginAt(game, user)] as const;
    for (const program of [shop, game]) await bind(program, true);
    const codes = await Promise.all([shop, game, shop, game, shop, game].map(async (program) => [program, await codesOf('wechat', program, user)] as const)); // prettier-ignore
    await Promise.all(codes.map(([program, code]) => enter('wechat', program, code)));
    const told = await Promise.all([minibaseTold(logins[0]), minibaseTold(logins[1])]);
    expect(told.flat()).toHaveLength(1);
  });

  test('is found by the encrypted profile too, which alone brings no false joining', async () => {
    const [known, unknown] = [someone(), someone()];
    await bind(shop, true);
    await bind(game, false);
    const first = await loginAt(shop, known);
    const second = await loginAt(game, known);
    const lonely = await loginAt(game, unknown);
    await bind(game, true);
    for (const [login, user] of [
      [second, known],
      [lonely, unknown],
    ] as const) {
      // prettier-ignore
      const { status, body } = await profile(login, game, user);
      expect({ status, nickname: body.nickname }).toEqual({ status: 200, nickname: 'Hong' });
    }
    expect(await duplicates(second, 1)).toMatchObject([{ data: { otherUserId: first.user.id } }]);
    expect((await loginAt(club, unknown)).user).toMatchObject({ id: lonely.user.id, isNew: false });
    await duplicates(lonely, 0);
  });

  /** What was told once a later event of the stream has its number. */
  const minibaseTold = async (login: LoggedIn) => {
    await asServer(minibase, app, 'PATCH', `/v1/users/${login.user.id}`, { body: { nickname: 'Last' } });
    await untilTold(minibase, app.secretKey, login.user.id, 'user.updated');
    const path = `/v1/events?streamType=user&streamId=${login.user.id}&type=user.duplicate_found`;
    return (await asServer<{ data: object[] }>(minibase, app, 'GET', path)).body.data;
  };
});

describe('an Alipay account that moves from user ids to open ids', () => {
  const setIdMode = (idMode: string) =>
    sandbox(minibase, 'accounts', {
      platform: 'alipay',
      kind: 'program',
      platformAppId: app.programs.alipay.platformAppId,
      credentials: { idMode },
    });
  const login = (user: string) => loginAt(app.programs.alipay.platformAppId, user, 'alipay');

  test('keeps its users through the whole move', async () => {
    const users = [someone(), someone()] as const;
    await setIdMode('user_id');
    const before = [await login(users[0]), await login(users[1])] as const;
    expect(before[0].identity.openid).toMatch(/^2088\d{12}$/);
    expect(before[0].user.id).not.toBe(before[1].user.id);

    await setIdMode('both');
    const crowd = await Promise.all([0, 1, 2, 3, 4].map(() => login(users[0])));
    for (const during of crowd) {
      expect(during.user).toMatchObject({ id: before[0].user.id, isNew: false });
      expect(during.identity.id).toBe(before[0].identity.id);
      expect(during.identity.openid).toMatch(/^0.{46}$/);
    }
    await setIdMode('open_id');
    expect((await login(users[0])).user).toMatchObject({ id: before[0].user.id, isNew: false });
  });
});

describe('a visitor of Douyin whom nobody knows by name', () => {
  const at = () => app.programs.douyin.platformAppId;
  const asVisitor = async (device: string) => enter('douyin', at(), await codesOf('douyin', at(), device, { anonymous: true })); // prettier-ignore

  test('is the same user at each visit, and becomes the person when many logins come at once', async () => {
    const name = someone();
    const visits = [await asVisitor(name), await asVisitor(name)] as const;
    expect(visits[1].user).toMatchObject({ id: visits[0].user.id, isNew: false });
    const codes = await Promise.all([1, 2, 3, 4, 5].map(() => codesOf('douyin', at(), name)));
    const logins = await Promise.all(codes.map((both) => enter('douyin', at(), both)));
    for (const { user, identity } of logins) {
      expect(user).toMatchObject({ id: visits[0].user.id, isNew: false });
      expect(identity).toMatchObject({ id: visits[0].identity.id, anonymous: false });
    }
    await untilTold(minibase, app.secretKey, visits[0].user.id, 'identity.linked');
  });

  test('stays apart from a person who was known before on that device', async () => {
    const [name, device] = [someone(), someone()];
    const known = await loginAt(at(), name, 'douyin');
    const visitor = await asVisitor(device);
    expect(visitor.user.id).not.toBe(known.user.id);
    const both = await codesOf('douyin', at(), name, { device });
    expect((await enter('douyin', at(), both)).user).toMatchObject({ id: known.user.id, isNew: false });
    expect((await asVisitor(device)).user).toMatchObject({ id: visitor.user.id, isNew: false });
  });

  test('has no session key, so encrypted data asks for a login', async () => {
    const name = someone();
    const visitor = await asVisitor(name);
    await codesOf('douyin', at(), name);
    const proof = await sandbox(minibase, 'phone', { platform: 'douyin', platformAppId: at(), user: name, form: 'encrypted' }); // prettier-ignore
    const answer = await asUser(minibase, visitor, 'POST', '/v1/me/phone', { body: { platform: 'douyin', ...proof } });
    expect(answer).toMatchObject({ status: 401, body: { code: 'login_again' } });
  });
});
