import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/database.js';
import { Cycle } from './cycle.js';
import { Ending } from './ending.js';
import type { SubscriptionRow } from './rows.js';
import type { Situation } from './situations.js';
import { SubscriptionBook } from './subscription-book.js';

/** The beginning of a subscription for which nothing is to be paid now. */
@Injectable()
export class TrialStart {
  constructor(
    private readonly book: SubscriptionBook,
    private readonly cycle: Cycle,
    private readonly ending: Ending,
  ) {}

  /** One beside another one to the same product does not begin. The subscription is locked. */
  async start(tx: Tx, row: SubscriptionRow, situation: Situation): Promise<void> {
    if (await this.book.isTaken(tx, row)) await this.ending.expire(tx, situation.app, row);
    else await this.cycle.beginTrial(tx, row, situation, situation.now);
  }
}
