import { until } from '../queues/support/until.js';
import { anApp } from '../support/client.js';
import { eventsOf } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Lanes } from '../../src/queues/lane.js';
import { Webhooks } from './support/endpoints.js';
import { Receiver } from './support/receiver.js';

describe('old events', () => {
  let minibase: Minibase;
  let hooks: Webhooks;
  let receiver: Receiver;
  beforeAll(async () => {
    minibase = await startMinibase({ eventRetentionDays: 30 });
    hooks = new Webhooks(minibase, await anApp(minibase, []));
    receiver = await Receiver.start();
  });
  afterAll(async () => {
    await minibase.close();
    await receiver.close();
  });

  const count = async (table: string) => {
    const [row] = await minibase.database.dataSource.query<{ count: string }[]>(
      `select count(*) from ${table} where app_id = $1`,
      [hooks.app.appId],
    );
    return Number(row?.count);
  };
  const counts = async () => [
    await count('events'),
    await count('webhook_deliveries'),
    await count('webhook_attempts'),
  ];
  const sweep = () => minibase.app.get(Lanes).nudge('events', { appId: hooks.app.appId, lane: 'events' });

  test('are forgotten with their deliveries and attempts, and young ones are not', async () => {
    await hooks.endpoint(receiver.url);
    const old = await hooks.happen(300);
    await receiver.until(300);
    await until('all is written', async () => (await counts()).join() === '300,300,300');
    await sweep();
    // As if they had been made a month ago: the time is in their ids.
    const back = (31 * 24 * 3_600_000).toString();
    const shifted = (column: string) =>
      `substr(${column}, 1, 4) || lpad(to_hex(('x' || substr(${column}, 5, 12))::bit(48)::bigint - ${back}), 12, '0') || substr(${column}, 17)`;
    const { dataSource } = minibase.database;
    await dataSource.query(`update webhook_attempts set delivery_id = ${shifted('delivery_id')}`);
    await dataSource.query(`update webhook_deliveries set id = ${shifted('id')}, event_id = ${shifted('event_id')}`);
    await dataSource.query(`update events set id = ${shifted('id')}`);
    await hooks.happen(2);
    await receiver.until(302);
    await until('all is written', async () => (await count('webhook_attempts')) === 302);
    await sweep();
    await until('the old ones are gone', async () => (await counts()).join() === '2,2,2');
    const left = await eventsOf(minibase, hooks.app.secretKey);
    expect(left.map(({ stream }) => stream.id)).not.toContain(old);
  });

  test('do not keep others waiting while they go: nothing else is locked', async () => {
    const blocker = minibase.database.dataSource.createQueryRunner();
    await blocker.startTransaction();
    const [held] = await blocker.query('select id from events where app_id = $1 limit 1 for update', [hooks.app.appId]) as { id: string }[]; // prettier-ignore
    minibase.clock.advance({ days: 31 });
    await sweep();
    await until('the others are gone', async () => (await count('events')) === 1);
    await hooks.happen();
    await until('new ones come', async () => (await count('events')) === 2);
    await blocker.commitTransaction();
    await blocker.release();
    expect(held?.id).toMatch(/^evt_/);
  });
});
