import { setTimeout as pause } from 'node:timers/promises';
import { serverOf } from '../test/embedded/support/processes.js';
import type { World } from './world.js';

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A game that is over is not kept waiting. */
const LOOK_MS = 100;

/** What is killed, and how that is done; it runs again when the promise is kept. */
type Victim = [name: string, kill: () => Promise<void>];

/** What goes wrong while a game is played. */
export interface Misfortune {
  /** From now on anything may be killed. */
  begin(): void;
  /** When it returns, everything runs again. */
  end(): Promise<void>;
}

/** Milliseconds from the moment at which everything runs until the next thing is killed. */
export interface Rest {
  readonly least: number;
  readonly most: number;
}

/** Kills one thing after another, and starts it again, until it is told to end. */
export class Mayhem implements Misfortune {
  readonly kills: Record<string, number> = {};
  readonly #deck: Victim[] = [];
  #over = false;
  #working: Promise<void> | undefined;

  constructor(
    private readonly world: World,
    private readonly random: () => number,
    private readonly rest: Rest,
  ) {}

  begin(): void {
    this.#working = this.#work();
    this.#working.catch(() => undefined); // `end` tells
  }

  async end(): Promise<void> {
    this.#over = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    const { least, most } = this.rest;
    while (!this.#over) {
      const until = performance.now() + least + this.random() * (most - least);
      while (!this.#over && performance.now() < until) await pause(LOOK_MS);
      if (this.#over) return;
      const [what, kill] = this.#next();
      this.kills[what] = (this.kills[what] ?? 0) + 1;
      await kill();
    }
  }

  /** Everything has its turn before anything has it again, so that a short game misses nothing. */
  #next(): Victim {
    if (this.#deck.length === 0) {
      const { apis, workers, sandbox, hasRedis } = this.world;
      const programs = [...apis, ...workers, sandbox].map((one): Victim => [one.name, () => one.killAndStart()]);
      this.#deck.push(...programs, ['Postgres', () => this.#killPostgres()]);
      if (hasRedis) this.#deck.push(['Redis', () => this.world.restartRedis()]);
    }
    return this.#deck.splice(Math.floor(this.random() * this.#deck.length), 1)[0]!;
  }

  /** Its owner, which is this process, starts it again. */
  async #killPostgres(): Promise<void> {
    const pid = await serverOf(this.world.dataDir);
    process.kill(pid, this.random() < 0.5 ? 'SIGKILL' : 'SIGQUIT');
    for (const start = Date.now(); Date.now() - start < 60_000; await pause(100)) {
      // One that was killed may still answer, and between two servers there is no file that names one.
      const now = await serverOf(this.world.dataDir).catch(() => pid);
      if (now !== pid && (await this.#answers())) return;
    }
    throw new Error('Postgres did not come back within a minute');
  }

  #answers(): Promise<boolean> {
    return this.world.stage.query('ping', 'select 1', []).then(
      () => true,
      () => false,
    );
  }
}
