import type { PlatformCode } from '../../src/platforms/platform.js';
import {
  aCode,
  aLogin,
  anApp,
  aPhoneProof,
  asUser,
  bindUnionid,
  type LoggedIn,
  type TestApp,
} from '../support/client.js';
import { eventsOf, untilTold } from '../support/events.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

let minibase: Minibase;
let app: TestApp;
beforeAll(async () => {
  minibase = await startMinibase();
  app = await anApp(minibase, ['wechat', 'douyin']);
  // Without a unionid only the openid is there to decide who came first.
  await bindUnionid(minibase, 'douyin', app.programs.douyin.platformAppId, false);
});
afterAll(() => minibase.close());

type SeenIdentity = LoggedIn['identity'];
const link = async (login: LoggedIn, user: string, platform: PlatformCode = 'douyin', over: object = {}) =>
  asUser<SeenIdentity>(minibase, login, 'POST', '/v1/me/identities', {
    body: { platform, code: await aCode(minibase, app, user, platform) },
    ...over,
  });
const unlink = (login: LoggedIn, id: string, over: object = {}) =>
  asUser(minibase, login, 'DELETE', `/v1/me/identities/${id}`, over);
const identitiesOf = async (login: LoggedIn) =>
  (await asUser<{ data: SeenIdentity[] }>(minibase, login, 'GET', '/v1/me/identities')).body.data;
const statusOf = async (login: LoggedIn) => (await asUser(minibase, login, 'GET', '/v1/me')).body.code ?? 'alive';
const told = (login: LoggedIn, type: string, count = 1) =>
  untilTold(minibase, app.secretKey, login.user.id, type, count);
const refused = (status: number, code: string) => ({ status, body: { code } });

describe('linking another mini-program', () => {
  test('makes a login there a login of the same user', async () => {
    const login = await aLogin(minibase, app, 'linker');
    const { status, body } = await link(login, 'linker-on-douyin');
    expect(status).toBe(201);
    expect(body).toMatchObject({ platform: 'douyin', anonymous: false });
    const there = await aLogin(minibase, app, 'linker-on-douyin', 'douyin');
    expect(there).toMatchObject({ user: { id: login.user.id, isNew: false }, identity: { id: body.id } });
    expect((await identitiesOf(login)).map(({ id }) => id).sort()).toEqual([login.identity.id, body.id].sort());
    const [event] = await told(login, 'identity.linked');
    expect(event).toMatchObject({
      object: { type: 'identity', id: body.id },
      data: { userId: login.user.id, platform: 'douyin', identityId: body.id },
    });
  });

  test('that is mine already changes nothing but the session key, and is not told again', async () => {
    const login = await aLogin(minibase, app, 'again');
    const { status, body } = await link(login, 'again', 'wechat');
    expect({ status, id: body.id }).toEqual({ status: 201, id: login.identity.id });
    const proof = await aPhoneProof(minibase, app, 'again', 'wechat', { form: 'encrypted' });
    expect((await asUser(minibase, login, 'POST', '/v1/me/phone', { body: proof })).status).toBe(200);
    const events = await told(login, 'user.updated');
    expect(events.map(({ sequence }) => sequence)).toEqual([2]);
    expect(await identitiesOf(login)).toHaveLength(1);
  });

  test('that is another user of the app is refused, and neither user changes', async () => {
    const [mine, theirs] = [await aLogin(minibase, app, 'wanting'), await aLogin(minibase, app, 'owner', 'douyin')];
    expect(await link(mine, 'owner')).toMatchObject(refused(409, 'identity_taken'));
    expect((await aLogin(minibase, app, 'owner', 'douyin')).user.id).toBe(theirs.user.id);
    expect(await identitiesOf(mine)).toHaveLength(1);
    expect(await identitiesOf(theirs)).toHaveLength(1);
  });

  test('that two users want at once goes to one of them', async () => {
    for (const round of [1, 2, 3]) {
      const logins = await Promise.all([1, 2, 3, 4].map((n) => aLogin(minibase, app, `wooer-${round}-${n}`)));
      const answers = await Promise.all(logins.map((login) => link(login, `wooed-${round}`)));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
      const winner = logins[answers.findIndex(({ status }) => status === 201)]!;
      expect((await aLogin(minibase, app, `wooed-${round}`, 'douyin')).user.id).toBe(winner.user.id);
    }
  });

  test('at the moment of the first login there ends with one owner', async () => {
    for (const round of [1, 2, 3]) {
      const login = await aLogin(minibase, app, `hasty-${round}`);
      const [linked, entered] = await Promise.all([
        link(login, `hasty-there-${round}`),
        aLogin(minibase, app, `hasty-there-${round}`, 'douyin'),
      ]);
      const mine = entered.user.id === login.user.id;
      expect(linked.status).toBe(mine ? 201 : 409);
      expect((await aLogin(minibase, app, `hasty-there-${round}`, 'douyin')).user.id).toBe(entered.user.id);
    }
  });

  test('with one key happens once; with a bad code the key stays free', async () => {
    const login = await aLogin(minibase, app, 'keyed');
    const body = { platform: 'douyin', code: await aCode(minibase, app, 'keyed-there', 'douyin') };
    const send = (over: object) =>
      asUser(minibase, login, 'POST', '/v1/me/identities', { body, key: 'link-1', ...over });
    const [first, again] = [await send({}), await send({})];
    expect({ status: again.status, body: again.body }).toEqual({ status: 201, body: first.body });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    await told(login, 'identity.linked');
    const bad = { body: { platform: 'douyin', code: 'made-up' }, key: 'link-2' };
    for (const answer of [await send(bad), await send(bad)])
      expect(answer).toMatchObject(refused(401, 'login_code_invalid'));
  });
});

describe('unlinking a mini-program', () => {
  test('ends the sessions that came from it and no others; the person is new there afterwards', async () => {
    const stays = await aLogin(minibase, app, 'leaver');
    const { body } = await link(stays, 'leaver-there');
    const goes = [await aLogin(minibase, app, 'leaver-there', 'douyin'), await aLogin(minibase, app, 'leaver-there', 'douyin')]; // prettier-ignore
    expect((await unlink(stays, body.id)).status).toBe(204);
    expect(await Promise.all(goes.map(statusOf))).toEqual(['session_revoked', 'session_revoked']);
    expect(await statusOf(stays)).toBe('alive');
    expect((await identitiesOf(stays)).map(({ id }) => id)).toEqual([stays.identity.id]);
    const [unlinked] = await told(stays, 'identity.unlinked');
    expect(unlinked).toMatchObject({ object: { id: body.id }, data: { platform: 'douyin' } });
    const revoked = await told(stays, 'session.revoked', 2);
    expect(revoked.map(({ data }) => data['reason'])).toEqual(['identity_unlinked', 'identity_unlinked']);
    const back = await aLogin(minibase, app, 'leaver-there', 'douyin');
    expect(back.user).toMatchObject({ isNew: true });
    expect(back.user.id).not.toBe(stays.user.id);
  });

  test('never takes the last one, not even by two requests at once', async () => {
    const login = await aLogin(minibase, app, 'clinging');
    expect(await unlink(login, login.identity.id)).toMatchObject(refused(409, 'last_identity'));
    const { body } = await link(login, 'clinging-there');
    const answers = await Promise.all([login.identity.id, body.id].map((id) => unlink(login, id)));
    const statuses = answers.map(({ status }) => status).sort();
    // The loser is told that it is the last one, or finds its own session ended by the winner.
    expect(statuses[0]).toBe(204);
    expect([401, 409]).toContain(statuses[1]);
    const alive = await aLogin(minibase, app, statuses[1] === 409 && answers[0]!.status === 409 ? 'clinging' : 'clinging-there', answers[0]!.status === 204 ? 'douyin' : 'wechat'); // prettier-ignore
    expect(alive.user).toMatchObject({ id: login.user.id, isNew: false });
  });

  test('with one key happens once; that of somebody else is not found', async () => {
    const [login, other] = [await aLogin(minibase, app, 'tidy'), await aLogin(minibase, app, 'untouched')];
    const { body } = await link(login, 'tidy-there');
    const answers = [await unlink(login, body.id, { key: 'unlink' }), await unlink(login, body.id, { key: 'unlink' })];
    expect(answers.map(({ status }) => status)).toEqual([204, 204]);
    expect(await unlink(login, body.id)).toMatchObject(refused(404, 'identity_not_found'));
    expect(await unlink(login, other.identity.id)).toMatchObject(refused(404, 'identity_not_found'));
    expect(await statusOf(other)).toBe('alive');
    await told(login, 'identity.unlinked');
  });
});

test('the events of every user are numbered without gaps', async () => {
  const byUser = new Map<string, number[]>();
  for (const { stream, sequence } of await eventsOf(minibase, app.secretKey))
    byUser.set(stream.id, [...(byUser.get(stream.id) ?? []), sequence]);
  expect(byUser.size).toBeGreaterThan(10);
  for (const sequences of byUser.values()) expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  const rows = await minibase.database.dataSource.query<{ id: string; sequence: number }[]>('select id, sequence from users'); // prettier-ignore
  for (const { id, sequence } of rows) expect([id, sequence]).toEqual([id, byUser.get(id)?.length]);
});
