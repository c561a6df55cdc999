import { until } from '../queues/support/until.js';
import { anApp, type TestApp } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { RETRY_AFTER_S } from '../../src/webhooks/schedule.js';
import { Webhooks } from './support/endpoints.js';
import { answering, Receiver, verify } from './support/receiver.js';

describe('a delivery that fails', () => {
  let minibase: Minibase;
  let app: TestApp;
  let hooks: Webhooks;
  let receiver: Receiver;
  beforeEach(async () => {
    // Of its own for each test, as protocol time only moves forwards.
    minibase = await startMinibase();
    app = await anApp(minibase, []);
    hooks = new Webhooks(minibase, app);
    receiver = await Receiver.start();
  });
  afterEach(async () => {
    await minibase.close();
    await receiver.close();
  });

  const attempted = (endpointId: string, count: number) =>
    hooks.untilDelivery(endpointId, `was tried ${count} times`, ({ attemptCount }) => attemptCount === count, 15_000);
  const waitOf = ({ nextAttemptAt }: { nextAttemptAt: string | null }) =>
    (Date.parse(nextAttemptAt!) - minibase.clock.now().getTime()) / 1_000;

  test('is repeated by the schedule, with the same id and bytes, and is dead after the tenth attempt', async () => {
    receiver.behaviour = answering(500, {}, 'not today');
    const { id, secret } = await hooks.endpoint(receiver.url);
    await hooks.happen();
    for (let tries = 1; tries < RETRY_AFTER_S.length; tries += 1) {
      const delivery = await attempted(id, tries);
      expect(delivery).toMatchObject({ status: 'pending', lastStatus: 500 });
      const [wait, plain] = [waitOf(delivery), RETRY_AFTER_S[tries]!];
      expect(wait).toBeGreaterThan(plain * 0.8 - 3);
      expect(wait).toBeLessThanOrEqual(plain * 1.2);
      // Nothing is sent before its time, also when the lane is nudged.
      if (tries === 3) {
        minibase.clock.advance({ seconds: wait - 30 });
        await hooks.change(id, { description: 'nudged' });
        expect(receiver.received).toHaveLength(tries);
      }
      minibase.clock.advance({ seconds: plain * 1.2 + 61 });
      await hooks.change(id, { description: `after ${tries}` });
    }
    const dead = await hooks.untilDelivery(id, 'is dead', ({ status }) => status === 'dead', 15_000);
    expect(dead).toMatchObject({ attemptCount: 10, nextAttemptAt: null, lastStatus: 500 });
    expect((await hooks.deliveries('status=dead')).map((one) => one.id)).toEqual([dead.id]);
    const { attempts } = await hooks.delivery(dead.id);
    expect(attempts.map(({ number, answer }) => [number, answer])).toEqual(
      Array.from({ length: 10 }, (_, at) => [at + 1, 'not today']),
    );
    expect(new Set(receiver.received.map(({ id: event, body }) => `${event} ${body}`)).size).toBe(1);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(10);
    for (const message of receiver.received) verify(secret, message);
    expect(receiver.received).toHaveLength(10);
  }, 90_000);

  test.each([301, 302, 307, 308, 400, 404, 500])('%i is a failure', async (status) => {
    receiver.behaviour = answering(status, { location: `http://127.0.0.1:${receiver.port}/elsewhere` });
    const { id } = await hooks.endpoint(receiver.url);
    await hooks.happen();
    const delivery = await attempted(id, 1);
    expect(delivery).toMatchObject({
      status: 'pending',
      lastStatus: status,
      lastError: status < 400 ? 'redirect_refused: redirects are not followed' : null,
    });
    expect(receiver.received).toHaveLength(1);
  });

  test.each([
    [429, '40', 40],
    [502, '90', 90],
    [503, '3600', 3_600],
    [504, 'date', 120],
    [500, '3600', 5],
    [429, '1', 5],
  ])('with %i and Retry-After %s is repeated after %i s', async (status, header, seconds) => {
    const inTwoMinutes = () => new Date(Date.now() + 120_999).toUTCString();
    receiver.behaviour = (...all) =>
      answering(status, { 'retry-after': header === 'date' ? inTwoMinutes() : header })(...all);
    const { id } = await hooks.endpoint(receiver.url);
    await hooks.happen();
    const delivery = await attempted(id, 1);
    expect(waitOf(delivery)).toBeGreaterThan(seconds * 0.8 - 3);
    expect(waitOf(delivery)).toBeLessThanOrEqual(seconds * 1.2);
    // A busy endpoint is left alone by other deliveries too, a minute at most.
    const { pausedUntil } = await hooks.read(id);
    const asked = status === 500 ? 0 : Number.parseInt(header, 10) || 120;
    const held = pausedUntil === null ? 0 : (Date.parse(pausedUntil) - minibase.clock.now().getTime()) / 1_000;
    expect(held).toBeLessThanOrEqual(60);
    if (asked > 10) expect(held).toBeGreaterThan(Math.min(asked, 60) - 10);
  });

  test('with 410 disables its endpoint, is told to others, and ends what waits there', async () => {
    const watching = await Receiver.start();
    await hooks.endpoint(watching.url, { events: ['webhook_endpoint.disabled'] });
    const stuck = await hooks.endpoint(receiver.url);
    receiver.behaviour = answering(500);
    await hooks.happen();
    await attempted(stuck.id, 1);
    receiver.behaviour = answering(410);
    await hooks.happen();
    const [message] = await watching.until(1);
    expect(message!.json).toMatchObject({
      type: 'webhook_endpoint.disabled',
      data: { webhookEndpointId: stuck.id, reason: 'gone' },
    });
    expect(await hooks.read(stuck.id)).toMatchObject({ status: 'disabled', disabledReason: 'gone' });
    await until(
      'nothing waits',
      async () => (await hooks.deliveries(`endpointId=${stuck.id}&status=pending`)).length === 0,
    );
    expect((await hooks.deliveries(`endpointId=${stuck.id}`)).map(({ status }) => status)).toEqual(['dead', 'dead']);
    const before = (await hooks.deliveries(`endpointId=${stuck.id}`)).length;
    await hooks.happen();
    await until('the disabling is delivered', async () => (await hooks.deliveries('status=pending')).length === 0);
    expect(await hooks.deliveries(`endpointId=${stuck.id}`)).toHaveLength(before);
    await watching.close();
  });

  test('for five days, and nothing but failures, disables its endpoint with an event', async () => {
    const watching = await Receiver.start();
    await hooks.endpoint(watching.url, { events: ['webhook_endpoint.disabled'] });
    receiver.behaviour = answering(500);
    const { id } = await hooks.endpoint(receiver.url);
    for (let day = 0; day <= 5; day += 1) {
      // Counted before the day begins: a sweep may be the first to try it again, and then nothing leaves for a minute.
      const sent = receiver.received.length;
      if (day > 0) minibase.clock.advance({ days: 1, seconds: 61 });
      await hooks.happen();
      await hooks.change(id, { description: `day ${day}` });
      await receiver.until(sent + 1);
      await until('it is written', async () => (await hooks.read(id)).failingSince !== null);
      if (day < 5) expect(await hooks.read(id)).toMatchObject({ status: 'enabled' });
    }
    const [message] = await watching.until(1, 20_000);
    expect(message!.json.data).toEqual({ webhookEndpointId: id, reason: 'failing' });
    expect(await hooks.read(id)).toMatchObject({ status: 'disabled', disabledReason: 'failing' });
    // Enabled again it begins anew.
    receiver.behaviour = answering(204);
    expect(await hooks.change(id, { status: 'enabled' })).toMatchObject({ disabledReason: null, failingSince: null });
    await watching.close();
  }, 60_000);

  test('again and again costs its endpoint all but one try at a time, until one succeeds', async () => {
    receiver.behaviour = answering(500);
    const { id } = await hooks.endpoint(receiver.url);
    for (let round = 0; round < 8; round += 1) await hooks.happen(50);
    await until('the circuit is open', async () => (await hooks.read(id)).pausedUntil !== null);
    // What was on its way by then still comes in.
    await until('all of it is written', async () => {
      const [row] = await minibase.database.dataSource.query<{ tried: string }[]>(
        'select sum(attempts) as tried from webhook_deliveries where app_id = $1',
        [app.appId],
      );
      return receiver.open === 0 && Number(row?.tried) === receiver.received.length;
    });
    const sent = receiver.received.length;
    expect(sent).toBeLessThan(150);
    // Of what waits, a probe goes out after one second, two, four, …
    const start = performance.now();
    await receiver.until(sent + 3, 60_000);
    expect(performance.now() - start).toBeGreaterThan(2_000);
    receiver.behaviour = answering(204);
    await until('everything that was not tried is delivered', async () => {
      const pending = await hooks.deliveries('status=pending');
      return pending.every(({ attemptCount }) => attemptCount > 0);
    }, 150_000); // prettier-ignore
    expect(await hooks.read(id)).toMatchObject({ pausedUntil: null, failingSince: null });
  }, 60_000);

  test('for its 15 s costs no other endpoint anything, whether it hangs, drips or never stops answering', async () => {
    const hanging = await Receiver.start(() => undefined);
    const dripping = await Receiver.start((response) => {
      response.writeHead(200, { 'content-length': '1000000' });
      const drip = setInterval(() => response.write('.'), 200);
      response.on('close', () => clearInterval(drip));
    });
    const pouring = await Receiver.start((response) => {
      response.writeHead(200);
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x')));
      };
      response.on('drain', pour);
      pour();
    });
    const ids = [];
    for (const one of [hanging, dripping, pouring]) ids.push((await hooks.endpoint(one.url)).id);
    const { id: fine } = await hooks.endpoint(receiver.url);
    await hooks.happen();
    await hooks.untilDelivery(fine, 'is there', ({ status }) => status === 'succeeded', 1_500);
    const poured = await hooks.untilDelivery(ids[2]!, 'is there', ({ status }) => status === 'succeeded', 3_000);
    expect((await hooks.delivery(poured.id)).attempts).toMatchObject([{ status: 200, answer: 'x'.repeat(1_024) }]);
    for (const [at, status] of [
      [0, null],
      [1, 200],
    ] as const) {
      const failed = await hooks.untilDelivery(ids[at]!, 'timed out', ({ attemptCount }) => attemptCount === 1, 20_000);
      expect(failed).toMatchObject({
        status: 'pending',
        lastStatus: status,
        lastError: 'timeout: no whole answer within 15 s',
      });
      const [attempt] = (await hooks.delivery(failed.id)).attempts;
      expect(attempt!.durationMs).toBeGreaterThanOrEqual(14_900);
      expect(attempt!.durationMs).toBeLessThan(17_000);
    }
    for (const one of [hanging, dripping, pouring]) await one.close();
  }, 60_000);
});
