import { toCursor } from '../../src/common/pagination.js';
import { until } from '../queues/support/until.js';
import { aLogin, anApp, ask, must, type TestApp } from '../support/client.js';
import { eventsOf, untilEvent, type SeenEvent } from '../support/events.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { PollingReader } from './support/writers.js';

interface Page {
  data: SeenEvent[];
  nextCursor: string | null;
}

describe('GET /v1/events', () => {
  let minibase: Minibase;
  let app: TestApp;
  const users: string[] = [];
  beforeAll(async () => {
    minibase = await startMinibase();
    app = await anApp(minibase, ['wechat']);
    for (const name of ['ming', 'hong', 'jun']) {
      const { user, accessToken: token } = await aLogin(minibase, app, name);
      users.push(user.id);
      await must(minibase.url, 'PATCH', '/v1/me', { token, body: { nickname: name } });
      await must(minibase.url, 'POST', '/v1/auth/logout', { token });
    }
    await untilEvent(minibase, app.secretKey, 'session.revoked', 3);
  });
  afterAll(() => minibase.close());

  const read = (query = '', token = app.secretKey) =>
    must<Page>(minibase.url, 'GET', `/v1/events${query && `?${query}`}`, { token });
  const typesOf = ({ data }: Page) => data.map(({ type }) => type);

  test('tells what happened, oldest first', async () => {
    const events = await eventsOf(minibase, app.secretKey);
    expect(events).toHaveLength(9);
    const ofMing = events.filter(({ stream }) => stream.id === users[0]);
    expect(ofMing.map(({ type, sequence }) => `${sequence} ${type}`)).toEqual([
      '1 user.created',
      '2 user.updated',
      '3 session.revoked',
    ]);
    expect(events.map(({ position }) => position)).toEqual(
      events.map(({ position }) => position).sort((a, b) => a - b),
    );
    expect(events[0]).toEqual({
      id: expect.stringMatching(/^evt_[0-9a-f]{32}$/),
      type: 'user.created',
      position: expect.any(Number),
      stream: { type: 'user', id: users[0] },
      sequence: 1,
      object: { type: 'user', id: users[0] },
      data: expect.objectContaining({ userId: users[0], platform: 'wechat' }),
      createdAt: expect.stringMatching(/Z$/),
    });
  });

  test('holds ids and words, and no personal data', async () => {
    const values = (await eventsOf(minibase, app.secretKey)).flatMap(({ data }) => Object.values(data));
    expect(values.length).toBeGreaterThan(9);
    const other = values.filter(
      (value) => !/^(usr|idn|ses)_[0-9a-f]{32}$|^(wechat|nickname|logout)$/.test(String(value)),
    );
    expect(other).toEqual([]);
  });

  test('shows one type only, one stream only, or both', async () => {
    expect(typesOf(await read('type=user.updated'))).toEqual(Array(3).fill('user.updated'));
    expect(typesOf(await read(`streamId=${users[1]}`))).toEqual(['user.created', 'user.updated', 'session.revoked']);
    expect(typesOf(await read(`streamType=user&streamId=${users[1]}&type=session.revoked`))).toEqual([
      'session.revoked',
    ]);
    expect(await read('streamId=usr_nobody')).toEqual({ data: [], nextCursor: null });
  });

  test('turns pages with any filter', async () => {
    for (const [filter, count] of [
      ['', 9],
      ['&type=user.created', 3],
      [`&streamId=${users[2]}`, 3],
    ] as const) {
      const reader = new PollingReader(minibase.url, app.secretKey, filter);
      while ((await reader.poll(2)) > 0);
      expect(new Set(reader.seen.map(({ id }) => id)).size).toBe(count);
      expect(reader.seen).toHaveLength(count);
    }
  });

  test('keeps the place of a reader who has seen everything, until there is more', async () => {
    const reader = new PollingReader(minibase.url, app.secretKey);
    while ((await reader.poll()) > 0);
    const before = reader.seen.length;
    const { nextCursor } = await read('limit=100');
    expect(await read(`cursor=${nextCursor}`)).toEqual({ data: [], nextCursor });
    await aLogin(minibase, app, 'newcomer');
    await until('the next one comes', async () => (await reader.poll()) > 0);
    expect(reader.seen.slice(before).map(({ type }) => type)).toEqual(['user.created']);
  });

  test('starts at the beginning without a cursor, and has no place to keep when there is nothing', async () => {
    const empty = await anApp(minibase, []);
    expect(await read('', empty.secretKey)).toEqual({ data: [], nextCursor: null });
  });

  test.each([
    'cursor=abc',
    `cursor=${toCursor('-1')}`,
    `cursor=${toCursor('1 or 1=1')}`,
    'type=user.none',
    'streamType=nothing',
    'limit=0',
    'limit=101',
    'after=1',
  ])('refuses ?%s', async (query) => {
    const answer = await ask(minibase.url, 'GET', `/v1/events?${query}`, { token: app.secretKey });
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });

  test('never shows another app its events, not even with a cursor or a stream of theirs', async () => {
    const other = await anApp(minibase, ['wechat']);
    const { user } = await aLogin(minibase, other, 'ming');
    await untilEvent(minibase, other.secretKey, 'user.created');
    expect((await eventsOf(minibase, other.secretKey)).map(({ stream }) => stream.id)).toEqual([user.id]);
    expect((await read(`streamId=${users[0]}`, other.secretKey)).data).toEqual([]);
    const start = toCursor('0');
    expect((await read(`cursor=${start}`, other.secretKey)).data.map(({ stream }) => stream.id)).toEqual([user.id]);
    expect((await read(`cursor=${start}&limit=100`)).data.map(({ stream }) => stream.id)).not.toContain(user.id);
  });
});
