import type { BackendFactory, IQueueBackend, Queue } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { LaneRef } from './lane.js';

export type StoreConnection = Redis | Cluster | Pool;

export type LaneQueue = Queue<LaneRef, void, 'run', LaneRef, void, 'run', IQueueBackend, StoreConnection>;

/** Where the queues live: the one choice between Redis and Postgres. All queues and workers share `connection`. */
export interface QueueStore {
  readonly connection: StoreConnection;
  readonly backend: BackendFactory<IQueueBackend, StoreConnection>;
  /** The namespace of one kind's keys, where the store has keys. */
  prefix(kind: string): string;
  /** Makes the store ready for queues; throws what hinders it. */
  open(): Promise<void>;
  /** Waits until what was opened can be used, as far as a start should wait for it. */
  ready(opening: Promise<unknown>): Promise<void>;
  /** Asks the store for an answer. */
  ping(): Promise<void>;
  /** Ends every connection. Waits for none that hangs. */
  close(): Promise<void>;
}
