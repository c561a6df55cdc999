import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../queues/support/until.js';
import { onBothBackends } from '../support/backends.js';
import { anApp } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Webhooks } from './support/endpoints.js';
import { answering, Receiver } from './support/receiver.js';

const ROUNDS = 30;

onBothBackends('deliveries of several processes whose connections break', (settings) => {
  let minibase: Minibase;
  beforeAll(async () => {
    minibase = await startMinibase(settings());
  });
  afterAll(() => minibase.close());

  /** Breaks every connection that is in the middle of a statement about deliveries, as a restart of Postgres does. */
  const breakConnections = () =>
    minibase.database.dataSource.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and query like '%webhook\\_deliveries%'
         and query not like '%pg_terminate%'`,
    );

  /** Announces, also when the connection that the pool gives was one of those: nothing is committed then. */
  const announce = async (hooks: Webhooks, stream: string): Promise<void> => {
    for (;;) {
      try {
        return await hooks.more(stream, 3);
      } catch (error) {
        if (!String(error).includes('terminat')) throw error;
      }
    }
  };

  test('reach every endpoint at least once, and an ordered one in the order of each stream', async () => {
    const app = await anApp(minibase, []);
    const hooks = new Webhooks(minibase, app);
    // One that sometimes fails, as real ones do: its circuit opens and closes on the way.
    let count = 0;
    const receivers = [
      await Receiver.start((...all) => answering((count += 1) % 17 === 0 ? 500 : 204)(...all)),
      await Receiver.start(),
      await Receiver.start(),
    ] as const;
    await hooks.endpoint(receivers[0].url);
    await hooks.endpoint(receivers[1].url);
    await hooks.endpoint(receivers[2].url, { ordered: true });
    const streams = await Promise.all(Array.from({ length: 6 }, () => hooks.stream()));
    const other = await minibase.another({ role: 'worker' });
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all(streams.map((stream) => announce(hooks, stream)));
      if (round % 3 === 0) await breakConnections().catch(() => undefined);
      if (round === ROUNDS / 2) await other.close();
      await pause(10);
    }
    const told = await minibase.database.dataSource.query<{ id: string; stream: string }[]>(
      'select id, stream_id as stream from events where app_id = $1 order by stream_id, sequence',
      [app.appId],
    );
    expect(told).toHaveLength(ROUNDS * 3 * 6);
    const distinct = (receiver: Receiver) => [...new Set(receiver.received.map(({ id }) => id))];
    // Leases of what was on its way over a broken connection take half a minute to end.
    await until('everything arrived', () => receivers.every((one) => distinct(one).length === told.length), 60_000);
    const isFar = ({ nextAttemptAt }: { nextAttemptAt: string | null }) =>
      Date.parse(nextAttemptAt!) - minibase.clock.now().getTime() > 10_000;
    const isWritten = async () => {
      const pending = await hooks.deliveries('status=pending');
      // What failed twice would wait for minutes.
      if (pending.length > 0 && pending.every(isFar)) minibase.clock.advance({ minutes: 6 });
      return pending.length === 0;
    };
    await until('everything is written', isWritten, 60_000);
    expect(await hooks.deliveries('status=dead')).toEqual([]);
    const orderOf = (stream: string) => told.filter((event) => event.stream === stream).map(({ id }) => id);
    for (const stream of streams) {
      const seen = receivers[2].received.filter(({ json }) => json.data['userId'] === stream).map(({ id }) => id);
      expect([...new Set(seen)]).toEqual(orderOf(stream));
      // A repeat follows its first sending at once: the next event never goes out before the one before is written.
      expect(seen.filter((id, at) => id !== seen[at - 1])).toEqual(orderOf(stream));
    }
    for (const one of receivers) await one.close();
  }, 150_000);
});
