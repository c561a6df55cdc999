import { until } from '../queues/support/until.js';
import { anApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { announced, aStream, faultsOf, PollingReader } from './support/writers.js';

describe('the relay', () => {
  let minibase: Minibase;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  afterAll(() => minibase.close());

  const query = <T>(sql: string, values: unknown[] = []) => minibase.database.dataSource.query<T[]>(sql, values);
  const waiting = async () =>
    Number((await query<{ count: string }>('select count(*) from events where position is null'))[0]!.count);
  const numbered = () => until('everything is numbered', async () => (await waiting()) === 0);

  test('of two processes numbers each event once, in the order of its stream', async () => {
    const other = await minibase.another();
    const { appId, secretKey } = await anApp(minibase, []);
    const streams = await Promise.all(['a', 'b', 'c', 'd'].map((id) => aStream(minibase, appId, id)));
    await Promise.all(
      streams.map(async (stream) => {
        for (let count = 0; count < 40; count++) await announced(minibase, appId, stream);
      }),
    );
    await numbered();
    for (const url of [minibase.url, other.url]) {
      const reader = new PollingReader(url, secretKey);
      while ((await reader.poll()) > 0);
      expect(reader.seen).toHaveLength(160);
      expect(faultsOf(reader.seen)).toEqual([]);
    }
    const [relay] = await query<{ last: string }>('select last_position as last from event_relay');
    const [highest] = await query<{ position: string }>('select max(position) as position from events');
    expect(Number(relay!.last)).toBeGreaterThanOrEqual(Number(highest!.position));
    await other.close();
  });

  test('numbers more than one batch at once, in order', async () => {
    const { appId, secretKey } = await anApp(minibase, []);
    const stream = await aStream(minibase, appId, 'many');
    await query(
      `insert into events (app_id, id, type, stream_type, stream_id, sequence, object_type, object_id, data)
       select $1, 'evt_' || lpad(n::text, 32, '0'), 'user.updated', 'user', $2, n, 'user', $2, '{}'
       from generate_series(1, 2500) n order by n`,
      [appId, stream],
    );
    const reader = new PollingReader(minibase.url, secretKey);
    await until('all are seen', async () => {
      await reader.poll();
      return reader.seen.length === 2_500;
    });
    expect(faultsOf(reader.seen)).toEqual([]);
  });

  test('that dies in the middle of numbering leaves nothing half done; the next one goes on', async () => {
    const other = await minibase.another();
    const { appId, secretKey } = await anApp(minibase, []);
    const stream = await aStream(minibase, appId, 'shaken');
    const blocker = minibase.database.dataSource.createQueryRunner();
    for (let round = 0; round < 3; round++) {
      await blocker.startTransaction();
      await blocker.query('lock table event_relay in access exclusive mode');
      await announced(minibase, appId, stream, 5);
      // The relay holds its turn and waits for the table: it has seen the events and numbered none.
      const stuck = async () =>
        query<{ pid: number }>(
          `select pid from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock' and query like '%update event_relay%'`,
        );
      await until('a relay is in the middle', async () => (await stuck()).length > 0);
      for (const { pid } of await stuck()) await query('select pg_terminate_backend($1)', [pid]);
      await blocker.rollbackTransaction();
      await numbered();
    }
    await blocker.release();
    const reader = new PollingReader(minibase.url, secretKey);
    while ((await reader.poll()) > 0);
    expect(reader.seen).toHaveLength(15);
    expect(faultsOf(reader.seen)).toEqual([]);
    await other.close();
  });

  test('is the work of workers: a process that only serves the API numbers nothing', async () => {
    const api = await startMinibase({ role: 'api' });
    const { appId, secretKey } = await anApp(api, []);
    const stream = await aStream(api, appId, 'patient');
    await announced(api, appId, stream, 3);
    const reader = new PollingReader(api.url, secretKey);
    expect(await reader.poll()).toBe(0);
    const worker = await api.another({ role: 'worker' });
    await until('the worker has numbered them', async () => {
      await reader.poll();
      return reader.seen.length === 3;
    });
    await worker.close();
    await api.close();
  });

  test('numbers within a second what nobody nudged it for', async () => {
    const { appId } = await anApp(minibase, []);
    const stream = await aStream(minibase, appId, 'quiet');
    await announced(minibase, appId, stream);
    const took = await numbered();
    expect(took).toBeLessThan(2_000);
  });
});
