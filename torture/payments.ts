import { type Played, playOn } from '../test/payments/model/play.js';
import type { Stage } from '../test/payments/model/stage.js';
import type { Misfortune } from './mayhem.js';

export interface PaymentsGame {
  readonly seed: number;
  readonly minutes: number;
}

/** Plays the model of the payments for some minutes and closes the books. Throws the promise that was not kept. */
export async function playPayments(
  stage: Stage,
  { seed, minutes }: PaymentsGame,
  misfortune: Misfortune,
): Promise<PaymentsGame & Played> {
  let until = Infinity;
  const played = await playOn(stage, {
    seed,
    goesOn: () => Date.now() < until,
    opened: () => {
      until = Date.now() + minutes * 60_000;
      misfortune.begin();
    },
    beforeEnd: () => misfortune.end(),
  });
  return { seed, minutes, ...played };
}
