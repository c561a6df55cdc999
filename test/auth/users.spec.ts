import { aLogin, anApp, asServer, asUser, type LoggedIn, type TestApp } from '../support/client.js';
import { untilTold } from '../support/events.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

let minibase: Minibase;
let app: TestApp;
let elsewhere: TestApp;
beforeAll(async () => {
  minibase = await startMinibase();
  app = await anApp(minibase, ['wechat']);
  elsewhere = await anApp(minibase, ['wechat']);
});
afterAll(() => minibase.close());

interface SeenUser {
  readonly id: string;
  readonly nickname: string | null;
  readonly metadata: Record<string, string>;
}
interface Page {
  readonly data: readonly SeenUser[];
  readonly nextCursor: string | null;
}
const server = <T = SeenUser>(method: string, path: string, over: object = {}, by = app) =>
  asServer<T>(minibase, by, method, path, over);
const refused = (status: number, code: string) => ({ status, body: { code } });

describe('the list of users', () => {
  let logins: LoggedIn[];
  beforeAll(async () => {
    logins = [];
    for (let n = 0; n < 25; n++) logins.push(await aLogin(minibase, app, `listed-${n}`));
    await aLogin(minibase, elsewhere, 'stranger');
  });

  test("is read page by page, newest first, each user once, and nobody of another app's", async () => {
    const pages: Page[] = [];
    for (let cursor = ''; pages.length < 10;) {
      const { body } = await server<Page>('GET', `/v1/users?limit=10${cursor}`);
      pages.push(body);
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(pages.map(({ data }) => data.length)).toEqual([10, 10, 5]);
    const ids = pages.flatMap(({ data }) => data.map(({ id }) => id));
    expect(ids).toEqual(logins.map(({ user }) => user.id).reverse());
  });

  test('does not shift while somebody new comes between two pages', async () => {
    const first = (await server<Page>('GET', '/v1/users?limit=10')).body;
    await aLogin(minibase, app, 'latecomer');
    const second = (await server<Page>('GET', `/v1/users?limit=10&cursor=${first.nextCursor}`)).body;
    const ids = [...first.data, ...second.data].map(({ id }) => id);
    expect(new Set(ids).size).toBe(20);
    expect(ids).not.toContain((await aLogin(minibase, app, 'latecomer')).user.id);
  });

  test.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'cursor=!',
    'cursor=c2VzXzE',
    'phone=13800138000',
    'phone=%2B',
    'order=asc',
  ])('refuses %s', async (query) => {
    expect(await server('GET', `/v1/users?${query}`)).toMatchObject(refused(400, 'validation_failed'));
  });
});

describe('the server', () => {
  test("changes a user's profile and metadata, which replaces what was there", async () => {
    const { user } = await aLogin(minibase, app, 'managed');
    const path = `/v1/users/${user.id}`;
    await server('PATCH', path, { body: { metadata: { vip: 'gold', level: '3' } } });
    const { status, body } = await server('PATCH', path, { body: { nickname: 'Boss', metadata: { vip: 'silver' } } });
    expect({ status, nickname: body.nickname, metadata: body.metadata }).toEqual({
      status: 200,
      nickname: 'Boss',
      metadata: { vip: 'silver' },
    });
    expect((await server('GET', path)).body).toEqual(body);
    const told = await untilTold(minibase, app.secretKey, user.id, 'user.updated', 2);
    expect(told.map(({ data }) => data['fields'])).toEqual(['metadata', 'nickname,metadata']);
  });

  test.each([
    ['a phone', { phone: '+8613800138000' }],
    ['a status', { status: 'active' }],
    ['metadata that is no text', { metadata: { a: 1 } }],
    ['metadata without a name', { metadata: { '': 'x' } }],
    ['metadata of 501 characters', { metadata: { a: 'x'.repeat(501) } }],
    ['51 entries of metadata', { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v'])) }],
    ['no metadata', { metadata: null }],
    ['a list', []],
  ])('cannot set %s', async (_, body) => {
    const { user } = await aLogin(minibase, app, 'guarded');
    expect(await server('PATCH', `/v1/users/${user.id}`, { body })).toMatchObject(refused(400, 'validation_failed'));
    expect((await server('GET', `/v1/users/${user.id}`)).body.metadata).toEqual({});
  });

  test('keeps metadata as text, whatever its names', async () => {
    const path = `/v1/users/${(await aLogin(minibase, app, 'odd')).user.id}`;
    const metadata = { 'a.b': 'b', "'; drop table users;--": 'c', 小: '明', toString: 'd' };
    expect(await server('PATCH', path, { body: { metadata } })).toMatchObject({ status: 200 });
    expect((await server('GET', path)).body.metadata).toEqual(metadata);
    const polluting = { metadata: JSON.parse('{"__proto__":"x"}') as object };
    expect(await server('PATCH', path, { body: polluting })).toMatchObject(refused(400, 'malformed_body'));
    expect((await server('GET', path)).body.metadata).toEqual(metadata);
  });

  test("finds nobody of another app's, and nobody who never was", async () => {
    const stranger = await aLogin(minibase, elsewhere, 'unreachable');
    for (const id of [stranger.user.id, 'usr_0', "usr_'--", '%F0%9F%98%80']) {
      const notFound = refused(404, 'user_not_found');
      expect(await server('GET', `/v1/users/${id}`)).toMatchObject(notFound);
      expect(await server('PATCH', `/v1/users/${id}`, { body: { nickname: 'x' } })).toMatchObject(notFound);
      expect(await server('DELETE', `/v1/users/${id}`)).toMatchObject(notFound);
    }
    expect((await asUser(minibase, stranger, 'GET', '/v1/me')).body['nickname']).toBeNull();
  });

  test('is answered when it changes many users at once who never were: no request waits for another', async () => {
    const path = `/v1/users/usr_${'0'.repeat(32)}`;
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => server('PATCH', path, { body: { nickname: 'x' } })),
    );
    for (const answer of answers) expect(answer).toMatchObject(refused(404, 'user_not_found'));
  });

  test('is not a user, and a user is not the server', async () => {
    const login = await aLogin(minibase, app, 'confused');
    expect((await server('GET', '/v1/me')).status).toBe(401);
    expect((await asUser(minibase, login, 'GET', '/v1/users')).status).toBe(401);
    expect((await asUser(minibase, login, 'DELETE', `/v1/users/${login.user.id}`)).status).toBe(401);
    expect((await asUser(minibase, login, 'GET', '/v1/me')).status).toBe(200);
  });
});
