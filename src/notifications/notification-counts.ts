import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600];

/** `GET /metrics`: how sending fares. Never by account, template or user. */
@Injectable()
export class NotificationCounts {
  readonly sends = new Counter({
    name: 'minibase_notification_sends_total',
    help: 'Messages handed to platforms by what came of it: sent, refused, failed, unknown or later.',
    labelNames: ['platform', 'result'],
    registers: [],
  });
  readonly lag = new Histogram({
    name: 'minibase_notification_lag_seconds',
    help: 'From when a message could go out to its first handing over. Broadcasts wait for their turn.',
    labelNames: ['priority'],
    buckets: SECONDS,
    registers: [],
  });
}
