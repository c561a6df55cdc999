import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { invalid, problem } from '../common/problems.js';
import { Sealer, type SealedPlace } from '../common/seal.js';
import { Database, statement, type Tx } from '../database/database.js';
import { actorOf, type Caller } from './caller.js';

/** One request that must act at most once (design decision 11). */
export interface IdempotencyKey {
  /** The app of the caller, or `operator`. */
  readonly scope: string;
  readonly caller: string;
  readonly key: string;
  readonly route: string;
  readonly bodyHash: Buffer;
  /** Set when the answer is rendered from an earlier run; becomes `Idempotent-Replayed: true`. */
  replayed: boolean;
}

/** What a run made: the resource by which a repeat finds it again, and what of the answer is shown only once. */
export interface Made<T> {
  readonly id: string;
  readonly secret?: string;
  readonly result: T;
}

/** What an earlier run with this key made. */
export interface Remembered {
  readonly resourceId: string;
  /** What was shown once (a new key, tokens), while it may be shown again. */
  readonly secret: string | undefined;
}

/** How long a secret that is shown once can be replayed. */
export const SECRET_REPLAY_MS = 10 * 60_000;
/** A reservation whose process died is free again after this; a login asks the platform for less. */
const RESERVATION_MS = 30_000;

const UNIQUE_VIOLATION = '23505';
/** The columns that a statement fills which writes the key row itself; compare `Idempotency.columns`. */
export const KEY_COLUMNS = 'app_id, caller, key, route, body_hash, resource_id';

const INSERT = statement(`
  insert into idempotency_keys (app_id, caller, key, route, body_hash)
  select $1, $2, $3, $4, $5
  where pg_try_advisory_xact_lock(hashtextextended($1 || '/' || $2 || '/' || $3, 0))
  on conflict (app_id, caller, key) do nothing
  returning key`);

/** Before a network call: takes the key, or takes it over from a process that died with it. */
const RESERVE = statement(`
  insert into idempotency_keys as mine (app_id, caller, key, route, body_hash)
  values ($1, $2, $3, $4, $5)
  on conflict (app_id, caller, key) do update set created_at = now()
    where mine.resource_id is null and mine.route = $4 and mine.body_hash = $5
      and mine.created_at < now() - interval '${RESERVATION_MS} milliseconds'
  returning key`);

const FIND = statement(`
  select route, body_hash, resource_id, sealed, created_at
  from idempotency_keys where app_id = $1 and caller = $2 and key = $3`);

const COMPLETE = statement(`
  update idempotency_keys set resource_id = $4, sealed = $5
  where app_id = $1 and caller = $2 and key = $3 and resource_id is null
  returning key`);

const FORGET = statement(`
  delete from idempotency_keys where app_id = $1 and caller = $2 and key = $3 and resource_id is null`);

interface Row {
  route: string;
  body_hash: Buffer;
  resource_id: string | null;
  sealed: string | null;
  created_at: Date;
}

/** Thrown inside the transaction of a repeat, to leave it; never seen outside this file. */
class Repeat extends Error {}

/** Makes a write act at most once per caller and key, and answers repeats with what the first one made. */
@Injectable()
export class Idempotency {
  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
  ) {}

  /**
   * Runs `act` in a transaction that also records the key. A repeat with the same body gives `replay(what it made)`,
   * with another body 422, while the first still runs 409. Without a key, just the transaction.
   */
  async once<T>(
    key: IdempotencyKey | undefined,
    act: (tx: Tx) => Promise<Made<T>>,
    replay: (made: Remembered) => Promise<T>,
  ): Promise<T> {
    if (!key) return (await this.db.transaction(act)).result;
    try {
      return await this.db.transaction(async (tx) => {
        const inserted = await this.db.run(INSERT, [...primary(key), key.route, key.bodyHash], tx);
        if (inserted.length === 0) throw new Repeat();
        const { id, secret, result } = await act(tx);
        await this.db.run(COMPLETE, [...primary(key), id, this.#seal(key, secret)], tx);
        return result;
      });
    } catch (error) {
      if (!(error instanceof Repeat)) throw error;
      return replay(await this.#remembered(key));
    }
  }

  /**
   * For work that looks around before its `once`: a repeat is answered as the first was, also when by now it would be
   * refused (the price is no longer sold, a merchant was disabled).
   */
  async orReplay<T>(
    key: IdempotencyKey | undefined,
    work: () => Promise<T>,
    replay: (made: Remembered) => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!key || !(await this.#isDone(key))) throw error;
      return replay(await this.#remembered(key));
    }
  }

  /**
   * Like `once`, for work that asks the network first: `ask` runs outside the transaction, and not again for a repeat.
   * Whatever `ask` or `act` throws is not remembered.
   */
  async onceAsking<Answer, T>(
    key: IdempotencyKey | undefined,
    ask: () => Promise<Answer>,
    act: (tx: Tx, answer: Answer) => Promise<Made<T>>,
    replay: (made: Remembered) => Promise<T>,
  ): Promise<T> {
    const earlier = key && (await this.reserve(key));
    if (earlier) return replay(earlier);
    try {
      const answer = await ask();
      return await this.db.transaction(async (tx) => {
        const { id, secret, result } = await act(tx, answer);
        if (key) await this.complete(key, id, secret, tx);
        return result;
      });
    } catch (error) {
      if (key) await this.forget(key);
      throw error;
    }
  }

  /**
   * The first step of `onceAsking`, for work that has more of them: reserves the key in a transaction of its own. Gives
   * what an earlier run made, or undefined when the caller may go on; it then calls `complete` in its transaction, or
   * `forget` when it fails.
   */
  async reserve(key: IdempotencyKey): Promise<Remembered | undefined> {
    const reserved = await this.db.run(RESERVE, [...primary(key), key.route, key.bodyHash]);
    return reserved.length > 0 ? undefined : this.#remembered(key);
  }

  /**
   * For a statement that makes the resource and writes the key row itself, in one round trip: what it writes besides the
   * app and the resource (`KEY_COLUMNS`). Its violation of the primary key is a repeat: see `repeated`.
   */
  columns(key: IdempotencyKey | undefined): readonly [string | null, string | null, string | null, Buffer | null] {
    return key ? [key.caller, key.key, key.route, key.bodyHash] : [null, null, null, null];
  }

  /** What an earlier run made, when `error` says that its key row is there already; throws `error` if it says else. */
  async repeated(key: IdempotencyKey | undefined, error: unknown): Promise<Remembered> {
    const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
    if (!key || code !== UNIQUE_VIOLATION || constraint !== 'idempotency_keys_pkey') throw error;
    return this.#remembered(key);
  }

  async complete(key: IdempotencyKey, id: string, secret: string | undefined, tx?: Tx): Promise<void> {
    const done = await this.db.run(COMPLETE, [...primary(key), id, this.#seal(key, secret)], tx);
    if (done.length === 0) throw inProgress();
  }

  /** An answer that is not remembered: validation errors and everything that a repeat may turn into a success. */
  async forget(key: IdempotencyKey): Promise<void> {
    await this.db.run(FORGET, primary(key));
  }

  async #isDone(key: IdempotencyKey): Promise<boolean> {
    const [row] = await this.db.run<Row & Record<string, unknown>>(FIND, primary(key));
    return row !== undefined && row.resource_id !== null;
  }

  async #remembered(key: IdempotencyKey): Promise<Remembered> {
    const [row] = await this.db.run<Row & Record<string, unknown>>(FIND, primary(key));
    if (!row) throw inProgress();
    if (row.route !== key.route || !row.body_hash.equals(key.bodyHash)) {
      throw problem('idempotency_key_reused', 'This Idempotency-Key was used with another request. Send a new key.');
    }
    if (row.resource_id === null) throw inProgress();
    key.replayed = true;
    const fresh = Date.now() - row.created_at.getTime() < SECRET_REPLAY_MS;
    const secret = fresh && row.sealed !== null ? this.sealer.open(row.sealed, place(key)) : undefined;
    return { resourceId: row.resource_id, secret };
  }

  #seal(key: IdempotencyKey, secret: string | undefined): string | null {
    return secret === undefined ? null : this.sealer.seal(secret, place(key));
  }
}

/** The secret of a replay, or 409 once it may no longer be shown. */
export function shownAgain({ secret }: Remembered): string {
  if (secret !== undefined) return secret;
  throw problem('secret_already_shown', 'This was made, and its secret was shown, more than ten minutes ago.');
}

const primary = (key: IdempotencyKey) => [key.scope, key.caller, key.key] as const;
const inProgress = () =>
  problem('idempotency_in_progress', 'A request with this Idempotency-Key is still running.', { retryAfter: 1 });
const place = ({ scope, caller, key }: IdempotencyKey): SealedPlace => ({
  app: scope,
  table: 'idempotency_keys',
  row: `${caller}/${key}`,
  column: 'sealed',
});

const KEY = /^[\x21-\x7e]{1,255}$/;

/** Reads `Idempotency-Key` of a write, for the guard. Throws `validation_failed` when it has a bad form. */
export function idempotencyKeyOf(request: FastifyRequest, caller: Caller): IdempotencyKey | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined || request.method === 'GET') return undefined;
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw invalid('Idempotency-Key', 'must be 1 to 255 visible ASCII characters; a UUID is a good choice');
  }
  return {
    scope: 'app' in caller ? caller.app.id : caller.kind,
    caller: actorOf(caller),
    key,
    route: `${request.method} ${request.url}`,
    bodyHash: createHash('sha256')
      .update(JSON.stringify(request.body ?? null))
      .digest(),
    replayed: false,
  };
}
