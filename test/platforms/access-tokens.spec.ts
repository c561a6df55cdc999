import { randomBytes, randomUUID } from 'node:crypto';
import { Clock } from '../../src/common/clock.js';
import { Sealer } from '../../src/common/seal.js';
import { newDataSource } from '../../src/database/data-source.js';
import { Database } from '../../src/database/database.js';
import { AccessTokens, type FetchedToken, type TokenSource } from '../../src/platforms/access-tokens.js';
import { PlatformError } from '../../src/platforms/errors.js';
import type { PlatformAccount } from '../../src/platforms/platform.js';
import { TokenRows } from '../../src/platforms/token-rows.js';
import { createDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let db: Database;
const connected: Database[] = [];
const sealer = new Sealer([randomBytes(32)]);

class MovableClock extends Clock {
  #ahead = 0;

  override now(): Date {
    return new Date(Date.now() + this.#ahead);
  }

  advance(seconds: number): void {
    this.#ahead += seconds * 1_000;
  }
}

/** A platform that gives tokens `t1`, `t2`, … and accepts those that it has not revoked. */
class TokenOffice implements TokenSource {
  readonly kind = 'stable_token';
  fetches = 0;
  calls = 0;
  lifetime = 7_200;
  readonly revoked = new Set<string>();
  /** What the next fetches do instead; the last one stays. */
  behaviour: (() => Promise<FetchedToken>) | undefined;

  constructor(private readonly account: PlatformAccount) {}

  async fetch(): Promise<FetchedToken> {
    this.fetches += 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (this.behaviour) return this.behaviour();
    return { token: `t${this.fetches}`, expiresInSeconds: this.lifetime };
  }

  /** A call that needs a token. */
  readonly call = async (token: string): Promise<string> => {
    this.calls += 1;
    await new Promise((resolve) => setImmediate(resolve));
    if (this.revoked.has(token)) throw new PlatformError('platform_refused', this.account, { platformCode: '40001' });
    return token;
  };

  refuses(error: unknown): boolean {
    return error instanceof PlatformError && error.platformCode === '40001';
  }
}

async function newAccount(): Promise<PlatformAccount> {
  const account: PlatformAccount = {
    appId: `app_${randomUUID()}`,
    id: `pac_${randomUUID()}`,
    platform: 'wechat',
    platformAppId: 'wx0123456789abcdef',
    mode: 'test',
    credentials: { secret: 'x' },
  };
  await db.dataSource.query(`insert into apps (id, name, mode) values ($1, 'test', 'test')`, [account.appId]);
  await db.dataSource.query(
    `insert into platform_accounts (app_id, id, platform, platform_app_id, name, status, credentials)
     values ($1, $2, $3, $4, 'test', 'active', '')`,
    [account.appId, account.id, account.platform, account.platformAppId],
  );
  return account;
}

let account: PlatformAccount;
let office: TokenOffice;
let clock: MovableClock;

const connect = async (): Promise<Database> => {
  const own = new Database(await newDataSource({ url: database.url, poolSize: 5 }).initialize());
  connected.push(own);
  return own;
};
/** One process: a cache of its own, and a pool of its own. */
const newProcess = async (): Promise<AccessTokens> => new AccessTokens(new TokenRows(await connect(), sealer), clock);

const use = (tokens: AccessTokens): Promise<string> => tokens.use(account, office, office.call);
const codeOf = (running: Promise<unknown>): Promise<unknown> =>
  running.catch((error: unknown) => (error as PlatformError).code);
const times = <T>(count: number, run: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => run(i)));

const rowOf = async (): Promise<{ token: string; version: number; refreshing_until: Date | null } | undefined> => {
  const sql = 'select token, version, refreshing_until from platform_tokens where app_id = $1 and account_id = $2';
  const { rows } = await db.pool.query(sql, [account.appId, account.id]);
  return rows[0] as never;
};
/** Ends the stored token by the database's clock, as the movable one is ours alone. */
const expireRow = (): Promise<unknown> =>
  db.dataSource.query(`update platform_tokens set expires_at = now() - interval '1 second' where app_id = $1`, [
    account.appId,
  ]);
const until = async (isDone: () => boolean): Promise<void> => {
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 5));
};

beforeAll(async () => {
  database = await createDatabase();
  db = await connect();
});
afterEach(() => Promise.all(connected.splice(1).map(({ dataSource }) => dataSource.destroy())));
afterAll(async () => {
  await db.dataSource.destroy();
  await database.drop();
});

beforeEach(async () => {
  account = await newAccount();
  office = new TokenOffice(account);
  clock = new MovableClock();
});

test('a thousand parallel calls without a token make one token request', async () => {
  const tokens = await newProcess();
  const used = await times(1_000, () => use(tokens));
  expect(new Set(used)).toEqual(new Set(['t1']));
  expect(office.fetches).toBe(1);
});

test('a thousand parallel calls with one refused token make one token request, over two processes', async () => {
  const processes = [await newProcess(), await newProcess()] as const;
  await Promise.all(processes.map(use));
  expect(office.fetches).toBe(1);
  office.revoked.add('t1');

  const used = await times(1_000, (i) => use(processes[i % 2]!));
  expect(new Set(used)).toEqual(new Set(['t2']));
  expect(office.fetches).toBe(2);
});

test('a thousand parallel calls with one expired token make one token request, over two processes', async () => {
  const processes = [await newProcess(), await newProcess()] as const;
  await Promise.all(processes.map(use));
  await expireRow();
  clock.advance(7_200);

  const used = await times(1_000, (i) => use(processes[i % 2]!));
  expect(new Set(used)).toEqual(new Set(['t2']));
  expect(office.fetches).toBe(2);
});

test('a new process finds the token of the others', async () => {
  await use(await newProcess());
  expect(await use(await newProcess())).toBe('t1');
  expect(office.fetches).toBe(1);
});

test('the token lies sealed in the database', async () => {
  await use(await newProcess());
  expect(await rowOf()).toMatchObject({ token: expect.stringMatching(/^s1\./) as string, version: 1 });
});

test('a token sealed under a key that is gone is replaced', async () => {
  await use(await newProcess());
  const reborn = new AccessTokens(new TokenRows(db, new Sealer([randomBytes(32)])), clock);
  expect(await use(reborn)).toBe('t2');
});

test('accounts and kinds do not share tokens', async () => {
  const tokens = await newProcess();
  const other: TokenSource = { kind: 'other', fetch: async () => ({ token: 'x', expiresInSeconds: 60 }), refuses: () => false }; // prettier-ignore
  const elsewhere = await newAccount();
  expect(await use(tokens)).toBe('t1');
  expect(await tokens.use(account, other, office.call)).toBe('x');
  expect(await tokens.use(elsewhere, office, office.call)).toBe('t2');
});

test('shortly before its end a token is replaced beside the calls, once', async () => {
  const tokens = await newProcess();
  await use(tokens);
  clock.advance(7_200 - 300);
  await use(tokens);
  expect(office.fetches).toBe(1);

  clock.advance(61);
  const used = await times(100, () => use(tokens));
  expect(new Set(used)).toEqual(new Set(['t1']));
  await until(() => office.fetches === 2);
  while ((await use(tokens)) !== 't2') await new Promise((resolve) => setImmediate(resolve));
  expect(office.fetches).toBe(2);
});

test('when replacing it ahead fails, the old token serves until its end', async () => {
  const tokens = await newProcess();
  await use(tokens);
  clock.advance(7_200 - 200);
  office.behaviour = () => Promise.reject(new PlatformError('platform_busy', account));
  expect(await use(tokens)).toBe('t1');
  await until(() => office.fetches === 2);
  expect(await use(tokens)).toBe('t1');
});

test('a refusal of an old token does not cost the new one', async () => {
  const tokens = await newProcess();
  let refuse: (error: unknown) => void = () => undefined;
  const slow = tokens.use(account, office, (token) =>
    token === 't1' ? new Promise<string>((_, reject) => (refuse = reject)) : office.call(token),
  );
  await until(() => office.fetches === 1);
  office.revoked.add('t1');
  expect(await use(tokens)).toBe('t2');

  refuse(new PlatformError('platform_refused', account, { platformCode: '40001' }));
  expect(await slow).toBe('t2');
  expect(office.fetches).toBe(2);
});

test('a call is repeated once; a platform that refuses every token is not asked for more', async () => {
  const tokens = await newProcess();
  for (const token of ['t1', 't2', 't3']) office.revoked.add(token);
  expect(await codeOf(use(tokens))).toBe('platform_refused');
  expect([office.fetches, office.calls]).toEqual([2, 2]);

  await times(50, () => codeOf(use(tokens)));
  expect([office.fetches, office.calls]).toEqual([2, 52]);

  clock.advance(11);
  office.revoked.delete('t3');
  expect(await use(tokens)).toBe('t3');
});

test('a token that worked is replaced at once, however often the platform revokes it', async () => {
  const tokens = await newProcess();
  for (const next of ['t1', 't2', 't3', 't4']) {
    expect(await use(tokens)).toBe(next);
    office.revoked.add(next);
  }
});

test('other errors of a call leave the token alone', async () => {
  const tokens = await newProcess();
  await use(tokens);
  const failing = tokens.use(account, office, () => Promise.reject(new PlatformError('user_blocked', account)));
  expect(await codeOf(failing)).toBe('user_blocked');
  expect(await use(tokens)).toBe('t1');
});

test('all who wait for a fetch that fails get its error, and the next one tries again', async () => {
  const tokens = await newProcess();
  office.behaviour = () => Promise.reject(new PlatformError('platform_account_misconfigured', account));
  const ends = await times(100, () => codeOf(use(tokens)));
  expect(new Set(ends)).toEqual(new Set(['platform_account_misconfigured']));
  expect(office.fetches).toBe(1);
  expect((await rowOf())?.refreshing_until).toBeNull();

  office.behaviour = undefined;
  expect(await use(tokens)).toBe('t2');
});

test('fetches that keep failing are spaced out, and those that the platform limits wait as long as it says', async () => {
  const tokens = await newProcess();
  office.behaviour = () => Promise.reject(new PlatformError('platform_account_misconfigured', account));
  for (let i = 0; i < 20; i++) await codeOf(use(tokens));
  expect(office.fetches).toBe(4);

  clock.advance(2);
  office.behaviour = () => Promise.reject(new PlatformError('platform_rate_limited', account, { retryAfter: 60 }));
  expect(await codeOf(use(tokens))).toBe('platform_rate_limited');
  office.behaviour = undefined;
  clock.advance(59);
  expect(await codeOf(use(tokens))).toBe('platform_rate_limited');
  clock.advance(2);
  expect(await use(tokens)).toBe('t6');
});

test('whoever has the lease is waited for, and taken over from when it died', async () => {
  const rows = new TokenRows(db, sealer);
  expect(await rows.claim(account, office.kind, 0)).toBeDefined();
  expect(await rows.claim(account, office.kind, 0)).toBeUndefined();

  const waiting = use(await newProcess());
  await db.dataSource.query(
    `update platform_tokens set refreshing_until = now() + interval '300 milliseconds' where app_id = $1`,
    [account.appId],
  );
  expect(await waiting).toBe('t1');
});

test('a holder that comes back after its lease ended takes the token of its successor', async () => {
  const slow = await newProcess();
  let arrive: (fetched: FetchedToken) => void = () => undefined;
  const late = slow.use(
    account,
    { ...office, kind: office.kind, refuses: () => false, fetch: () => new Promise((resolve) => (arrive = resolve)) },
    office.call,
  );
  while (!(await rowOf())) await new Promise((resolve) => setImmediate(resolve));
  await db.dataSource.query(`update platform_tokens set refreshing_until = null where app_id = $1`, [account.appId]);
  expect(await use(await newProcess())).toBe('t1');
  arrive({ token: 'late', expiresInSeconds: 7_200 });
  expect(await late).toBe('t1');
});

test('renewing fetches whatever is there, and all use the result', async () => {
  const [one, two] = [await newProcess(), await newProcess()];
  await use(one);
  await one.renew(account, office);
  expect(await use(one)).toBe('t2');
  expect(await use(two)).toBe('t2');
});

test('no token outlives its account', async () => {
  await use(await newProcess());
  await db.dataSource.query('delete from platform_accounts where app_id = $1', [account.appId]);
  expect(await rowOf()).toBeUndefined();
});
