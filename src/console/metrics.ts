import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { CallbackCounts } from '../callbacks/callback-counts.js';
import { Database } from '../database/database.js';
import { NotificationCounts } from '../notifications/notification-counts.js';
import { type PlatformCall, PlatformCallObserver } from '../platforms/platform-http.js';
import { Lanes } from '../queues/lane.js';
import { DeliveryCounts } from '../webhooks/delivery-counts.js';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What `/metrics` shows. Labels are routes, platforms and results; never ids. */
@Injectable()
export class Metrics extends PlatformCallObserver {
  readonly registry = new Registry();
  readonly #requests = new Histogram({
    name: 'minibase_http_request_seconds',
    help: 'HTTP requests by route, method and status.',
    labelNames: ['route', 'method', 'status'],
    buckets: SECONDS,
    registers: [this.registry],
  });
  readonly #timers = new Map<string, Histogram.Internal<string>>();
  readonly #platformCalls = new Histogram({
    name: 'minibase_platform_call_seconds',
    help: 'Calls to platforms by platform, operation and outcome.',
    labelNames: ['platform', 'operation', 'outcome'],
    buckets: SECONDS,
    registers: [this.registry],
  });

  constructor(
    db: Database,
    lanes: Lanes,
    callbacks: CallbackCounts,
    deliveries: DeliveryCounts,
    notifications: NotificationCounts,
  ) {
    super();
    this.registry.registerMetric(callbacks.counter);
    for (const metric of deliveries.all) this.registry.registerMetric(metric);
    this.registry.registerMetric(notifications.sends);
    this.registry.registerMetric(notifications.lag);
    collectDefaultMetrics({ register: this.registry });
    const registers = [this.registry];
    new Gauge({
      name: 'minibase_database_connections',
      help: 'Connections of this process by state.',
      labelNames: ['state'],
      registers,
      collect() {
        this.set({ state: 'open' }, db.pool.totalCount);
        this.set({ state: 'idle' }, db.pool.idleCount);
        this.set({ state: 'waiting' }, db.pool.waitingCount);
      },
    });
    new Gauge({
      name: 'minibase_queue_jobs',
      help: 'Nudges by queue and state.',
      labelNames: ['queue', 'state'],
      registers,
      async collect() {
        // Queues that do not answer leave a gap in the curve, not a scrape that fails.
        const counts = await lanes.counts().catch(() => []);
        for (const { queue, state, count } of counts) this.set({ queue, state }, count);
      },
    });
    new Counter({ name: 'minibase_up', help: '1 while the process runs.', registers }).inc();
  }

  override onCall({ platform, operation, outcome, seconds }: PlatformCall): void {
    this.#platformCalls.observe({ platform, operation, outcome }, seconds);
  }

  /** Times every request of a server. */
  watch(server: FastifyInstance): void {
    server.addHook('onResponse', (request, reply, done) => {
      this.#timerOf(request.routeOptions.url ?? 'none', request.method, reply.statusCode).observe(
        reply.elapsedTime / 1000,
      );
      done();
    });
  }

  /** Kept, as looking labels up anew costs more than counting. Routes, methods and statuses are few. */
  #timerOf(route: string, method: string, status: number): Histogram.Internal<string> {
    const key = `${status} ${method} ${route}`;
    let timer = this.#timers.get(key);
    if (!timer) this.#timers.set(key, (timer = this.#requests.labels({ route, method, status })));
    return timer;
  }
}
