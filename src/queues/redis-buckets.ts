import type { Cluster, Redis } from 'ioredis';
import { Buckets, type LaneRef, type Pace } from './lane.js';
import { intervalOf, retryIn } from './pace.js';
import { within } from './within.js';

const PATIENCE_MS = 2_000;

/** GCRA in whole microseconds, exact in a double; gives the tokens taken and how long the next one takes. */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local tat = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
local free = math.floor((burst * interval - (tat - now)) / interval)
local taken = math.max(0, math.min(wanted, free))
if taken > 0 then
  tat = tat + taken * interval
  redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000) + 1)
end
return { taken, tat + interval - burst * interval - now }`;

/** Buckets in Redis: one script, by Redis' own clock. Those that are full again vanish. */
export class RedisBuckets extends Buckets {
  constructor(
    private readonly redis: Redis | Cluster,
    private readonly prefix: string,
  ) {
    super();
  }

  /** Rejects when Redis does not answer within two seconds. */
  override async take({ appId, lane }: LaneRef, pace: Pace, wanted: number) {
    const key = `${this.prefix}:bucket:${appId}/${lane}`;
    const asking = this.redis.eval(TAKE, 1, key, intervalOf(pace), pace.burst, wanted) as Promise<[number, number]>;
    const [taken, wait] = await within(PATIENCE_MS, asking, () => {
      throw new Error('Redis does not answer');
    });
    return { taken, retryAt: retryIn(wait) };
  }
}
