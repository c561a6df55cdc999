import { until } from '../queues/support/until.js';
import { onBothBackends } from '../support/backends.js';
import { anApp } from '../support/client.js';
import { eventsOf } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { type Delivery, Webhooks } from './support/endpoints.js';
import { answering, Receiver, verify } from './support/receiver.js';

onBothBackends('who operates webhooks', (settings) => {
  let minibase: Minibase;
  let hooks: Webhooks;
  let receiver: Receiver;
  beforeAll(async () => {
    minibase = await startMinibase(settings());
  });
  beforeEach(async () => {
    hooks = new Webhooks(minibase, await anApp(minibase, []));
    receiver = await Receiver.start();
  });
  afterEach(() => receiver.close());
  afterAll(() => minibase.close());

  const numbered = async (count: number) => {
    await until(`${count} events`, async () => (await eventsOf(minibase, hooks.app.secretKey)).length >= count);
    return eventsOf(minibase, hooks.app.secretKey);
  };
  const settled = () => until('nothing waits', async () => (await hooks.deliveries('status=pending')).length === 0);

  test('pauses: what happens meanwhile waits, and goes out after', async () => {
    const { id } = await hooks.endpoint(receiver.url);
    await hooks.change(id, { status: 'paused' });
    await hooks.happen(5);
    await until('they wait', async () => (await hooks.deliveries('status=pending')).length === 5);
    await hooks.change(id, { description: 'still paused' });
    expect(receiver.received).toEqual([]);
    await hooks.change(id, { status: 'enabled' });
    await receiver.until(5);
  });

  test('pauses in the middle of many: what is on its way ends, and nothing else is sent before it goes on', async () => {
    const events = 600;
    const { id } = await hooks.endpoint(receiver.url);
    await hooks.change(id, { status: 'paused' });
    for (let round = 0; round < events / 100; round += 1) await hooks.happen(100);
    const leased = async () => {
      const [row] = await minibase.database.dataSource.query<{ count: string }[]>(
        `select count(*) from webhook_deliveries where app_id = $1 and leased_until is not null`,
        [hooks.app.appId],
      );
      return Number(row?.count);
    };
    // Answers at once until there is enough to be leased ahead of, then only when it is told.
    const held: (() => void)[] = [];
    receiver.behaviour = (...all) => {
      if (receiver.received.length <= 200) answering(204)(...all);
      else held.push(() => answering(204)(...all));
    };
    await hooks.change(id, { status: 'enabled' });
    await until('32 are on their way', () => held.length === 32);
    const sent = receiver.received.length;
    await hooks.change(id, { status: 'paused' });
    await until('what was leased ahead is given back', async () => (await leased()) === 32);
    for (const answer of held) answer();
    await until('what was on its way has ended', async () => (await leased()) === 0);
    expect(receiver.received).toHaveLength(sent);
    receiver.behaviour = answering(204);
    await hooks.change(id, { status: 'enabled' });
    await receiver.until(events, 15_000);
    await settled();
    expect(new Set(receiver.received.map((one) => one.id)).size).toBe(events);
    expect(receiver.received).toHaveLength(events);
  }, 40_000);

  test('moves an endpoint: what was leased for the old address goes to the new one', async () => {
    const { id } = await hooks.endpoint(receiver.url);
    await hooks.change(id, { status: 'paused' });
    for (let round = 0; round < 4; round += 1) await hooks.happen(100);
    const held: (() => void)[] = [];
    receiver.behaviour = (...all) => {
      if (receiver.received.length <= 150) answering(204)(...all);
      else held.push(() => answering(204)(...all));
    };
    await hooks.change(id, { status: 'enabled' });
    await until('32 are on their way', () => held.length === 32);
    const sent = receiver.received.length;
    const moved = await Receiver.start();
    await hooks.change(id, { url: moved.url });
    for (const answer of held) answer();
    await moved.until(400 - sent, 15_000);
    await settled();
    expect(receiver.received).toHaveLength(sent);
    expect(moved.received).toHaveLength(400 - sent);
    await moved.close();
  }, 40_000);

  test('limits the rate of an endpoint, over all of a burst', async () => {
    await hooks.endpoint(receiver.url, { rateLimit: 20 });
    await hooks.happen(60);
    await receiver.until(60, 15_000);
    const times = receiver.received.map(({ at }) => at);
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(2_500);
    const most = Math.max(...times.map((start) => times.filter((at) => at >= start && at < start + 1_000).length));
    expect(most).toBeLessThanOrEqual(24);
  });

  test('disables: nothing is made meanwhile; recovering sends what failed, and what is missing if asked', async () => {
    const since = new Date(Date.now() - 1_000).toISOString();
    receiver.behaviour = answering(500);
    const { id, secret } = await hooks.endpoint(receiver.url);
    await hooks.happen(2);
    await receiver.until(2);
    await hooks.change(id, { status: 'disabled' });
    await until('what waited is dead', async () => (await hooks.deliveries('status=dead')).length === 2);
    await hooks.happen(3);
    await numbered(5);
    expect(await hooks.deliveries()).toHaveLength(2);

    receiver.behaviour = answering(204);
    receiver.received.length = 0;
    const path = `/v1/webhook-endpoints/${id}/recover`;
    expect(await hooks.ask('POST', path, { since })).toMatchObject({
      status: 409,
      body: { code: 'webhook_endpoint_disabled' },
    });
    await hooks.change(id, { status: 'enabled' });
    expect(await hooks.ask('POST', path, { since })).toMatchObject({ status: 202, body: { recoveringSince: since } });
    await receiver.until(2);
    await settled();
    expect(receiver.received).toHaveLength(2);
    expect((await hooks.ask('POST', path, { since, missing: true })).status).toBe(202);
    await receiver.until(5);
    await settled();
    const events = await numbered(5);
    expect(receiver.received.map((one) => one.id).sort()).toEqual(events.map((event) => event.id).sort());
    for (const message of receiver.received) verify(secret, message);
    await until('the recovery has ended', async () => (await hooks.read(id)).recoveringSince === null);
  });

  test('recovers only from the time on that was named, and what was delivered not again', async () => {
    receiver.behaviour = answering(500);
    const { id } = await hooks.endpoint(receiver.url);
    await hooks.happen();
    await receiver.until(1);
    await until('a moment has passed', () => true);
    const since = new Date(Date.now() + 1).toISOString();
    await until('it is later', () => Date.now() > Date.parse(since));
    await hooks.happen();
    await receiver.until(2);
    receiver.behaviour = answering(204);
    const waiting = await hooks.deliveries();
    expect((await hooks.ask('POST', `/v1/webhook-endpoints/${id}/recover`, { since })).status).toBe(202);
    await until('the later one is there', async () => (await hooks.delivery(waiting[0]!.id)).status === 'succeeded');
    expect(await hooks.delivery(waiting[1]!.id)).toMatchObject({ status: 'pending', attemptCount: 1 });
    const count = receiver.received.length;
    await hooks.ask('POST', `/v1/webhook-endpoints/${id}/recover`, { since });
    await until('the recovery has ended', async () => (await hooks.read(id)).recoveringSince === null);
    expect(receiver.received).toHaveLength(count);
  });

  test('recovers thousands in the background, without repeating any', async () => {
    const { appId } = hooks.app;
    const stream = await hooks.stream();
    await minibase.database.dataSource.query(
      `insert into events (app_id, id, type, stream_type, stream_id, sequence, object_type, object_id, data)
       select $1, 'evt_' || lpad(to_hex((extract(epoch from now()) * 1000)::bigint - 5000 + n), 12, '0') || lpad(n::text, 20, '0'),
         'user.updated', 'user', $2, n, 'user', $2, '{}'
       from generate_series(1, 2500) n order by n`,
      [appId, stream],
    );
    await until('all are numbered', async () => {
      const [row] = await minibase.database.dataSource.query<{ count: string }[]>(
        'select count(*) from events where app_id = $1 and position is null',
        [appId],
      );
      return row?.count === '0';
    });
    const { id } = await hooks.endpoint(receiver.url);
    const since = new Date(Date.now() - 60_000).toISOString();
    expect((await hooks.ask('POST', `/v1/webhook-endpoints/${id}/recover`, { since, missing: true })).status).toBe(202);
    await receiver.until(2_500, 30_000);
    await settled();
    expect(receiver.received).toHaveLength(2_500);
    expect(new Set(receiver.received.map((one) => one.id)).size).toBe(2_500);
  }, 60_000);

  test('redelivers one event, with the same id and bytes, to one endpoint or to all', async () => {
    const another = await Receiver.start();
    const [one, two] = [
      await hooks.endpoint(receiver.url),
      await hooks.endpoint(another.url, { events: ['user.created'] }),
    ];
    await hooks.happen();
    const [first] = await receiver.until(1);
    await settled();
    const path = `/v1/events/${first!.id}/redeliver`;
    const all = await hooks.ask<{ data: Delivery[] }>('POST', path, {}, 'again-1');
    expect([all.status, all.body.data.map(({ endpointId }) => endpointId)]).toEqual([202, [one.id]]);
    await receiver.until(2);
    await settled();
    const replayed = await hooks.ask<{ data: Delivery[] }>('POST', path, {}, 'again-1');
    expect(replayed.headers.get('idempotent-replayed')).toBe('true');
    // One that did not want the type gets it when it is named.
    const named = await hooks.ask<{ data: Delivery[] }>('POST', path, { endpointId: two.id });
    expect(named).toMatchObject({ status: 202, body: { data: [{ endpointId: two.id, eventId: first!.id }] } });
    const [copy] = await another.until(1);
    expect([copy!.id, copy!.body]).toEqual([first!.id, first!.body]);
    verify(two.secret, copy!);
    await settled();
    expect(receiver.received.map(({ id, body }) => [id, body])).toEqual([[first!.id, first!.body], [first!.id, first!.body]]); // prettier-ignore
    const [delivery] = await hooks.deliveries(`endpointId=${one.id}`);
    expect(await hooks.delivery(delivery!.id)).toMatchObject({ status: 'succeeded', attemptCount: 2 });
    const unknown = 'evt_019a6b0c4d5e7f00a1b2c3d4e5f60718';
    expect(await hooks.ask('POST', `/v1/events/${unknown}/redeliver`, {})).toMatchObject({
      status: 404,
      body: { code: 'event_not_found' },
    });
    expect(await hooks.ask('POST', path, { endpointId: 'wep_x' })).toMatchObject({
      status: 404,
      body: { code: 'webhook_endpoint_not_found' },
    });
    await another.close();
  });

  test('sends a test event to one endpoint, whatever it wants, and to no other', async () => {
    const another = await Receiver.start();
    const { id, secret } = await hooks.endpoint(receiver.url, { events: ['payment.succeeded'] });
    await hooks.endpoint(another.url);
    const { status, body } = await hooks.ask<{ eventId: string; deliveryId: string }>(
      'POST',
      `/v1/webhook-endpoints/${id}/test`,
    );
    expect(status).toBe(202);
    const [message] = await receiver.until(1);
    expect(message!.json).toMatchObject({ type: 'webhook.test', data: { webhookEndpointId: id } });
    expect(message!.id).toBe(body.eventId);
    verify(secret, message!);
    await settled();
    expect(await hooks.delivery(body.deliveryId)).toMatchObject({ endpointId: id, status: 'succeeded' });
    expect(another.received).toEqual([]);
    await another.close();
  });

  test('deletes an endpoint: what waits there is canceled and can be read', async () => {
    receiver.behaviour = answering(500);
    const { id } = await hooks.endpoint(receiver.url);
    await hooks.happen(2);
    await until('they wait', async () => (await hooks.deliveries('status=pending')).length === 2);
    expect((await hooks.ask('DELETE', `/v1/webhook-endpoints/${id}`)).status).toBe(204);
    await until('they are canceled', async () => (await hooks.deliveries('status=canceled')).length === 2);
    expect((await hooks.ask('GET', `/v1/webhook-endpoints/${id}`)).status).toBe(404);
  });

  test('finds deliveries by endpoint, event and status, page by page', async () => {
    const [one, two] = [await hooks.endpoint(receiver.url), await hooks.endpoint(receiver.url)];
    await hooks.happen(5);
    await until('all are delivered', async () => (await hooks.deliveries('status=succeeded')).length === 10);
    const all = await hooks.deliveries();
    const events = await eventsOf(minibase, hooks.app.secretKey);
    const of = await hooks.deliveries(`eventId=${events[2]!.id}`);
    expect(of.map(({ endpointId }) => endpointId).sort()).toEqual([one.id, two.id].sort());
    expect(await hooks.deliveries(`eventId=${events[2]!.id}&endpointId=${two.id}`)).toHaveLength(1);
    expect(await hooks.deliveries('status=dead')).toEqual([]);
    const pages: string[] = [];
    for (let cursor = ''; ;) {
      const path = `/v1/webhook-deliveries?limit=3${cursor && `&cursor=${cursor}`}`;
      const { body } = await hooks.ask<{ data: Delivery[]; nextCursor: string | null }>('GET', path);
      pages.push(...body.data.map(({ id }) => id));
      if (body.nextCursor === null) break;
      cursor = body.nextCursor;
    }
    expect(pages).toEqual(all.map(({ id }) => id));
    expect(pages).toHaveLength(10);
  });
});
