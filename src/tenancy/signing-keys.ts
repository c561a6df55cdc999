import { createPublicKey, createPrivateKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Sealer } from '../common/seal.js';
import { Database, statement, type Tx } from '../database/database.js';
import { serverKeyPlace } from './server-keys.js';

/** A new key is published this long before it signs, so that every verifier has fetched it by then. */
const PUBLISH_BEFORE_MS = 10 * 60_000;
/** Access tokens of a key that no longer signs are taken until the last of them has ended, and a little longer. */
const ACCEPT_AFTER_MS = 30 * 60_000;
/** It stays published until the last snapshot that it signed has ended, and a little longer. */
const KEEP_AFTER_MS = 25 * 3_600_000;
/** How often a process looks for keys that another one made. */
const RELOAD_MS = 60_000;

/** Serialises the making of keys over all processes. */
const LOCK = statement(`select pg_advisory_xact_lock(7308324467)`);
const ALL = statement(`
  select id, sealed, signs_from from server_keys where purpose = 'access_token' order by signs_from, id`);
const ADD = statement(`
  insert into server_keys (id, purpose, sealed, signs_from) values ($1, 'access_token', $2, $3)`);
const DROP = statement(`delete from server_keys where purpose = 'access_token' and id = $1`);

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly signsFrom: Date;
}

export interface PublicJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'ES256';
}

/** The ES256 keys of access tokens and snapshots: one signs, all that may still be met verify. */
@Injectable()
export class SigningKeys {
  #keys: readonly SigningKey[] = [];
  #loadedAt = 0;
  #loading: Promise<readonly SigningKey[]> | undefined;

  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
  ) {}

  /** The key that signs now. */
  async current(): Promise<SigningKey> {
    const keys = await this.#fresh();
    const now = this.#now();
    return keys.findLast(({ signsFrom }) => signsFrom.getTime() <= now) ?? keys[0]!;
  }

  /** The public key of `kid`, or undefined when no access token of it can still be valid. */
  async find(kid: string): Promise<SigningKey | undefined> {
    const keys = await this.#fresh();
    const isKnown = keys.some((key) => key.kid === kid) || this.#now() - this.#loadedAt < 1_000;
    return this.#accepted(isKnown ? keys : await this.#load(), kid);
  }

  #accepted(keys: readonly SigningKey[], kid: string): SigningKey | undefined {
    const index = keys.findIndex((key) => key.kid === kid);
    const successor = index < 0 ? undefined : keys[index + 1];
    const isOver = successor && successor.signsFrom.getTime() + ACCEPT_AFTER_MS < this.#now();
    return isOver ? undefined : keys[index];
  }

  /** What `/.well-known/jwks.json` shows. */
  async published(): Promise<PublicJwk[]> {
    return (await this.#fresh()).map(({ kid, publicKey }) => {
      const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
      return { kty: kty!, crv: crv!, x: x!, y: y!, kid, use: 'sig', alg: 'ES256' };
    });
  }

  /** Publishes a new key that signs ten minutes from now, and drops those whose last token has ended. Gives its kid. */
  async rotate(): Promise<string> {
    const kid = await this.db.transaction(async (tx) => {
      await this.db.run(LOCK, [], tx);
      const keys = await this.#read(tx);
      const now = this.#now();
      for (const [index, key] of keys.entries()) {
        const successor = keys[index + 1];
        if (successor && successor.signsFrom.getTime() + KEEP_AFTER_MS < now) await this.db.run(DROP, [key.kid], tx);
      }
      return this.#make(tx, PUBLISH_BEFORE_MS);
    });
    await this.#load();
    return kid;
  }

  async #fresh(): Promise<readonly SigningKey[]> {
    if (this.#keys.length > 0 && this.#now() - this.#loadedAt < RELOAD_MS) return this.#keys;
    return this.#load();
  }

  #load(): Promise<readonly SigningKey[]> {
    this.#loading ??= this.#loadOrMake().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async #loadOrMake(): Promise<readonly SigningKey[]> {
    let keys = await this.#read();
    if (keys.length === 0) {
      await this.db.transaction(async (tx) => {
        await this.db.run(LOCK, [], tx);
        if ((await this.#read(tx)).length === 0) await this.#make(tx, 0);
      });
      keys = await this.#read();
    }
    this.#loadedAt = this.#now();
    return (this.#keys = keys);
  }

  async #make(tx: Tx, publishBefore: number): Promise<string> {
    const kid = randomBytes(9).toString('base64url');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const signsFrom = new Date(this.#now() + publishBefore);
    await this.db.run(ADD, [kid, this.sealer.seal(pem, serverKeyPlace(kid)), signsFrom], tx);
    return kid;
  }

  async #read(tx?: Tx): Promise<SigningKey[]> {
    const rows = await this.db.run<{ id: string; sealed: string; signs_from: Date }>(ALL, [], tx);
    return rows.map(({ id, sealed, signs_from }) => {
      const privateKey = createPrivateKey(this.sealer.open(sealed, serverKeyPlace(id)));
      return { kid: id, privateKey, publicKey: createPublicKey(privateKey), signsFrom: signs_from };
    });
  }

  #now(): number {
    return this.clock.now().getTime();
  }
}
