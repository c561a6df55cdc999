import { until } from '../queues/support/until.js';
import { aProgram, asServer, type LoggedIn } from '../support/client.js';
import { untilEvent } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { type SeenBroadcast, Sending } from './support/sending.js';

describe('a broadcast', () => {
  let minibase: Minibase;
  let shop: Sending;
  let people: readonly LoggedIn[];
  beforeAll(async () => {
    minibase = await startMinibase({ redisUrl: undefined });
    shop = await Sending.open(minibase, 'long_term');
    people = await shop.people('all', 60);
  }, 60_000);
  afterAll(() => minibase.close());

  const act = (id: string, verb: string) => asServer<SeenBroadcast>(minibase, shop.app, 'POST', `/v1/broadcasts/${id}/${verb}`); // prettier-ignore
  const completed = async (id: string, status = 'completed'): Promise<SeenBroadcast> => {
    let seen = await shop.broadcastOf(id);
    await until(`${id} is ${status}`, async () => (seen = await shop.broadcastOf(id)).status === status);
    return seen;
  };
  const limit = (rateLimit: number | null) =>
    asServer(minibase, shop.app, 'PATCH', `/v1/message-accounts/${shop.accountId}`, { body: { rateLimit } });
  const received = async () => (await shop.inbox()).length;

  test('reaches everybody who agreed, once, and tells how far it is', async () => {
    const stranger = await shop.person('stranger', 0);
    const before = await received();
    const { id } = await shop.broadcast();
    const done = await completed(id);
    expect(done.progress).toMatchObject({ created: people.length, sent: people.length, queued: 0, isExpanded: true });
    expect(await received()).toBe(before + people.length);
    const list = await asServer<{ data: { userId: string; priority: string }[] }>(minibase, shop.app, 'GET', `/v1/notifications?broadcastId=${id}&limit=100`); // prettier-ignore
    expect(new Set(list.body.data.map(({ userId }) => userId))).toEqual(new Set(people.map(({ user }) => user.id)));
    expect(list.body.data.map(({ userId }) => userId)).not.toContain(stranger.user.id);
    const events = await untilEvent(minibase, shop.app.secretKey, 'broadcast.completed');
    expect(events.filter(({ stream }) => stream.id === id).map(({ sequence }) => sequence)).toEqual([1]);
  }, 60_000);

  test('paused it sends nothing more, resumed it goes on, and nobody gets it twice', async () => {
    await limit(20);
    const before = await received();
    const { id } = await shop.broadcast();
    await until('some have it', async () => (await received()) > before + 3);
    expect((await act(id, 'pause')).body.status).toBe('paused');
    expect(await act(id, 'pause')).toMatchObject({ status: 409, body: { code: 'broadcast_not_running' } });
    await until('nothing is on its way', async () => {
      const [row] = await shop.sql<{ count: string }>('select count(*) as count from notifications where broadcast_id = $1 and leased_until is not null', [id]); // prettier-ignore
      return row!.count === '0';
    });
    const paused = await received();
    const { progress } = await shop.broadcastOf(id);
    expect(progress['sent']).toBe(paused - before);
    expect(paused).toBeLessThan(before + people.length);
    await limit(null);
    // A single message passes while the broadcast stands.
    const single = await shop.send(people[0]!.user.id);
    await shop.ended(single.id, 'sent');
    expect(await received()).toBe(paused + 1);
    expect((await act(id, 'resume')).status).toBe(200);
    expect((await completed(id)).progress).toMatchObject({ sent: people.length });
    expect(await received()).toBe(before + people.length + 1);
  }, 60_000);

  test('canceled it ends: what was not sent is canceled, one by one', async () => {
    await limit(20);
    const before = await received();
    const { id } = await shop.broadcast();
    await until('some have it', async () => (await received()) > before + 3);
    expect((await act(id, 'cancel')).body.status).toBe('canceled');
    await until('nothing waits', async () => (await shop.broadcastOf(id)).progress['queued'] === 0);
    const { progress } = await shop.broadcastOf(id);
    expect(Number(progress['sent']) + Number(progress['canceled'])).toBe(progress['created']);
    expect(await received()).toBe(before + Number(progress['sent']));
    await untilEvent(minibase, shop.app.secretKey, 'notification.canceled', Number(progress['canceled']));
    expect(await act(id, 'resume')).toMatchObject({ status: 409 });
    await limit(null);
  }, 60_000);

  test('a template that the platform does not know pauses it, with the reason', async () => {
    await shop.fault('code', { code: '40037', times: 1 });
    const { id } = await shop.broadcast();
    const paused = await completed(id, 'paused');
    expect(paused.reason).toContain('template');
    const [event] = (await untilEvent(minibase, shop.app.secretKey, 'broadcast.paused', 2)).filter(
      ({ stream, type }) => stream.id === id && type === 'broadcast.paused',
    );
    expect(event?.data['reason']).toBe(paused.reason);
    await act(id, 'resume');
    expect((await completed(id)).progress).toMatchObject({ failed: 1, sent: people.length - 1 });
  }, 60_000);

  test('scheduled it waits for its time; what was not sent when it expires is not sent at all', async () => {
    const before = await received();
    const { id, status } = await shop.broadcast({ sendAt: await shop.at(3_600), expiresAt: await shop.at(7_200) });
    expect(status).toBe('scheduled');
    await act(id, 'pause');
    await shop.advance(7_201);
    await act(id, 'resume');
    expect((await completed(id)).progress).toMatchObject({ created: 0, isExpanded: true });
    expect(await received()).toBe(before);
  }, 60_000);

  test('only in the mini-program that the filter names', async () => {
    const other = await aProgram(minibase, shop.app.secretKey, 'wechat');
    const { id } = await shop.broadcast({ filter: { platform: 'wechat', platformAppId: other.platformAppId } });
    expect((await completed(id)).progress).toMatchObject({ created: 0 });
    const nowhere = { platform: 'wechat', platformAppId: 'wx0' };
    const refused = await asServer(minibase, shop.app, 'POST', '/v1/broadcasts', { body: { template: shop.key, data: { item: 'x' }, filter: nowhere } }); // prettier-ignore
    expect(refused.body.code).toBe('platform_account_missing');
  }, 60_000);
});
