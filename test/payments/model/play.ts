import { Actions } from './actions.js';
import { stepsOf, type Step } from './commands.js';
import type { Reckoning } from './books.js';
import { endMisfortune, reckon } from './reckoning.js';
import { ModelShop } from './shop.js';
import { Broken, insist, PLAN_AGAIN, type Stage } from './stage.js';
import { Watch } from './watch.js';

const SHOPS = 3;
const PEOPLE = 8;
/** Commands that are carried out at the same time. */
const AT_ONCE = 24;
const DOCTOR_EVERY = 500;
/** Steps that are made up at once. */
const CHUNK = 1_000;
const TOLD_LINES = 40;
/** Longer than a request to a platform may be under way: only then "no such order" means that there will be none. */
const UNDER_WAY_MS = 65_000;

export interface Played {
  readonly steps: number;
  readonly doctors: number;
  readonly looks: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly shops: readonly Reckoning[];
  /** Milliseconds. */
  readonly playing: number;
  readonly reckoning: number;
}

export interface Game {
  readonly seed: number;
  /** Whether to go on after so many steps. */
  goesOn(steps: number): boolean;
  /** When the shops are open: from now on anything may be killed. */
  opened?(): void;
  /** Before the books are closed: nobody is killed any more. */
  beforeEnd?(): Promise<void>;
}

/** Plays until the game is over, closes the books of every shop, and gives what was done. Throws what was not kept. */
export async function playOn(stage: Stage, game: Game): Promise<Played> {
  const shops: ModelShop[] = [];
  for (let n = 0; n < SHOPS; n++) shops.push(await ModelShop.open(stage, PEOPLE, n === 0));
  const watch = new Watch(stage);
  const table = new Table(stage, game, shops, watch);
  game.opened?.();
  const began = performance.now();
  await table.play();
  await game.beforeEnd?.();
  const played = performance.now();
  await endMisfortune(stage);
  await stage.rest(UNDER_WAY_MS);
  const books = await settledAll(shops.map((shop) => table.explained(() => reckon(shop))));
  await table.explained(() => table.examine());
  const { steps, doctors, counts } = table;
  const times = { playing: Math.round(played - began), reckoning: Math.round(performance.now() - played) };
  return { steps, doctors, counts, looks: watch.looks, shops: books, ...times };
}

class Table {
  steps = 0;
  doctors = 0;
  readonly counts: Record<string, number> = {};
  readonly #actions: readonly Actions[];
  readonly #lines: string[] = [];
  #chunk: Step[] = [];
  #chunks = 0;
  #broken: unknown;

  constructor(
    private readonly stage: Stage,
    private readonly game: Game,
    shops: readonly ModelShop[],
    private readonly watch: Watch,
  ) {
    this.#actions = shops.map((shop) => new Actions(shop, watch));
  }

  async play(): Promise<void> {
    await settledAll(Array.from({ length: AT_ONCE }, () => this.#player()));
  }

  async examine(): Promise<void> {
    this.doctors += 1;
    await insist(this.stage, () => this.stage.query('', PLAN_AGAIN, []));
    const violations = await insist(this.stage, () => this.stage.examine());
    if (violations.length === 0) return;
    throw new Broken(
      violations.map(({ invariant, appId, id }) => `not so in ${appId} for ${id}: ${invariant}`).join('\n'),
    );
  }

  /** With the seed, the steps before, and all that was done to the payment which it is about. */
  async explained<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      this.#broken ??= error;
      const about = error instanceof Broken && error.about ? (this.watch.traces.get(error.about) ?? []) : [];
      const text = error instanceof Error ? error.message : String(error);
      throw new Error(
        `${text}\nTORTURE_SEED=${this.game.seed} makes the same steps again. Done to this payment:\n  ${about.join('\n  ')}\n` +
          `The last of ${this.steps} steps:\n  ${this.#lines.join('\n  ')}`,
        { cause: error },
      );
    }
  }

  async #player(): Promise<void> {
    while (this.#broken === undefined && this.game.goesOn(this.steps)) {
      const { shop, command } = this.#next();
      const number = ++this.steps;
      const what = JSON.stringify({ ...command, shop });
      await this.explained(async () => {
        const began = performance.now();
        const result = await this.#actions[shop]!.run(command);
        const took = performance.now() - began;
        this.counts[command.does] = (this.counts[command.does] ?? 0) + 1;
        this.#lines.push(`${number} ${what} -> ${result} (${Math.round(took)} ms)`);
        if (this.#lines.length > TOLD_LINES) this.#lines.shift();
        if (number % DOCTOR_EVERY === 0) await this.examine();
      });
    }
  }

  #next(): Step {
    if (this.#chunk.length === 0) {
      this.#chunk = stepsOf(this.game.seed + this.#chunks++, CHUNK, this.#actions.length).reverse();
    }
    return this.#chunk.pop()!;
  }
}

/** Waits for all, then fails with the first that failed: nothing goes on behind a failure's back. */
async function settledAll<T>(all: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(all);
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}
