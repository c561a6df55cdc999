import type { Running } from '../../torture/running.js';
import { until } from '../queues/support/until.js';
import { anApp } from '../support/client.js';
import { eventsOf } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { aWorker } from '../support/worker.js';
import { Webhooks } from './support/endpoints.js';
import { answering, type Behaviour, Receiver, verify } from './support/receiver.js';

const STREAMS = 6;
const HALF = 150;
const EVENTS = 2 * HALF;
/** Longer than a delivery is leased. */
const LEASE = { seconds: 31 };

describe('a worker that is killed while it sends', () => {
  let minibase: Minibase;
  let worker: Running;
  let receivers: Receiver[] = [];
  beforeAll(async () => {
    minibase = await startMinibase({ role: 'api', redisUrl: undefined });
    worker = await aWorker(minibase);
  });
  afterAll(async () => {
    for (const one of receivers) await one.close();
    await worker.stop();
    await minibase.close();
  });

  test('leaves nothing that another does not send, and an ordered endpoint sees the order of each stream', async () => {
    const hooks = new Webhooks(minibase, await anApp(minibase, []));
    let isKilled = false;
    // Nobody answers the one who is to die any more after fifty: the next ones are on their way when it does.
    const answer = (): Behaviour => {
      let taken = 0;
      return (...all) => {
        if ((taken += 1) <= 50 || isKilled) answering(204)(...all);
      };
    };
    receivers = [await Receiver.start(answer()), await Receiver.start(answer())];
    const secrets = [
      (await hooks.endpoint(receivers[0]!.url)).secret,
      (await hooks.endpoint(receivers[1]!.url, { ordered: true })).secret,
    ];
    const streams = await Promise.all(Array.from({ length: STREAMS }, () => hooks.stream()));
    const happen = async (): Promise<void> => {
      for (let count = 0; count < HALF; count += STREAMS)
        await Promise.all(streams.map((stream) => hooks.more(stream)));
    };
    const happening = happen();
    await until('much is on its way', () => receivers.every(({ received, open }) => received.length > 50 && open > 0));
    await worker.kill();
    isKilled = true;
    const sent = receivers.map(({ received }) => received.length);
    await happening;
    // Half of it is there when nobody sends.
    await happen();
    await minibase.another({ role: 'worker' });
    minibase.clock.advance(LEASE);
    const distinct = ({ received }: Receiver) => [...new Set(received.map(({ id }) => id))];
    await until('all arrived', () => receivers.every((one) => distinct(one).length === EVENTS));
    await until('nothing waits', async () => (await hooks.deliveries('status=pending')).length === 0);

    const told = await eventsOf(minibase, hooks.app.secretKey);
    expect(told).toHaveLength(EVENTS);
    for (const [n, { received }] of receivers.entries()) {
      expect(sent[n]!).toBeLessThan(EVENTS);
      for (const message of received) verify(secrets[n]!, message);
      expect(received.length - EVENTS).toBeLessThanOrEqual(sent[n]!);
    }
    for (const stream of streams) {
      const order = told.filter((event) => event.stream.id === stream).map(({ id }) => id);
      const seen = receivers[1]!.received.filter(({ json }) => json.data['userId'] === stream).map(({ id }) => id);
      // A repeat follows its first sending at once.
      expect(seen.filter((id, at) => id !== seen[at - 1])).toEqual(order);
    }
  }, 60_000);
});
