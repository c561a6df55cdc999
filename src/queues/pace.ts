import type { Pace } from './lane.js';

/** Microseconds from one token to the next, in whole ones and never too few: a pace is at most that much slower. */
export const intervalOf = ({ perSecond }: Pace): number => Math.ceil(1_000_000 / perSecond);

/** A moment on this machine's clock, after a wait in microseconds by the store's: the two clocks may differ. */
export const retryIn = (microseconds: number): Date =>
  new Date(Date.now() + Math.ceil(Math.max(0, microseconds) / 1_000));
