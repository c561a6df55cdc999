import { Webhook } from 'standardwebhooks';
import { until } from '../queues/support/until.js';
import { onBothBackends } from '../support/backends.js';
import { aLogin, anApp, type TestApp } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Webhooks } from './support/endpoints.js';
import { answering, Receiver } from './support/receiver.js';

onBothBackends('a webhook endpoint', (settings) => {
  let minibase: Minibase;
  let app: TestApp;
  let hooks: Webhooks;
  let receiver: Receiver;
  beforeAll(async () => {
    minibase = await startMinibase(settings());
  });
  beforeEach(async () => {
    app = await anApp(minibase, []);
    hooks = new Webhooks(minibase, app);
    receiver = await Receiver.start();
  });
  afterEach(() => receiver.close());
  afterAll(() => minibase.close());

  test('gets an event within a second of its commit, signed as Standard Webhooks says', async () => {
    const { secret } = await hooks.endpoint(receiver.url, {
      events: ['user.updated'],
      headers: { 'X-Shop': 'Coffee' },
    });
    const stream = await hooks.stream();
    const before = performance.now();
    await hooks.more(stream);
    const [message] = await receiver.until(1);
    expect(performance.now() - before).toBeLessThan(1_000);
    const { headers, body } = message!;
    expect(new Webhook(secret).verify(body, headers)).toEqual({
      type: 'user.updated',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      data: { userId: stream, fields: 'nickname' },
    });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': expect.stringMatching(/^evt_[0-9a-f]{32}$/),
      'x-shop': 'Coffee',
    });
    for (const at of [0, Math.floor(body.length / 2), body.length - 1]) {
      const changed = body.slice(0, at) + String.fromCharCode(body.charCodeAt(at) ^ 1) + body.slice(at + 1);
      expect(() => new Webhook(secret).verify(changed, headers)).toThrow();
    }
    const delivery = await hooks.untilDelivery((await hooks.deliveries())[0]!.endpointId, 'succeeded', ({ status }) => status === 'succeeded'); // prettier-ignore
    expect(delivery).toMatchObject({
      eventId: headers['webhook-id'],
      attemptCount: 1,
      lastStatus: 204,
      nextAttemptAt: null,
    });
    const { attempts } = await hooks.delivery(delivery.id);
    expect(attempts).toMatchObject([{ number: 1, status: 204, error: null, answer: '' }]);
  });

  test('gets only the types that it wants, from its own app, each event once', async () => {
    const other = new Webhooks(minibase, await anApp(minibase, []));
    const [wanting, all, another] = await Promise.all([
      hooks.endpoint(receiver.url, { events: ['user.created'] }),
      hooks.endpoint(receiver.url),
      other.endpoint(receiver.url),
    ]);
    await hooks.happen(3);
    await until('all are delivered', async () => (await hooks.deliveries('status=succeeded')).length === 3);
    expect((await hooks.deliveries()).map(({ endpointId }) => endpointId)).toEqual([all.id, all.id, all.id]);
    expect(await other.deliveries()).toEqual([]);
    expect(await hooks.deliveries(`endpointId=${wanting.id}`)).toEqual([]);
    expect(receiver.received).toHaveLength(3);
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(3);
    expect(another.id).not.toBe(all.id);
  });

  test('gets a thousand events, many at a time, each once', async () => {
    receiver.behaviour = (response) => setTimeout(() => answering(200)(response, receiver.received[0]!, undefined as never), 5); // prettier-ignore
    await hooks.endpoint(receiver.url);
    for (let count = 0; count < 10; count += 1) await hooks.happen(100);
    await receiver.until(1_000, 20_000);
    await until('all are written', async () => (await hooks.deliveries('status=pending')).length === 0);
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(1_000);
    expect(receiver.received).toHaveLength(1_000);
    expect(receiver.mostOpen).toBeGreaterThan(8);
    expect(receiver.mostOpen).toBeLessThanOrEqual(32);
  });

  test('that wants order gets the events of each stream one after another, while other streams go on', async () => {
    const { id } = await hooks.endpoint(receiver.url, { ordered: true });
    const stuck = await hooks.stream();
    const streams = await Promise.all([hooks.stream(), hooks.stream(), hooks.stream()]);
    let fails = true;
    receiver.behaviour = (response, received, request) =>
      answering(fails && received.json.data['userId'] === stuck ? 500 : 204)(response, received, request);
    await hooks.more(stuck, 5);
    await Promise.all(streams.map((stream) => hooks.more(stream, 30)));
    const of = (stream: string) => receiver.received.filter(({ json }) => json.data['userId'] === stream);
    await until('the other streams came through', () => streams.every((stream) => of(stream).length === 30));
    // Of the stream that fails only the first was ever sent.
    expect(new Set(of(stuck).map(({ id: event }) => event)).size).toBe(1);
    fails = false;
    await until(
      'the stuck one came through',
      () => new Set(of(stuck).map(({ id: event }) => event)).size === 5,
      20_000,
    );
    for (const stream of [stuck, ...streams]) {
      const order = [...new Set(of(stream).map(({ id: event }) => event))];
      const told = await minibase.database.dataSource.query<{ id: string }[]>(
        'select id from events where app_id = $1 and stream_id = $2 order by sequence',
        [app.appId, stream],
      );
      expect(order).toEqual(told.map((event) => event.id));
    }
    await until('all are written', async () => (await hooks.deliveries('status=pending')).length === 0);
    expect(await hooks.read(id)).toMatchObject({ ordered: true, status: 'enabled', failingSince: null });
  });

  test('that hangs holds up nobody else', async () => {
    const hanging = await Receiver.start(() => undefined);
    const endpoints = await Promise.all(Array.from({ length: 10 }, () => hooks.endpoint(hanging.url)));
    await hooks.endpoint(receiver.url);
    await hooks.happen(40);
    await hanging.until(100);
    await receiver.until(40, 3_000);
    // While everybody else hangs, the next event is still there within a second.
    const before = performance.now();
    await hooks.happen();
    await receiver.until(41);
    expect(performance.now() - before).toBeLessThan(1_000);
    for (const { id } of endpoints) await hooks.ask('DELETE', `/v1/webhook-endpoints/${id}`);
    await hanging.close();
  });

  test('is told of what really happens', async () => {
    const shop = await anApp(minibase, ['wechat']);
    const { secret } = await new Webhooks(minibase, shop).endpoint(receiver.url);
    const { user } = await aLogin(minibase, shop, 'ming');
    const [message] = await receiver.until(1);
    expect(new Webhook(secret).verify(message!.body, { ...message!.headers })).toMatchObject({
      type: 'user.created',
      data: { userId: user.id, platform: 'wechat' },
    });
  });
});
