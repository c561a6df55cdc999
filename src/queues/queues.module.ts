import {
  Global,
  Injectable,
  Logger,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Config } from '../config/config.js';
import { Database } from '../database/database.js';
import { BullLanes } from './bull-lanes.js';
import { Buckets, Lanes } from './lane.js';
import { quietly } from './log.js';
import { PostgresBuckets } from './postgres-buckets.js';
import { RedisBuckets } from './redis-buckets.js';
import { RedisStore } from './redis-store.js';

/** The prefix of our keys in Redis. */
const NAME = 'minibase';
const log = new Logger('Queues');
const REDIS = Symbol('redis');

/** Opens the lanes once every module has declared its kinds; requests that are being answered at the end still nudge. */
@Injectable()
class LanesLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(private readonly lanes: BullLanes) {}

  onApplicationBootstrap(): Promise<void> {
    return this.lanes.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.lanes.stopWorking();
  }

  onApplicationShutdown(): Promise<void> {
    return this.lanes.close();
  }
}

/** `Lanes` and `Buckets` for the domains; `BullLanes` also for the metrics and the queue board. */
@Global()
@Module({
  providers: [
    {
      provide: REDIS,
      inject: [Config],
      useFactory: ({ redisUrl }: Config) => (redisUrl ? new RedisStore(redisUrl, NAME, quietly(log)) : undefined),
    },
    {
      provide: BullLanes,
      inject: [Config, Database, REDIS],
      useFactory: ({ role, databaseUrl, queuePool }: Config, db: Database, redis?: RedisStore) =>
        new BullLanes({ redis, databaseUrl, queuePool, work: role !== 'api', log }, db),
    },
    { provide: Lanes, useExisting: BullLanes },
    {
      provide: Buckets,
      inject: [Database, REDIS],
      useFactory: (db: Database, redis?: RedisStore) =>
        redis ? new RedisBuckets(redis.connection, NAME) : new PostgresBuckets(db),
    },
    LanesLifecycle,
  ],
  exports: [Lanes, Buckets, BullLanes],
})
export class QueuesModule {}
