import pg from 'pg';
import { QuietHours } from '../../src/notifications/quiet-hours.js';
import { createDatabase, type TestDatabase } from '../support/postgres.js';

describe('the time zone of quiet hours', () => {
  let database: TestDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    database = await createDatabase();
    client = new pg.Client(database.url);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  const isTaken = (timeZone: string) => QuietHours.safeParse({ from: '22:00', to: '08:00', timeZone }).success;

  test('is one that the database, which reckons with it, knows too', async () => {
    const names = [...Intl.supportedValuesOf('timeZone'), 'UTC', 'asia/shanghai', 'PRC', 'Etc/GMT-8'].filter(isTaken);
    expect(names.length).toBeGreaterThan(300);
    for (const name of names) await client.query('select now() at time zone $1', [name]);
  });

  test.each(['', 'Nowhere/City', '+08:00', '-0800', 'GMT+8', '08:00'])('is never %j', (name) => {
    expect(isTaken(name)).toBe(false);
  });
});
