import { deliver, type DeliverySample, warmUp } from './deliveries.js';
import { empty, fill } from './deliveries-rows.js';
import { order, type DeliveryStand } from './deliveries-stand.js';
import type { Options } from './options.js';

/** Who else is there besides the nine endpoints that answer. */
export const TENTHS = ['answers', 'hangs', 'none'] as const;
export type Tenth = (typeof TENTHS)[number];
/** What the nine endpoints got, with each kind of tenth. */
export type HangingRound = Readonly<Record<Tenth, DeliverySample>>;

/**
 * Our side only: what nine endpoints receive a second beside a tenth that answers, beside one that never does, and
 * without one. Three kinds of windows in turns.
 */
export async function measureHanging(stand: DeliveryStand, options: Options): Promise<HangingRound[]> {
  const events = await warmUp(stand, stand.ours, options);
  const rounds: HangingRound[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const found: Partial<Record<Tenth, DeliverySample>> = {};
    for (let turn = 0; turn < TENTHS.length; turn++) {
      const tenth = TENTHS[(round + turn) % TENTHS.length]!;
      found[tenth] = await beside(stand, tenth, events);
    }
    rounds.push(found as HangingRound);
  }
  return rounds;
}

async function beside(stand: DeliveryStand, tenth: Tenth, events: number): Promise<DeliverySample> {
  const { ours, receiver } = stand;
  const last = ours.endpointIds.length - 1;
  const endpointIds = tenth === 'none' ? ours.endpointIds.slice(0, last) : ours.endpointIds;
  await order(receiver, { hanging: tenth === 'hangs' ? last : null });
  await fill(ours.side, endpointIds, events);
  const sample = await deliver(stand, { ...ours, endpointIds }, last, events * last);
  // What hangs is answered now, so that nothing of it is left for the next window.
  await order(receiver, { hanging: null });
  await empty(ours.side);
  return sample;
}
