import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { AppRecord } from './caller.js';

/** Business time of an app: protocol time, plus what a test app's clock was moved ahead (design decision 14). */
@Injectable()
export class BusinessTime {
  constructor(private readonly clock: Clock) {}

  now({ clockOffset }: Pick<AppRecord, 'clockOffset'>): Date {
    return new Date(this.clock.now().getTime() + clockOffset);
  }
}
