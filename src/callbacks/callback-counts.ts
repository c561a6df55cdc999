import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';

/** `GET /metrics`: what came to our callback addresses, by platform and result. Forged ones show here and in the log. */
@Injectable()
export class CallbackCounts {
  readonly counter = new Counter({
    name: 'minibase_callbacks_total',
    help: 'Callbacks of platforms by what became of them: settled, repeated, parked, ignored, failed, or why not believed.',
    labelNames: ['platform', 'result'],
    registers: [],
  });

  add(platform: string, result: string): void {
    this.counter.inc({ platform, result });
  }
}
