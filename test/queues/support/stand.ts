import { Redis } from 'ioredis';
import { Client } from 'pg';
import { createDatabase } from '../../support/postgres.js';
import { Outage } from './outage.js';
import { openProcess, type Process, type ProcessOptions } from './process.js';
import { startRedis } from './redis-server.js';

/** Where lanes run in a test: a store that can be cut off, emptied and asked for its connections. */
export interface Stand {
  /** Where a child process finds the store. */
  readonly address: { databaseUrl: string; redisUrl?: string };
  /** The line between the lanes and their store. */
  readonly line: Outage;
  /** What the lanes reported. */
  readonly log: string[];
  process(over?: Partial<ProcessOptions>): Promise<Process>;
  /** Empties the queues, as when the store has lost its data. */
  wipe(): Promise<void>;
  /** Connections that lanes have open at the store. */
  connections(): Promise<number>;
  /** Ends the processes of a test and forgets what they left behind. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

interface Store {
  readonly line: Outage;
  readonly address: { databaseUrl: string; redisUrl?: string };
  wipe(): Promise<void>;
  connections(): Promise<number>;
  close: () => Promise<void>;
}

export const onRedis = () => stand(redisStore);
export const onPostgres = () => stand(postgresStore);

async function stand(open: () => Promise<Store>): Promise<Stand> {
  const { close, ...store } = await open();
  const processes: Process[] = [];
  const log: string[] = [];
  const clear = async (): Promise<void> => {
    await Promise.all(processes.splice(0).map((one) => one.close()));
    await store.wipe();
    log.length = 0;
  };
  return {
    ...store,
    log,
    clear,
    process: async (over = {}) => {
      const one = await openProcess({ ...store.address, log: (line) => log.push(line), ...over });
      processes.push(one);
      return one;
    },
    close: async () => {
      await clear();
      await close();
    },
  };
}

async function redisStore(): Promise<Store> {
  const database = await createDatabase();
  const server = await startRedis();
  const line = await Outage.to('127.0.0.1', server.port);
  const admin = new Redis(server.port);
  return {
    line,
    address: { databaseUrl: database.url, redisUrl: `redis://127.0.0.1:${line.port}` },
    wipe: async () => {
      await admin.flushall();
    },
    connections: async () =>
      String(await admin.client('LIST'))
        .trim()
        .split('\n').length - 1,
    close: async () => {
      await line.cut();
      admin.disconnect();
      await server.stop();
      await database.drop();
    },
  };
}

async function postgresStore(): Promise<Store> {
  const database = await createDatabase();
  const direct = new URL(database.url);
  const line = await Outage.to(direct.hostname, Number(direct.port));
  const proxied = new URL(database.url);
  proxied.port = String(line.port);
  const admin = new Client(database.url);
  await admin.connect();
  const count = async (sql: string): Promise<number> => Number((await admin.query<{ n: string }>(sql)).rows[0]?.n);
  return {
    line,
    address: { databaseUrl: proxied.toString() },
    wipe: async () => {
      const tables = `select count(*) as n from pg_tables where schemaname = 'bullmq'`;
      if (await count(tables))
        await admin.query('truncate bullmq.job, bullmq.dedup, bullmq.dedup_next, bullmq.meta, bullmq.event cascade');
    },
    connections: () =>
      count(`select count(*) as n from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and application_name <> 'minibase'`),
    close: async () => {
      await line.cut();
      await admin.end();
      await database.drop();
    },
  };
}
