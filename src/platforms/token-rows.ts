import { statement, type Database } from '../database/database.js';
import type { SealedPlace, Sealer } from '../common/seal.js';
import type { PlatformAccount } from './platform.js';

/** Seconds that one process may take to fetch a token before another may try. */
const LEASE = 10;

const READ = statement(`
  select token, version, extract(epoch from expires_at - now())::float8 as seconds
  from platform_tokens where app_id = $1 and account_id = $2 and kind = $3 and token is not null`);

const CLAIM = statement(`
  insert into platform_tokens (app_id, account_id, kind, refreshing_until)
  values ($1, $2, $3, now() + make_interval(secs => $5))
  on conflict (app_id, account_id, kind) do update set refreshing_until = excluded.refreshing_until
  where platform_tokens.version = $4
    and (platform_tokens.refreshing_until is null or platform_tokens.refreshing_until < now())
  returning refreshing_until::text as lease`);

const SAVE_CLAIMED = statement(`
  update platform_tokens
  set token = $5, fetched_at = now(), expires_at = now() + make_interval(secs => $6), version = version + 1,
      refreshing_until = null
  where app_id = $1 and account_id = $2 and kind = $3 and version = $4
  returning version`);

const SAVE = statement(`
  insert into platform_tokens (app_id, account_id, kind, token, fetched_at, expires_at, version)
  values ($1, $2, $3, $4, now(), now() + make_interval(secs => $5), 1)
  on conflict (app_id, account_id, kind) do update
  set token = excluded.token, fetched_at = excluded.fetched_at, expires_at = excluded.expires_at,
      version = platform_tokens.version + 1, refreshing_until = null
  returning version`);

const RELEASE = statement(`
  update platform_tokens set refreshing_until = null
  where app_id = $1 and account_id = $2 and kind = $3 and version = $4 and refreshing_until = $5::timestamptz`);

export interface StoredToken {
  readonly value: string;
  readonly version: number;
  /** Until it ends, by the database's clock; negative when it has. */
  readonly seconds: number;
}

/** The tokens as all processes share them: sealed rows, and a lease for whoever fetches the next one. */
export class TokenRows {
  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
  ) {}

  async read(account: PlatformAccount, kind: string): Promise<StoredToken | undefined> {
    const [row] = await this.db.run<{ token: string; version: number; seconds: number }>(READ, keyOf(account, kind));
    if (!row) return undefined;
    const { version, seconds } = row;
    try {
      return { value: this.sealer.open(row.token, placeOf(account, kind)), version, seconds };
    } catch {
      // Sealed under a master key that is gone: as good as expired, the platform gives another.
      return { value: '', version, seconds: 0 };
    }
  }

  /** Takes the lease to replace that version (0: there is none yet). Undefined when another process has it, or has done it. */
  async claim(account: PlatformAccount, kind: string, version: number): Promise<string | undefined> {
    const [row] = await this.db.run<{ lease: string }>(CLAIM, [...keyOf(account, kind), version, LEASE]);
    return row?.lease;
  }

  /** The new version; undefined when another process, after our lease ended, was first. */
  async saveClaimed(
    account: PlatformAccount,
    kind: string,
    replaced: number,
    token: string,
    seconds: number,
  ): Promise<number | undefined> {
    const values = [...keyOf(account, kind), replaced, this.#seal(account, kind, token), seconds];
    const [row] = await this.db.run<{ version: number }>(SAVE_CLAIMED, values);
    return row?.version;
  }

  /** Saves a token whatever is there. Gives its version. */
  async save(account: PlatformAccount, kind: string, token: string, seconds: number): Promise<number> {
    const values = [...keyOf(account, kind), this.#seal(account, kind, token), seconds];
    const [row] = await this.db.run<{ version: number }>(SAVE, values);
    return row!.version;
  }

  /** Gives the lease back early, so that the next caller need not wait for its end. */
  async release(account: PlatformAccount, kind: string, version: number, lease: string): Promise<void> {
    await this.db.run(RELEASE, [...keyOf(account, kind), version, lease]);
  }

  #seal(account: PlatformAccount, kind: string, token: string): string {
    return this.sealer.seal(token, placeOf(account, kind));
  }
}

const keyOf = ({ appId, id }: PlatformAccount, kind: string): [string, string, string] => [appId, id, kind];

const placeOf = ({ appId, id }: PlatformAccount, kind: string): SealedPlace => ({
  app: appId,
  table: 'platform_tokens',
  row: `${id}/${kind}`,
  column: 'token',
});
