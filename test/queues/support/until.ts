import { setTimeout as pause } from 'node:timers/promises';

/** Waits until `holds`; fails with what was expected after `ms`. Gives the milliseconds it took. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<number> {
  const start = performance.now();
  while (!(await holds())) {
    if (performance.now() - start > ms) throw new Error(`not within ${ms} ms: ${what}`);
    await pause(5);
  }
  return performance.now() - start;
}
