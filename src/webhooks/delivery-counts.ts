import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 60];

/** `GET /metrics`: how deliveries fare. Never by endpoint, of which there are many. */
@Injectable()
export class DeliveryCounts {
  readonly attempts = new Counter({
    name: 'minibase_webhook_attempts_total',
    help: 'Attempts to deliver events by what came of them: succeeded, refused (a status that is no success) or failed.',
    labelNames: ['result'],
    registers: [],
  });
  readonly seconds = new Histogram({
    name: 'minibase_webhook_attempt_seconds',
    help: 'How long endpoints took to answer.',
    buckets: SECONDS,
    registers: [],
  });
  readonly lag = new Histogram({
    name: 'minibase_webhook_first_attempt_seconds',
    help: 'From an event to the first attempt to deliver it.',
    buckets: SECONDS,
    registers: [],
  });
  readonly all = [this.attempts, this.seconds, this.lag];
}
