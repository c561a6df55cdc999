import { type AccountName, Accounts, type AnyAccount } from './accounts.js';
import { BusinessClock } from './business-clock.js';
import { Calls } from './calls.js';
import { Consents } from './consents.js';
import { Courier } from './courier.js';
import { Diary } from './diary.js';
import { SandboxError } from './errors.js';
import { Faults } from './faults.js';
import { Inbox } from './inbox.js';
import { Outbox } from './outbox.js';
import { type Phone, Phones } from './phones.js';
import type { Platform, PlatformFactory, World } from './platform.js';
import { RateWindow } from './rate-window.js';
import { SendLimits } from './send-limits.js';
import type { Store } from './store.js';
import { Timers } from './timers.js';

/** For how long a move of the clock waits for the callbacks that it set off. */
const LONGEST_WAIT = 5_000;

/** Is told what went wrong where nobody waits for an answer. */
export type Report = (error: unknown, what: string) => void;

/** All that the sandbox is, apart from HTTP. */
export class Sandbox {
  readonly accounts: Accounts;
  readonly faults: Faults;
  readonly calls = new Calls();
  readonly clock: BusinessClock;
  readonly platforms: readonly Platform[];
  readonly inbox: Inbox;
  readonly consents: Consents;
  readonly sendLimits: SendLimits;
  readonly #diary: Diary;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #courier: Courier;
  readonly #rateWindows: RateWindow[] = [];

  constructor(
    readonly store: Store,
    readonly now: () => number,
    factories: readonly PlatformFactory[],
    private readonly report: Report,
  ) {
    const accounts = new Accounts(store.table<AnyAccount>('accounts'));
    const clock = new BusinessClock(now, store.table('clocks'));
    const diary = new Diary(
      now,
      (account) => clock.offset(account),
      () => this.#flush(),
    );
    const platformOf = (code: string): Platform => this.platform(code);
    this.accounts = accounts;
    this.clock = clock;
    this.faults = new Faults(store.table('faults'));
    this.#diary = diary;
    this.#timers = new Timers(store.table('timers'), diary, accounts, platformOf, report);
    const courier = new Courier(now, this.faults, this.calls, report);
    this.#courier = courier;
    const senderOf = (account: AnyAccount) => platformOf(account.platform).callbacks;
    this.#outbox = new Outbox({ store, diary, clock, accounts, courier, senderOf, report });
    this.inbox = new Inbox(now, store.table('inbox'));
    this.consents = new Consents(store.table('consents'));
    this.sendLimits = new SendLimits(now, store.table('sendLimits'));
    const world = this.#world();
    this.platforms = factories.map((create) => create(world));
  }

  /** From now on it does what is planned. */
  start(): void {
    this.#diary.start();
  }

  /** Ends the callbacks that are being sent; they are sent again after the next start. */
  async stop(): Promise<void> {
    this.#diary.stop();
    await this.#outbox.stop();
  }

  /** Throws SandboxError when no such platform is played. */
  platform(code: unknown): Platform {
    const platform = this.platforms.find((one) => one.code === code);
    if (platform) return platform;
    const known = this.platforms.map((one) => `"${one.code}"`).join(', ');
    throw new SandboxError(422, 'platform_unknown', `"platform" must be one of ${known}`);
  }

  /** Does what is due: a request must not see an order open whose time ran out a moment ago. */
  catchUp(): void {
    this.#diary.runDue();
  }

  /**
   * Moves business time, does what became due by that, and waits a few seconds for the callbacks among it. `next`: the
   * business time at which the sandbox will do something for these accounts by itself; null when nothing is planned.
   */
  async moveClock(body: unknown): Promise<{ next: string | null }> {
    const keys = this.clock.move(body, (name) => this.#named(name));
    for (const key of keys) this.#diary.moved(key);
    const until = performance.now() + LONGEST_WAIT;
    do this.#diary.runDue();
    while ((await this.#outbox.settled(keys, until - performance.now())) && this.#isDue(keys));

    const next = Math.min(...keys.map((key) => this.#nextOf(key)));
    return { next: next === Infinity ? null : new Date(next).toISOString() };
  }

  /** Forgets accounts, people, faults, clocks, calls, timers, callbacks: everything. */
  reset(): object {
    this.store.forgetAll();
    this.accounts.forgetAll();
    this.#diary.forgetAll();
    this.#outbox.forgetAll();
    this.calls.forgetAll();
    this.inbox.forgetAll();
    this.sendLimits.forgetAll();
    for (const window of this.#rateWindows) window.clear();
    return {};
  }

  #named(name: AccountName): AnyAccount[] {
    return this.accounts.named({ ...name, platform: this.platform(name.platform).code });
  }

  #isDue(keys: readonly string[]): boolean {
    return keys.some((key) => (this.#diary.nextOf(key) ?? Infinity) <= this.#businessNow(key));
  }

  /** Not before the account's own time: what is under way or overdue happens now. */
  #nextOf(key: string): number {
    const now = this.#businessNow(key);
    return this.#outbox.isBusy(key) ? now : Math.max(this.#diary.nextOf(key) ?? Infinity, now);
  }

  #businessNow(key: string): number {
    return this.now() + this.clock.offset(key);
  }

  #flush(): void {
    this.store.flushed().catch((error: unknown) => this.report(error, 'the state could not be written'));
  }

  #world(): World {
    return {
      now: this.now,
      businessNow: (account) => this.clock.now(account),
      at: (account, timer) => this.#timers.set(account, timer),
      cancel: (account, key) => this.#timers.cancel(account, key),
      call: (account, callback) => this.#outbox.post(account, callback),
      ask: (account, question) => this.#courier.ask(account, question),
      inbox: this.inbox,
      consents: this.consents,
      sendLimits: this.sendLimits,
      table: (name) => this.store.table(name),
      accounts: (platform) => this.accounts.programs(platform),
      merchants: (platform) => this.accounts.merchants(platform),
      phones: new Phones(this.store.table<Phone>('phones')),
      rateWindow: (milliseconds) => {
        const window = new RateWindow(this.now, milliseconds);
        this.#rateWindows.push(window);
        return window;
      },
    };
  }
}
