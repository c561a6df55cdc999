import { newDataSource } from '../../../src/database/data-source.js';
import { Database } from '../../../src/database/database.js';
import { BullLanes } from '../../../src/queues/bull-lanes.js';
import type { Buckets } from '../../../src/queues/lane.js';
import { quietly } from '../../../src/queues/log.js';
import { PostgresBuckets } from '../../../src/queues/postgres-buckets.js';
import { RedisBuckets } from '../../../src/queues/redis-buckets.js';
import { RedisStore } from '../../../src/queues/redis-store.js';

/** What one process of Minibase has: declare kinds, then `lanes.start()`. */
export interface Process {
  readonly lanes: BullLanes;
  readonly buckets: Buckets;
  close(): Promise<void>;
}

export interface ProcessOptions {
  readonly databaseUrl: string;
  readonly redisUrl?: string | undefined;
  readonly queuePool?: number;
  readonly work?: boolean;
  readonly log?: (line: string) => void;
}

export async function openProcess(options: ProcessOptions): Promise<Process> {
  const { databaseUrl, redisUrl, queuePool, work = true, log: report = () => undefined } = options;
  const dataSource = await newDataSource({ url: databaseUrl, poolSize: 4 }).initialize();
  const db = new Database(dataSource);
  const log = { warn: report, error: report };
  const redis = redisUrl ? new RedisStore(redisUrl, 'test', quietly(log)) : undefined;
  const lanes = new BullLanes({ redis, databaseUrl, queuePool, work, log }, db);
  const buckets = redis ? new RedisBuckets(redis.connection, 'test') : new PostgresBuckets(db);
  const close = async (): Promise<void> => {
    await lanes.close();
    await dataSource.destroy();
  };
  return { lanes, buckets, close };
}
