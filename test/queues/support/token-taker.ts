import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Pace } from '../../../src/queues/lane.js';
import { openProcess, type ProcessOptions } from './process.js';

/** Tokens that were given at some moment between two readings of the machine's monotonic clock, in milliseconds. */
export interface Grant {
  readonly after: number;
  readonly before: number;
  readonly tokens: number;
}

export interface TakerTask {
  readonly pace: Pace;
  readonly milliseconds: number;
}

const now = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

// Takes from one bucket as fast as it can, a few tokens at a time, from when its parent says so, and reports its grants.
const { pace, milliseconds, ...options } = JSON.parse(process.env['CHILD'] ?? '{}') as ProcessOptions & TakerTask;
const self = await openProcess({ ...options, work: false });
process.send?.('ready');
await once(process, 'message');
const grants: Grant[] = [];
for (const end = now() + milliseconds; now() < end;) {
  const after = now();
  const taking = self.buckets.take({ appId: 'app_1', lane: 'account' }, pace, 1 + (grants.length % 3));
  const { taken, retryAt } = await taking;
  if (taken > 0) grants.push({ after, before: now(), tokens: taken });
  else await pause(Math.max(0, retryAt.getTime() - Date.now()));
}
process.send?.(grants);
await self.close();
process.disconnect();
