import {
  aLogin,
  anApp,
  aPhoneProof,
  asServer,
  asUser,
  refresh,
  type LoggedIn,
  type TestApp,
} from '../support/client.js';
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
  readonly status: string;
  readonly nickname: string | null;
  readonly phone: string | null;
  readonly metadata: Record<string, string>;
}
const server = <T = SeenUser>(method: string, path: string, over: object = {}) =>
  asServer<T>(minibase, app, method, path, over);
const merge = (from: string, into: string, over: object = {}) =>
  server('POST', `/v1/users/${from}/merge`, { body: { into }, ...over });
const read = async (id: string) => (await server('GET', `/v1/users/${id}`)).body;
const me = (login: Pick<LoggedIn, 'accessToken'>) => asUser<SeenUser>(minibase, login, 'GET', '/v1/me');
const two = async (name: string) =>
  [await aLogin(minibase, app, name, 'douyin'), await aLogin(minibase, app, `${name}-too`)] as const;
const refused = (status: number, code: string) => ({ status, body: { code } });

describe('merging a user into another', () => {
  test('moves identities, sessions, phone and metadata; what the other one knows wins', async () => {
    const [from, into] = await two('mover');
    const proof = await aPhoneProof(minibase, app, 'mover', 'douyin', { phone: '13600000001' });
    await asUser(minibase, from, 'POST', '/v1/me/phone', { body: proof });
    await server('PATCH', `/v1/users/${from.user.id}`, { body: { nickname: 'Old', metadata: { a: 'from', b: 'from' } } }); // prettier-ignore
    await server('PATCH', `/v1/users/${into.user.id}`, { body: { metadata: { b: 'into', c: 'into' } } });

    const { status, body } = await merge(from.user.id, into.user.id);
    expect(status).toBe(200);
    const whole = { id: into.user.id, status: 'active', nickname: 'Old', phone: '+8613600000001' };
    expect(body).toMatchObject({ ...whole, metadata: { a: 'from', b: 'into', c: 'into' } });
    const found = await server<{ data: SeenUser[] }>('GET', '/v1/users?phone=%2B8613600000001');
    expect(found.body.data.map(({ id }) => id)).toEqual([into.user.id]);
    const identities = await asUser<{ data: { id: string }[] }>(minibase, into, 'GET', '/v1/me/identities');
    expect(identities.body.data.map(({ id }) => id).sort()).toEqual([from.identity.id, into.identity.id].sort());
    const sessions = await asUser<{ data: object[] }>(minibase, into, 'GET', '/v1/me/sessions');
    expect(sessions.body.data).toHaveLength(2);
    expect((await aLogin(minibase, app, 'mover', 'douyin')).user).toMatchObject({ id: into.user.id, isNew: false });
  });

  test('keeps the tokens of both working, as the one who remains', async () => {
    const [from, into] = await two('keeper');
    await merge(from.user.id, into.user.id);
    expect(await me(from)).toMatchObject({ status: 200, body: { id: into.user.id } });
    const renamed = await asUser(minibase, from, 'PATCH', '/v1/me', { body: { nickname: 'One' } });
    expect(renamed).toMatchObject({ status: 200, body: { id: into.user.id, nickname: 'One' } });
    const { status, body } = await refresh(minibase, from.refreshToken);
    expect(status).toBe(200);
    expect((await me(body)).body.id).toBe(into.user.id);
    expect((await refresh(minibase, from.refreshToken)).status).toBe(401);
    await untilTold(minibase, app.secretKey, into.user.id, 'session.revoked');
  });

  test('leaves a tombstone that reads follow, along a chain, but that is in no list and takes no change', async () => {
    const [a, b] = await two('chain');
    const c = await aLogin(minibase, app, 'chain-end');
    await merge(a.user.id, b.user.id);
    expect((await read(a.user.id)).id).toBe(b.user.id);
    await merge(b.user.id, c.user.id);
    for (const { user } of [a, b, c]) expect((await read(user.id)).id).toBe(c.user.id);
    for (const login of [a, b, c]) expect((await me(login)).body.id).toBe(c.user.id);
    const { data } = (await server<{ data: SeenUser[] }>('GET', '/v1/users?limit=100')).body;
    const listed = data.map(({ id }) => id);
    expect(listed).toContain(c.user.id);
    expect(listed).not.toContain(a.user.id);
    expect(listed).not.toContain(b.user.id);
    const change = await server('PATCH', `/v1/users/${a.user.id}`, { body: { nickname: 'Ghost' } });
    expect(change).toMatchObject(refused(409, 'user_gone'));
    const none = await server('PATCH', `/v1/users/${a.user.id}`, { body: {} });
    expect(none).toMatchObject({ status: 200, body: { id: c.user.id } });
  });

  test('is told once, and written down with who did it', async () => {
    const [from, into] = await two('told');
    const key = { key: 'merge-1' };
    const answers = [await merge(from.user.id, into.user.id, key), await merge(from.user.id, into.user.id, key)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[1]!.headers.get('idempotent-replayed')).toBe('true');
    const [told] = await untilTold(minibase, app.secretKey, from.user.id, 'user.merged');
    expect(told!.data).toEqual({ userId: from.user.id, intoUserId: into.user.id });
    const audit = await minibase.database.dataSource.query<object[]>('select actor, action, fields from audit_log where app_id = $1 and target = $2', [app.appId, from.user.id]); // prettier-ignore
    expect(audit).toMatchObject([{ action: 'user.merge', fields: ['into'] }]);
    expect((audit[0] as { actor: string }).actor).toMatch(/^key_/);
  });
});

describe('a merge is refused', () => {
  test('into itself, an erased or merged user, and from one', async () => {
    const [gone, stays] = await two('refused');
    const erased = await aLogin(minibase, app, 'refused-erased');
    const other = await aLogin(minibase, app, 'refused-other');
    await asUser(minibase, erased, 'DELETE', '/v1/me');
    await merge(gone.user.id, stays.user.id);
    const impossible = refused(422, 'merge_impossible');
    expect(await merge(other.user.id, other.user.id)).toMatchObject(impossible);
    for (const { user } of [gone, erased]) {
      expect(await merge(other.user.id, user.id)).toMatchObject(impossible);
      expect(await merge(user.id, other.user.id)).toMatchObject(impossible);
    }
    expect((await me(other)).body.id).toBe(other.user.id);
  });

  test("with another app's user, and with one that never was", async () => {
    const elsewhere = await anApp(minibase, ['wechat']);
    const [mine, theirs] = [await aLogin(minibase, app, 'here'), await aLogin(minibase, elsewhere, 'there')];
    for (const id of [theirs.user.id, 'usr_nobody', `usr_${'0'.repeat(32)}`]) {
      expect(await merge(mine.user.id, id)).toMatchObject(refused(404, 'user_not_found'));
      expect(await merge(id, mine.user.id)).toMatchObject(refused(404, 'user_not_found'));
    }
    expect((await me(theirs)).body.id).toBe(theirs.user.id);
  });
});

test('of 20 merges at once in both directions exactly one happens', async () => {
  for (const name of ['cross-1', 'cross-2', 'cross-3']) {
    const [a, b] = await two(name);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? merge(a.user.id, b.user.id) : merge(b.user.id, a.user.id))),
    );
    const happened = answers.filter(({ status }) => status === 200);
    expect(happened).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(19);
    const survivor = happened[0]!.body.id;
    for (const login of [a, b]) expect((await me(login)).body.id).toBe(survivor);
    for (const { user } of [a, b]) expect((await read(user.id)).id).toBe(survivor);
  }
});
