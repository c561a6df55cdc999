import { setTimeout as pause } from 'node:timers/promises';

/** The longest pause between two looks; who looks more often keeps busy those who are to do it. */
const MOST_MS = 40;

/**
 * Waits until `holds`; fails with what was expected after `ms`, which is long: a busy machine is no failure. Gives the
 * milliseconds that it took, at most a twentieth more than it really took, or `MOST_MS`.
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 30_000): Promise<number> {
  const start = performance.now();
  while (!(await holds())) {
    const waited = performance.now() - start;
    if (waited > ms) throw new Error(`not within ${ms} ms: ${what}`);
    await pause(Math.min(MOST_MS, Math.max(2, waited / 20)));
  }
  return performance.now() - start;
}
