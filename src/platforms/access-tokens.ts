import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../common/clock.js';
import { PlatformError } from './errors.js';
import type { PlatformAccount } from './platform.js';
import type { StoredToken, TokenRows } from './token-rows.js';

/** Milliseconds before its end at which a token is replaced; WeChat gives a new one only in the last five minutes. */
const REFRESH_AHEAD = { least: 240_000, most: 290_000 } as const;
/** Milliseconds that we wait for another process: its lease (10 s) and one try of our own. */
const PATIENCE = 15_000;
/** Milliseconds in which a replacement that was refused at once is not replaced again. */
const SECOND_THOUGHTS = 10_000;
/** After so many failed fetches in a row the pauses begin: 1 s, doubling up to 30 s. */
const FREE_FAILURES = 3;

/** A kind of access token, as a platform folder declares it once. */
export interface TokenSource {
  /** Names the kind within the account: `stable_token`. */
  readonly kind: string;
  /** Asks the platform for a token, without forcing a new one where the platform knows the difference. */
  fetch(account: PlatformAccount): Promise<FetchedToken>;
  /** Whether a call failed because its token is not, or no longer, good. */
  refuses(error: unknown): boolean;
}

export interface FetchedToken {
  readonly token: string;
  readonly expiresInSeconds: number;
}

interface Token {
  readonly value: string;
  readonly version: number;
  /** Milliseconds by our clock: from when on it is replaced beside the calls, and until when it can be used. */
  readonly refreshAt: number;
  readonly until: number;
}

/** What this process knows of one account's token of one kind. */
interface Slot {
  token?: Token;
  /** The one fetch, or wait for another process's, that is under way; shared by all who need its result. */
  replacing?: Promise<Token> | undefined;
  /** When a refused token was last replaced, until one has worked again. */
  refusedAt: number;
  failures: number;
  pausedUntil: number;
  failure?: unknown;
}

/**
 * The access tokens of all accounts. Postgres has the truth, so all processes share one token per account and kind, and
 * at most one of them fetches at a time. Nothing here holds a transaction while it talks to a platform.
 */
export class AccessTokens {
  readonly #slots = new Map<string, Slot>();
  /** Its own for each process, so that they do not all come at the same moment. */
  readonly #ahead = REFRESH_AHEAD.least + Math.random() * (REFRESH_AHEAD.most - REFRESH_AHEAD.least);

  constructor(
    private readonly rows: TokenRows,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes `call` with a token that should be good. When the platform refuses it all the same, the token is replaced,
   * unless somebody has done so already, and the call repeated once. Throws what `call` or the fetch throws.
   */
  async use<T>(account: PlatformAccount, source: TokenSource, call: (token: string) => Promise<T>): Promise<T> {
    const slot = this.#slotOf(account, source);
    const token = await this.#current(slot, account, source);
    try {
      return await worked(slot, call(token.value));
    } catch (error) {
      if (!source.refuses(error) || !this.#mayReplace(slot, token)) throw error;
    }
    const next = await this.#replacement(slot, account, source, token.version);
    return worked(slot, call(next.value));
  }

  /** Fetches a token whatever is there, and keeps it: tries the account's credentials. Throws what the fetch throws. */
  async renew(account: PlatformAccount, source: TokenSource): Promise<void> {
    const { token, expiresInSeconds } = await source.fetch(account);
    const version = await this.rows.save(account, source.kind, token, expiresInSeconds);
    this.#keep(this.#slotOf(account, source), { value: token, version, seconds: expiresInSeconds });
  }

  #slotOf({ appId, id }: PlatformAccount, { kind }: TokenSource): Slot {
    const key = `${appId}/${id}/${kind}`;
    let slot = this.#slots.get(key);
    if (!slot) this.#slots.set(key, (slot = { refusedAt: -Infinity, failures: 0, pausedUntil: 0 }));
    return slot;
  }

  async #current(slot: Slot, account: PlatformAccount, source: TokenSource): Promise<Token> {
    const { token } = slot;
    const now = this.#now();
    if (!token || now >= token.until) return this.#replacement(slot, account, source, token?.version ?? 0);
    if (now >= token.refreshAt && now >= slot.pausedUntil && !slot.replacing) {
      // Nobody waits for this one, and should it fail, the old token is good for some minutes yet.
      this.#replacement(slot, account, source, token.version).catch(() => undefined);
    }
    return token;
  }

  /** False for a token that came in place of a refused one, never worked, and is refused as well: another would not help. */
  #mayReplace(slot: Slot, token: Token): boolean {
    if (slot.replacing || slot.token !== token) return true;
    const now = this.#now();
    if (now - slot.refusedAt < SECOND_THOUGHTS) return false;
    slot.refusedAt = now;
    return true;
  }

  /** A token newer than `version`: the one in memory, the one that is being replaced anyway, or a new one. */
  async #replacement(slot: Slot, account: PlatformAccount, source: TokenSource, version: number): Promise<Token> {
    const now = this.#now();
    if (slot.token && slot.token.version > version && now < slot.token.until) return slot.token;
    if (!slot.replacing && now < slot.pausedUntil) throw slot.failure;
    slot.replacing ??= this.#obtain(slot, account, source, version)
      .then((stored) => this.#keep(slot, stored))
      .finally(() => (slot.replacing = undefined));
    return slot.replacing;
  }

  async #obtain(slot: Slot, account: PlatformAccount, source: TokenSource, version: number): Promise<StoredToken> {
    const started = performance.now();
    for (let pause = 25; ; pause = Math.min(pause * 2, 400)) {
      const stored = await this.rows.read(account, source.kind);
      if (stored && stored.version > version && stored.seconds > 0) return stored;
      const lease = await this.rows.claim(account, source.kind, stored?.version ?? 0);
      const fetched = lease && (await this.#fetch(slot, account, source, stored?.version ?? 0, lease));
      if (fetched) return fetched;
      if (performance.now() - started > PATIENCE) {
        throw new PlatformError('platform_busy', account, { detail: 'The platform gives no access token at present.' });
      }
      await sleep(pause * (0.5 + Math.random()));
    }
  }

  /** Undefined when our lease ran out meanwhile and another process was faster. */
  async #fetch(
    slot: Slot,
    account: PlatformAccount,
    source: TokenSource,
    version: number,
    lease: string,
  ): Promise<StoredToken | undefined> {
    try {
      const { token, expiresInSeconds } = await source.fetch(account);
      const saved = await this.rows.saveClaimed(account, source.kind, version, token, expiresInSeconds);
      return saved === undefined ? undefined : { value: token, version: saved, seconds: expiresInSeconds };
    } catch (error) {
      this.#pause(slot, error);
      // The lease ends by itself too, and the reader wants the first error.
      await this.rows.release(account, source.kind, version, lease).catch(() => undefined);
      throw error;
    }
  }

  /** Wrong credentials must not turn each request of an app into a request for a token. */
  #pause(slot: Slot, error: unknown): void {
    slot.failures += 1;
    slot.failure = error;
    const asked = error instanceof PlatformError ? Number(error.extra.retryAfter ?? 0) * 1_000 : 0;
    const ours = slot.failures > FREE_FAILURES ? Math.min(2 ** (slot.failures - FREE_FAILURES - 1), 30) * 1_000 : 0;
    slot.pausedUntil = this.#now() + Math.max(asked, ours);
  }

  #keep(slot: Slot, { value, version, seconds }: StoredToken): Token {
    const now = this.#now();
    const left = seconds * 1_000;
    slot.token = { value, version, until: now + left, refreshAt: now + left - Math.min(this.#ahead, left / 2) };
    slot.failures = 0;
    slot.pausedUntil = 0;
    return slot.token;
  }

  #now(): number {
    return this.clock.now().getTime();
  }
}

async function worked<T>(slot: Slot, call: Promise<T>): Promise<T> {
  const result = await call;
  slot.refusedAt = -Infinity;
  return result;
}
