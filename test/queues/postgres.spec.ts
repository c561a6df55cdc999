import { Client } from 'pg';
import { migrateQueues } from '../../src/queues/postgres-store.js';
import { createDatabase } from '../support/postgres.js';
import { behavesLikeLanes } from './conformance/all.js';
import { aRecorder } from './support/recorder.js';
import { onPostgres, type Stand } from './support/stand.js';

describe('lanes on Postgres', () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await onPostgres();
  });
  afterAll(() => stand.close());

  behavesLikeLanes(() => stand, {
    api: { least: 1, most: 6 },
    worker: (kinds) => ({ least: kinds + 1, most: kinds + 6 }),
  });

  test('processes that start at once bring the schema up to date together', async () => {
    const database = await createDatabase('template1');
    await Promise.all(Array.from({ length: 6 }, () => migrateQueues(database.url)));
    const client = new Client(database.url);
    await client.connect();
    const { rows } = await client.query('select version from bullmq.migration order by version');
    expect(rows).toEqual(Array.from({ length: 11 }, (_, i) => ({ version: i + 1 })));
    await client.end();
    await database.drop();
  });

  test('where the schema cannot be created, one line says what to do', async () => {
    const database = await createDatabase('template1');
    const url = new URL(database.url);
    url.searchParams.set('options', '-c default_transaction_read_only=on');
    await expect(migrateQueues(url.toString())).rejects.toMatchObject({
      name: 'StartError',
      line: expect.stringContaining('may not create the schema bullmq') as string,
    });
    await database.drop();
  });

  test('a pool that its workers would fill is refused by the name of its variable', async () => {
    const { lanes } = await stand.process({ queuePool: 3 });
    for (let i = 0; i < 2; i += 1) lanes.declare(aRecorder().kind);
    await expect(lanes.start()).rejects.toMatchObject({
      name: 'StartError',
      line: expect.stringMatching(/^QUEUE_POOL is 3, but 2 workers need at least 4/) as string,
    });
  });
});
