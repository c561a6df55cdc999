import { examine } from '../../src/cli/doctor.js';
import { until } from '../queues/support/until.js';
import { asServer, asUser, type LoggedIn, must } from '../support/client.js';
import { eventsOf } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Sending } from './support/sending.js';

const HOUR = 3_600;
/** Longer than a message is leased. */
const LEASE = { seconds: 31 };

describe('messages of people who become others, or go', () => {
  let minibase: Minibase;
  let shop: Sending;
  beforeAll(async () => {
    minibase = await startMinibase({ redisUrl: undefined });
  });
  beforeEach(async () => {
    shop = await Sending.open(minibase);
  });
  afterEach(async () => {
    expect(await examine(minibase.database.dataSource)).toEqual([]);
  });
  afterAll(() => minibase.close());

  const merge = (from: LoggedIn, into: LoggedIn) =>
    must(minibase.url, 'POST', `/v1/users/${from.user.id}/merge`, {
      token: shop.app.secretKey,
      body: { into: into.user.id },
    });
  const erase = (login: LoggedIn) =>
    must(minibase.url, 'DELETE', `/v1/users/${login.user.id}`, { token: shop.app.secretKey });
  const wake = () => asServer(minibase, shop.app, 'POST', `/v1/message-accounts/${shop.accountId}/resume`);
  const row = async (id: string) =>
    (await shop.sql<Record<string, unknown>>(
      `select status, reason, data, openid, routes, reservation, leased_until is not null as "isOnItsWay"
       from notifications where id = $1`, [id]))[0]!; // prettier-ignore
  const onItsWay = (id: string) => until('it is on its way', async () => (await row(id))['isOnItsWay'] === true);
  const toldOf = async (id: string) =>
    (await eventsOf(minibase, shop.app.secretKey)).filter(({ stream }) => stream.id === id).map(({ type }) => type);

  test('merged: what waits goes to the same person, and what both were to get, once', async () => {
    const ming = await shop.person('ming');
    const hong = await shop.person('hong', 2);
    const over = { sendAt: await shop.at(HOUR) };
    const own = await shop.send(ming.user.id, over);
    const twice = await shop.send(ming.user.id, { ...over, dedupeKey: 'order-1' });
    const kept = await shop.send(hong.user.id, { ...over, dedupeKey: 'order-1' });
    await merge(ming, hong);
    expect(await shop.read(twice.id)).toMatchObject({ status: 'canceled', reason: 'user_merged', userId: ming.user.id }); // prettier-ignore
    expect(await shop.read(own.id)).toMatchObject({ status: 'scheduled', userId: hong.user.id });
    await shop.advance(HOUR);
    await wake();
    for (const { id } of [own, kept]) expect(await shop.ended(id)).toMatchObject({ status: 'sent' });
    expect([(await shop.inbox('ming')).length, (await shop.inbox('hong')).length]).toEqual([1, 1]);
    expect(await toldOf(twice.id)).toEqual(['notification.canceled']);
    // A message to the old user goes to the one who took over.
    const later = await shop.send(ming.user.id);
    expect(later.userId).toBe(hong.user.id);
    expect(await shop.ended(later.id)).toMatchObject({ status: 'sent' });
  });

  test('merged while a message is on its way: it is sent once, and told of the one who took over', async () => {
    const ming = await shop.person('ming');
    const hong = await shop.person('hong', 0);
    await shop.fault('slow', { milliseconds: 1_500 });
    const { id } = await shop.send(ming.user.id);
    await onItsWay(id);
    await merge(ming, hong);
    expect(await shop.ended(id)).toMatchObject({ status: 'sent', userId: hong.user.id });
    expect(await shop.inbox('ming')).toHaveLength(1);
    expect(await shop.counts(ming)).toEqual([0, 0, 0]);
  });

  test('erased: what waits is canceled, what is on its way arrives, and nothing of the person is left', async () => {
    const ming = await shop.person('ming', 3);
    await shop.fault('slow', { milliseconds: 1_500 });
    const first = await shop.send(ming.user.id);
    await onItsWay(first.id);
    const behind = await shop.send(ming.user.id);
    const later = await shop.send(ming.user.id, { sendAt: await shop.at(HOUR) });
    await erase(ming);
    for (const { id } of [behind, later]) {
      expect(await shop.read(id)).toMatchObject({ status: 'canceled', reason: 'user_erased', data: {} });
    }
    expect(await shop.ended(first.id)).toMatchObject({ status: 'sent' });
    expect(await shop.inbox('ming')).toHaveLength(1);
    for (const { id } of [first, behind, later]) {
      expect(await row(id)).toMatchObject({ data: {}, openid: null, routes: [], reservation: null });
      expect((await toldOf(id)).length).toBe(1);
    }
    for (const table of ['consents', 'consent_reports', 'consent_entries'])
      expect(await shop.sql(`select from message_${table} where app_id = $1`, [shop.app.appId])).toEqual([]);
  });

  test('erased while a message is on its way whose lease passes: unknown, until its answer comes after all', async () => {
    const ming = await shop.person('ming');
    await shop.fault('slow', { milliseconds: 3_000 });
    const { id } = await shop.send(ming.user.id);
    await onItsWay(id);
    await erase(ming);
    minibase.clock.advance(LEASE);
    await wake();
    expect(await shop.ended(id, 'unknown')).toMatchObject({ reason: 'lost' });
    expect(await shop.ended(id, 'sent')).toMatchObject({ reason: null });
    expect(await row(id)).toMatchObject({ openid: null, reservation: null });
    await until('both are told', async () => (await toldOf(id)).length === 2);
    expect(await toldOf(id)).toEqual(['notification.unknown', 'notification.sent']);
  });

  test('erased, and the answer never comes: it stays unknown, and is settled a day later', async () => {
    const ming = await shop.person('ming');
    await shop.fault('timeout_before');
    const { id } = await shop.send(ming.user.id);
    await onItsWay(id);
    expect((await asUser(minibase, ming, 'DELETE', '/v1/me')).status).toBeLessThan(300);
    minibase.clock.advance(LEASE);
    await wake();
    expect(await shop.ended(id, 'unknown')).toMatchObject({ reason: 'lost' });
    await shop.advance(24 * HOUR + 1);
    const settles = async () => (await shop.sql('select from notifications where id = $1 and settle_at is null', [id])).length === 1; // prettier-ignore
    await until('it is settled', settles);
    expect(await row(id)).toMatchObject({ status: 'unknown', openid: null, reservation: null });
  });
});
