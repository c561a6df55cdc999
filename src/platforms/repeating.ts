import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformError } from './errors.js';

/** Milliseconds after which no further try is begun: whoever waits for a login has better things to do. */
const PATIENCE = 3_000;

/** 200 to 500 ms, so that repeats of many calls do not come together. */
export const shortPause = (): Promise<void> => sleep(200 + Math.random() * 300);

/**
 * Makes a call that does no harm when made twice (a login code, a token, a question; never money or a message), and
 * repeats it after 200 to 500 ms as often as its error advises. Throws the last error.
 */
export async function repeating<T>(call: () => Promise<T>): Promise<T> {
  const started = performance.now();
  for (let failures = 0; ; failures++) {
    try {
      return await call();
    } catch (error) {
      if (failures >= repeatsOf(error) || performance.now() - started > PATIENCE) throw error;
    }
    await shortPause();
  }
}

function repeatsOf(error: unknown): number {
  if (!(error instanceof PlatformError)) return 0;
  // A lost answer to a login is best asked for again: at worst the platform calls the code used, and the client logs in anew.
  return error.problem === 'platform_unknown' ? 1 : error.repeats;
}
