import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { DomainError } from '../common/errors.js';
import { problem } from '../common/problems.js';
import { Config } from '../config/config.js';
import { Database } from '../database/database.js';
import { connectRedis } from '../queues/redis-store.js';
import { within } from '../queues/within.js';

/** Who may ask how often. `points` in each window of `seconds`. */
export const LIMITS = {
  /** All calls of one app's secret keys together. */
  app: { points: 5_000, seconds: 1 },
  /** One user's mini-programs. */
  user: { points: 300, seconds: 10 },
  /** Logins from one address: people behind one carrier's address share it. */
  loginByAddress: { points: 300, seconds: 60 },
  /** Refused codes from one address: a client that guesses or replays is slowed down long before it finds one. */
  refusedCodes: { points: 30, seconds: 600 },
} as const;
export type Limit = keyof typeof LIMITS;

/** A store that has not answered by then is left alone for a while; a request must not wait for its limit. */
const PATIENCE_MS = 1_000;
const REST_MS = 1_000;

/** Points that a process takes from the shared store at a time, so that most requests ask nobody. */
const SHARE = 20;

interface Share {
  points: number;
  until: number;
  /** While a new share is being taken. */
  taking?: Promise<void>;
}

/**
 * Fixed windows, counted in Redis when there is one, else in Postgres when other processes share the limits, else in
 * memory. A store that does not answer lets the request pass: a limit is no reason to be down.
 */
@Injectable()
export class RateLimits implements OnApplicationShutdown {
  readonly #redis: ReturnType<typeof connectRedis> | undefined;
  readonly #limiters: Readonly<Record<Limit, RateLimiterAbstract>>;
  readonly #shares = new Map<string, Share>();
  readonly #inMemory: boolean;
  #restUntil = 0;

  constructor({ redisUrl, sharedLimits }: Config, db: Database) {
    this.#inMemory = !redisUrl && !sharedLimits;
    // A command fails at once while Redis is away, instead of waiting for it to come back.
    this.#redis = redisUrl ? connectRedis(redisUrl, { maxRetriesPerRequest: 0 }) : undefined;
    this.#redis?.on('error', () => undefined); // the queues report the same
    const limiter = (name: Limit) => this.#limiter(name, db);
    this.#limiters = {
      app: limiter('app'),
      user: limiter('user'),
      loginByAddress: limiter('loginByAddress'),
      refusedCodes: limiter('refusedCodes'),
    };
  }

  onApplicationShutdown(): void {
    this.#redis?.disconnect();
  }

  /** Counts one call of `who`. Throws `rate_limited` with `Retry-After` when the window is used up. */
  async take(limit: Limit, who: string): Promise<void> {
    if (!this.#inMemory) return this.#takeShared(limit, who);
    await this.#consume(limit, who, 1);
  }

  /** Throws `rate_limited` when `who` has used up the window, without counting. */
  async check(limit: Limit, who: string): Promise<void> {
    const used = await this.#ask(() => this.#limiters[limit].get(who));
    if (used && used.consumedPoints >= LIMITS[limit].points) throw limited(limit, used);
  }

  async #takeShared(limit: Limit, who: string): Promise<void> {
    const key = `${limit} ${who}`;
    for (;;) {
      const share = this.#shares.get(key);
      if (share && share.points > 0 && share.until > Date.now()) {
        share.points -= 1;
        return;
      }
      // One asks for all: requests at the same moment must not each take a share.
      await (share?.taking ?? this.#takeShare(key, limit, who));
      if (!this.#shares.has(key)) return; // the store does not answer, so nobody is limited
    }
  }

  #takeShare(key: string, limit: Limit, who: string): Promise<void> {
    const points = Math.max(1, Math.floor(LIMITS[limit].points / SHARE));
    const taking = this.#consume(limit, who, points)
      .then((window) => {
        if (window) this.#shares.set(key, { points, until: Date.now() + window.msBeforeNext });
        else this.#shares.delete(key);
      })
      .catch((refusal: unknown) => {
        this.#shares.delete(key);
        throw refusal;
      });
    if (this.#shares.size > 10_000) this.#shares.clear();
    this.#shares.set(key, { points: 0, until: 0, taking });
    return taking;
  }

  #consume(limit: Limit, who: string, points: number): Promise<RateLimiterRes | undefined> {
    return this.#ask(() =>
      this.#limiters[limit].consume(who, points).catch((refusal: unknown) => {
        throw refusal instanceof RateLimiterRes ? limited(limit, refusal) : refusal;
      }),
    );
  }

  /** What the store says; undefined while it does not answer. Throws only `rate_limited`. */
  async #ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    if (Date.now() < this.#restUntil) return undefined;
    try {
      return await within(PATIENCE_MS, question(), () => {
        throw new Error('the store of the limits does not answer');
      });
    } catch (error) {
      if (error instanceof DomainError) throw error;
      this.#restUntil = Date.now() + REST_MS;
      return undefined;
    }
  }

  #limiter(name: Limit, db: Database): RateLimiterAbstract {
    const { points, seconds } = LIMITS[name];
    const common = { points, duration: seconds, keyPrefix: `minibase-${name}` };
    if (this.#redis) return new RateLimiterRedis({ ...common, storeClient: this.#redis, rejectIfRedisNotReady: true });
    if (this.#inMemory) return new RateLimiterMemory(common);
    return new RateLimiterPostgres({
      ...common,
      storeClient: db.pool,
      tableName: 'rate_limits',
      tableCreated: true,
      clearExpiredByTimeout: true,
    });
  }
}

function limited(limit: Limit, { msBeforeNext }: RateLimiterRes) {
  const retryAfter = Math.max(1, Math.ceil(msBeforeNext / 1000));
  const { points, seconds } = LIMITS[limit];
  return problem('rate_limited', `More than ${points} calls in ${seconds} s; wait ${retryAfter} s.`, {
    retryAfter,
    limit: points,
  });
}
