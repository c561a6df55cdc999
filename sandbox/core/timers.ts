import { type Accounts, type AnyAccount, keyOf } from './accounts.js';
import type { Diary } from './diary.js';
import type { Platform, World } from './platform.js';
import type { Row, Table } from './store.js';

type Plan = Parameters<World['at']>[1];

interface Timer extends Row, Plan {
  /** Key of the account. */
  readonly account: string;
}

/** What platforms have planned: durable, in the business time of an account. */
export class Timers {
  constructor(
    private readonly table: Table<Timer>,
    private readonly diary: Diary,
    private readonly accounts: Accounts,
    private readonly platformOf: (code: string) => Platform,
    private readonly report: (error: unknown, what: string) => void,
  ) {
    for (const [id, timer] of table.entries()) this.#plan(id, timer);
  }

  set(account: AnyAccount, plan: Plan): void {
    if (!Number.isFinite(plan.at)) throw new TypeError(`the timer ${plan.name} has no time: ${plan.at}`);
    // Whole milliseconds: `next` of the clock is told in them, and moved there, the timer must be due.
    const timer = { ...plan, account: keyOf(account), at: Math.ceil(plan.at) };
    const id = idOf(timer.account, plan.key);
    this.table.set(id, timer);
    this.#plan(id, timer);
  }

  cancel(account: AnyAccount, key: string): void {
    const id = idOf(keyOf(account), key);
    this.table.delete(id);
    this.diary.delete(id);
  }

  #plan(id: string, timer: Timer): void {
    this.diary.set(timer.account, id, timer.at, () => this.#run(id, timer));
  }

  #run(id: string, timer: Timer): void {
    const { name, data } = timer;
    const account = this.accounts.get(timer.account);
    try {
      const run = account && this.platformOf(account.platform).timers?.[name];
      if (!run) throw new Error('there is nothing of that name');
      run(data as never, account as never);
    } catch (error) {
      this.report(error, `the timer ${name} of ${timer.account} failed and is dropped`);
    }
    // After its changes: of a journal that was torn in between, a timer may run again, but never be lost. It may have
    // set itself anew.
    if (this.table.get(id) === timer) this.table.delete(id);
  }
}

const idOf = (account: string, key: string): string => `timer/${account}/${key}`;
