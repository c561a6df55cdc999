import { Broken, insist, play, type Stage } from '../../payments/model/stage.js';
import { endMisfortune } from '../../payments/model/reckoning.js';
import { checkAnswers } from './access.js';
import { Actions } from './actions.js';
import { compareBooks, type Money } from './books.js';
import { Club, type ClubRules } from './club.js';
import { type Command, strideOf } from './commands.js';
import { type ContractTally, judgeContracts } from './contracts.js';
import { Records, type SubscriptionRecord } from './records.js';
import { settleAll } from './settling.js';
import { judge } from './verdict.js';

/** Commands that are carried out at the same time. */
const AT_ONCE = 6;
/** How many things happen to a subscription in a year, besides what its app does by itself. */
const ACTS_A_YEAR = 5;
const TOLD_LINES = 30;
/** Contracts are read at the platforms, and the books compared, after so many strides. */
const BOOKS_EVERY = 10;
/** Of an average stride. */
const STRIDE_DAYS = 7;
/** Longer than a request to a platform may be under way. */
const UNDER_WAY_MS = 65_000;

const CLUBS: readonly ClubRules[] = [
  { graceDays: 3, finalAction: 'cancel' },
  { graceDays: 5, finalAction: 'mark_unpaid' },
];
const PLAN_AGAIN = 'analyze payments, payment_attempts, subscriptions, invoices, mandates, entitlements, events';

export interface Game {
  readonly seed: number;
  /** Subscriptions in all. */
  readonly count: number;
  readonly days: number;
  /** When everything is open: from now on anything may be killed. */
  opened?(): void;
  /** Before the end: nobody is killed any more. */
  beforeEnd?(): Promise<void>;
  /** Says how far it is. */
  tell?(line: string): void;
}

export interface ClubPlayed {
  readonly subscriptions: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly invoices: Readonly<Record<string, number>>;
  readonly contracts: ContractTally;
  readonly money: Money;
  /** Steps of the clock in which something was not done in time. */
  readonly undone: number;
}

export interface Played {
  readonly days: number;
  readonly strides: number;
  readonly acts: Readonly<Record<string, number>>;
  readonly answers: Readonly<Record<string, number>>;
  readonly clubs: readonly ClubPlayed[];
  /** Seconds. */
  readonly playing: number;
  readonly settling: number;
}

/** Lets people subscribe and live for so many days, looks at each stride, and settles. Throws what was not kept. */
export async function playOn(stage: Stage, game: Game): Promise<Played> {
  const share = Math.ceil(game.count / CLUBS.length);
  const tables: Table[] = [];
  for (const rules of CLUBS) tables.push(new Table(await Club.open(stage, Math.ceil(share * 0.7), rules), game, share));
  game.opened?.();
  const began = performance.now();
  let [days, strides] = [0, 0];
  for (; days < game.days; strides += 1) {
    let passed = 0;
    for (const [n, table] of tables.entries())
      passed = await table.stride(strides * CLUBS.length + n, game.days - days);
    days += passed;
    game.tell?.(`day ${days}: ${tables.map((table) => table.line).join('; ')}`);
  }
  await game.beforeEnd?.();
  const played = performance.now();
  await endMisfortune(stage);
  await stage.rest(UNDER_WAY_MS);
  const clubs: ClubPlayed[] = [];
  for (const table of tables) clubs.push(await table.settle());
  const [first, ...others] = tables.map(({ actions }) => actions);
  const sum = (of: 'counts' | 'answers') => others.reduce((all, one) => added(all, one[of]), first![of]);
  const times = { playing: seconds(played - began), settling: seconds(performance.now() - played) };
  return { days, strides, acts: sum('counts'), answers: sum('answers'), clubs, ...times };
}

class Table {
  readonly actions: Actions;
  readonly #records: Records;
  readonly #lines: string[] = [];
  #days = 0;
  #moving = 0;
  /** What the clock says that it did not get done. */
  readonly #undone: string[] = [];

  constructor(
    private readonly club: Club,
    private readonly game: Game,
    private readonly share: number,
  ) {
    this.actions = new Actions(club);
    this.#records = new Records(club);
  }

  get line(): string {
    return `${this.club.subscriptions.length} subscriptions, clock ${seconds(this.#moving)} s ${this.#undone.join(' ')}`;
  }

  /** Gives the days that have passed. The first half of the time brings the newcomers. */
  stride(n: number, daysLeft: number): Promise<number> {
    return this.#explained(async () => {
      const missing = this.share - this.club.subscriptions.length;
      const strides = Math.max(1, (this.game.days / 2 - this.#days) / STRIDE_DAYS);
      const perDay = (this.club.subscriptions.length * ACTS_A_YEAR) / 365 + 0.4;
      const { days: wanted, newcomers, acts } = strideOf(this.game.seed, n, Math.ceil(missing / strides), perDay);
      await this.#carryOut(newcomers);
      await this.#carryOut(acts);
      const days = Math.min(wanted, daysLeft);
      const moving = performance.now();
      const undone = await this.club.advance(days);
      this.#moving += performance.now() - moving;
      this.#undone.push(...undone);
      this.#days += days;
      await this.#look(n % (BOOKS_EVERY * CLUBS.length) < CLUBS.length);
      return days;
    });
  }

  settle(): Promise<ClubPlayed> {
    return this.#explained(async () => {
      await settleAll(this.club);
      const records = await this.#look(true, true);
      await checkAnswers(this.club, records);
      const statuses: Record<string, number> = {};
      const invoices: Record<string, number> = {};
      for (const { status, invoices: all } of records) {
        statuses[status] = (statuses[status] ?? 0) + 1;
        for (const one of all) invoices[one.status] = (invoices[one.status] ?? 0) + 1;
      }
      const contracts = await judgeContracts(this.club);
      const money = await compareBooks(this.club);
      return { subscriptions: records.length, statuses, invoices, contracts, money, undone: this.#undone.length };
    });
  }

  async #carryOut(commands: readonly Command[]): Promise<void> {
    const waiting = [...commands];
    const work = async (): Promise<void> => {
      for (let command = waiting.shift(); command; command = waiting.shift()) {
        const line = await this.actions.run(command);
        this.#lines.push(`${JSON.stringify(command)} -> ${line}`);
        if (this.#lines.length > TOLD_LINES) this.#lines.shift();
      }
    };
    const all = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
    for (const one of all) if (one.status === 'rejected') throw one.reason;
  }

  async #look(withContracts: boolean, all = false): Promise<SubscriptionRecord[]> {
    const { stage } = this.club;
    const records = await this.#records.read(all);
    for (const record of records) judge(this.club, record);
    await insist(stage, () => stage.query('', PLAN_AGAIN, []));
    const [violation] = await insist(stage, () => stage.examine());
    if (violation) throw new Broken(`not so in ${violation.appId} for ${violation.id}: ${violation.invariant}`);
    if (withContracts) await judgeContracts(this.club);
    return records;
  }

  /** With the seed, what happened before, and all that is known of the subscription which it is about. */
  async #explained<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      const about = error instanceof Broken ? error.about : undefined;
      const history =
        about === undefined ? [] : [...(this.club.traces.get(about) ?? []), ...(await this.#known(about))];
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      throw new Error(
        `${about ?? ''} ${text}\nTORTURE_SEED=${this.game.seed} makes the same steps again. Day ${this.#days}.\n  ${history.join('\n  ')}\n` +
          (about === undefined ? `The last steps:\n  ${this.#lines.join('\n  ')}` : ''),
        { cause: error },
      );
    }
  }

  async #known(id: string): Promise<string[]> {
    const [record] = (await this.#records.read(true)).filter((one) => one.id === id);
    if (!record) return [];
    const { invoices, payments, events, entitlements, ...subscription } = record;
    const numbers = await this.club.rows<{ platform: string; number: string }>(
      'select platform, number from mandates where app_id = $1 and subscription_id = $2',
      id,
    );
    const contracts = await Promise.all(
      numbers.map((one) => play(this.club.stage, 'contract', { ...one, does: 'read' })),
    );
    return [
      JSON.stringify(subscription),
      ...[...invoices, ...payments, ...entitlements].map((one) => JSON.stringify(one)),
      events.map(({ type, object_id: object }) => `${type} ${object === id ? '' : object}`).join(', '),
      ...contracts.map(({ body }) => JSON.stringify(body)),
    ];
  }
}

function added(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): Record<string, number> {
  const sum = { ...one };
  for (const [name, count] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10;
