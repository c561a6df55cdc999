import { setTimeout as delay } from 'node:timers/promises';

/** Asks again and again until the answer is neither false nor nothing, and gives it. */
export async function until<T>(what: string, ask: () => T | Promise<T>, patienceMs = 45_000): Promise<NonNullable<T>> {
  for (const giveUp = Date.now() + patienceMs; Date.now() < giveUp; await delay(20)) {
    const answer = await ask();
    if (answer) return answer;
  }
  throw new Error(`waited ${patienceMs} ms in vain until ${what}`);
}
