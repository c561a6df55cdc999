import type { BackendFactory, IQueueBackend, Queue } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { LaneRef } from './lane.js';

export type StoreConnection = Redis | Cluster | Pool;

/** When the lane wants to run again, in milliseconds since 1970, or null. */
export type Again = number | null;

export type LaneQueue = Queue<LaneRef, Again, 'run', LaneRef, Again, 'run', IQueueBackend, StoreConnection>;

/** Where the queues live: the one choice between Redis and Postgres. All queues and workers share `connection`. */
export interface QueueStore {
  readonly connection: StoreConnection;
  readonly backend: BackendFactory<IQueueBackend, StoreConnection>;
  /** The namespace of one kind's keys, where the store has keys. */
  prefix(kind: string): string;
  /** Makes the store ready for queues; throws what hinders it. */
  open(): Promise<void>;
  /** Asks the store for an answer. */
  ping(): Promise<void>;
  /** Ends every connection. Waits for none that hangs. */
  close(): Promise<void>;
}
