import { type Played, playOn } from '../test/subscriptions/model/play.js';
import type { Stage } from '../test/payments/model/stage.js';
import type { Misfortune } from './mayhem.js';

export interface SubscriptionsGame {
  readonly seed: number;
  /** Subscriptions in all. */
  readonly count: number;
  /** Of business time. */
  readonly days: number;
}

/** Lets subscriptions live for years while everything is killed. Throws the promise that was not kept. */
export function playSubscriptions(
  stage: Stage,
  { seed, count, days }: SubscriptionsGame,
  misfortune: Misfortune,
): Promise<Played> {
  return playOn(stage, {
    ...{ seed, count, days },
    opened: () => misfortune.begin(),
    beforeEnd: () => misfortune.end(),
    tell: (line) => void process.stderr.write(`${line}\n`),
  });
}
