import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Config } from '../../src/config/config.js';
import { newDataSource } from '../../src/database/data-source.js';
import { Database } from '../../src/database/database.js';
import { BullLanes } from '../../src/queues/bull-lanes.js';
import { MOST_KINDS, queueConnections } from '../../src/queues/connections.js';
import { Buckets, Lanes } from '../../src/queues/lane.js';
import { QueuesModule } from '../../src/queues/queues.module.js';
import { createDatabase, type TestDatabase } from '../support/postgres.js';
import { aLane, aRecorder } from './support/recorder.js';
import { until } from './support/until.js';

const recorder = aRecorder();

@Injectable()
class Domain {
  constructor(
    readonly lanes: Lanes,
    readonly buckets: Buckets,
  ) {
    lanes.declare(recorder.kind);
  }
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** A process of that role, with one domain that declares a lane. */
async function boot(role: 'all' | 'api') {
  const config = { databaseUrl: database.url, redisUrl: undefined, queuePool: undefined, role };
  const db = new Database(await newDataSource({ url: database.url, poolSize: 2 }).initialize());
  const ground = {
    module: class Ground {},
    global: true,
    providers: [
      { provide: Config, useValue: config },
      { provide: Database, useValue: db },
    ],
    exports: [Config, Database],
  };
  @Module({ imports: [ground, QueuesModule], providers: [Domain] })
  class App {}
  const app = await NestFactory.createApplicationContext(App, { logger: false });
  return { app, domain: app.get(Domain), close: () => app.close().then(() => db.dataSource.destroy()) };
}

test('a module declares its lanes when it is made, and they are worked once all are', async () => {
  const { app, domain, close } = await boot('all');
  await domain.lanes.nudge(recorder.kind.name, aLane());
  await until('it runs', () => recorder.ended() === 1);
  expect((await domain.buckets.take(aLane(), { perSecond: 1, burst: 2 }, 3)).taken).toBe(2);
  expect(app.get(BullLanes).boards()[0]?.name).toBe(recorder.kind.name);
  await domain.lanes.ping();
  await close();
  await expect(domain.lanes.ping()).rejects.toThrow('the queues are not open');
});

test('a process of role api only nudges', async () => {
  const { domain, close } = await boot('api');
  const before = recorder.runs.length;
  await domain.lanes.nudge(recorder.kind.name, aLane());
  expect(await domain.lanes.counts()).toContainEqual({ queue: recorder.kind.name, state: 'waiting', count: 1 });
  expect(recorder.runs).toHaveLength(before);
  await close();
});

test('the connections of a process are known before it starts', () => {
  expect(queueConnections({ redisUrl: 'redis://localhost', queuePool: undefined, role: 'all' })).toBe(0);
  expect(queueConnections({ redisUrl: undefined, queuePool: 20, role: 'all' })).toBe(20);
  expect(queueConnections({ redisUrl: undefined, queuePool: undefined, role: 'api' })).toBe(6);
  expect(queueConnections({ redisUrl: undefined, queuePool: undefined, role: 'worker' })).toBe(MOST_KINDS + 6);
});
