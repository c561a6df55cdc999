import { createHmac } from 'node:crypto';
import { Pool } from 'undici';
import type { Run } from './database.js';
import { post, type Answer } from './deliveries-http.js';
import { CLAIM, ENDPOINTS, RECORD } from './deliveries-sql.js';

interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
}

interface Claimed {
  readonly id: string;
  readonly eventId: string;
  readonly type: string;
  readonly happenedAt: Date;
  readonly data: object;
}

interface Result extends Answer {
  readonly id: string;
  readonly at: Date;
  readonly durationMs: number;
  readonly succeeded: boolean;
}

const IN_FLIGHT = 32;
const BATCH = 100;
const LEASE_MS = 30_000;
const RETRY_MS = 5_000;

/** Claims in batches, one batch ahead of what it sends, signs, posts and writes results together. */
export class Deliverer {
  readonly #pools = new Map<string, Pool>();
  #results: Result[] = [];
  #writing: Promise<void> | undefined;

  constructor(
    private readonly appId: string,
    private readonly run: Run,
  ) {}

  /** Resolves when nothing is due at these endpoints any more, and all is written. */
  async deliver(endpointIds: readonly string[]): Promise<void> {
    const endpoints = await this.run<Endpoint & Record<string, unknown>>(ENDPOINTS, [this.appId, endpointIds]);
    await Promise.all(endpoints.map((endpoint) => this.#drain(endpoint)));
    await this.#writing;
  }

  async #drain(endpoint: Endpoint): Promise<void> {
    const { origin, pathname } = new URL(endpoint.url);
    const key = Buffer.from(endpoint.secret.slice('whsec_'.length), 'base64');
    const pool = this.#poolOf(origin);
    let inFlight = 0;
    let wake: (() => void) | undefined;
    const change = (): Promise<void> => new Promise((resolve) => (wake = resolve));
    const send = async (delivery: Claimed): Promise<void> => {
      inFlight++;
      await this.#send(pool, pathname, key, delivery);
      inFlight--;
      wake?.();
    };
    let next = this.#claim(endpoint);
    for (let batch = await next; batch.length > 0; batch = await next) {
      next = this.#claim(endpoint);
      for (const delivery of batch) {
        if (inFlight >= IN_FLIGHT) await change();
        void send(delivery);
      }
    }
    while (inFlight > 0) await change();
  }

  #poolOf(origin: string): Pool {
    let pool = this.#pools.get(origin);
    if (!pool) this.#pools.set(origin, (pool = new Pool(origin, { connections: IN_FLIGHT })));
    return pool;
  }

  #claim({ id }: Endpoint): Promise<Claimed[]> {
    const now = Date.now();
    const values = [this.appId, id, new Date(now), new Date(now + LEASE_MS), BATCH];
    return this.run<Claimed & Record<string, unknown>>(CLAIM, values);
  }

  async #send(pool: Pool, path: string, key: Buffer, delivery: Claimed): Promise<void> {
    const { id, eventId, type, happenedAt, data } = delivery;
    const at = new Date();
    const started = performance.now();
    const body = JSON.stringify({ type, timestamp: happenedAt.toISOString(), data });
    const timestamp = String(Math.floor(at.getTime() / 1_000));
    const signature = createHmac('sha256', key).update(`${eventId}.${timestamp}.${body}`).digest('base64');
    const answer = await post(pool, path, body, {
      'content-type': 'application/json',
      'user-agent': 'Bare/1.0',
      'webhook-id': eventId,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    });
    const succeeded = answer.status !== null && answer.status >= 200 && answer.status < 300 && answer.error === null;
    this.#results.push({ ...answer, id, at, durationMs: Math.round(performance.now() - started), succeeded });
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
  }

  /** Those that end while one statement runs go together in the next one. */
  async #write(): Promise<void> {
    await new Promise(setImmediate);
    while (this.#results.length > 0) {
      const results = this.#results;
      this.#results = [];
      const now = Date.now();
      await this.run(RECORD, [this.appId, JSON.stringify(results), new Date(now), new Date(now + RETRY_MS)]);
    }
  }
}
