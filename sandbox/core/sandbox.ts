import { Accounts, type Account } from './accounts.js';
import { BusinessClock } from './business-clock.js';
import { Calls } from './calls.js';
import { SandboxError } from './errors.js';
import { Faults } from './faults.js';
import { type Phone, Phones } from './phones.js';
import type { Platform, PlatformFactory, World } from './platform.js';
import { RateWindow } from './rate-window.js';
import type { Store } from './store.js';

/** All that the sandbox is, apart from HTTP. */
export class Sandbox {
  readonly accounts: Accounts;
  readonly faults: Faults;
  readonly calls = new Calls();
  readonly clock: BusinessClock;
  readonly platforms: readonly Platform[];
  readonly #rateWindows: RateWindow[] = [];

  constructor(
    readonly store: Store,
    readonly now: () => number,
    factories: readonly PlatformFactory[],
  ) {
    this.accounts = new Accounts(store.table<Account>('accounts'));
    this.faults = new Faults(store.table('faults'));
    this.clock = new BusinessClock(now, store.table('clocks'));
    const world = this.#world();
    this.platforms = factories.map((create) => create(world));
  }

  /** Throws SandboxError when no such platform is played. */
  platform(code: unknown): Platform {
    const platform = this.platforms.find((one) => one.code === code);
    if (platform) return platform;
    const known = this.platforms.map((one) => `"${one.code}"`).join(', ');
    throw new SandboxError(422, 'platform_unknown', `"platform" must be one of ${known}`);
  }

  /** Forgets accounts, people, faults, clocks, calls: everything. */
  reset(): object {
    this.store.forgetAll();
    this.calls.forgetAll();
    for (const window of this.#rateWindows) window.clear();
    return {};
  }

  #world(): World {
    return {
      now: this.now,
      businessNow: (account) => this.clock.now(account),
      table: (name) => this.store.table(name),
      accounts: (platform) => this.accounts.book(platform),
      phones: new Phones(this.store.table<Phone>('phones')),
      rateWindow: (milliseconds) => {
        const window = new RateWindow(this.now, milliseconds);
        this.#rateWindows.push(window);
        return window;
      },
    };
  }
}
