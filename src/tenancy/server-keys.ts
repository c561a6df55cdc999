import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Sealer, type SealedPlace } from '../common/seal.js';
import { Database, statement } from '../database/database.js';

/** Secrets of the installation that must outlive a change of the master key, so they are random, sealed and stored. */
export type KeyPurpose = 'refresh_token' | 'phone_lookup';

const GET = statement(`select id, sealed from server_keys where purpose = $1 limit 1`);
const ADD = statement(`insert into server_keys (id, purpose, sealed) values ($1, $2, $3) on conflict do nothing`);

export const serverKeyPlace = (row: string): SealedPlace => ({
  app: 'server',
  table: 'server_keys',
  row,
  column: 'sealed',
});

@Injectable()
export class ServerKeys {
  readonly #keys = new Map<KeyPurpose, Promise<Buffer>>();

  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
  ) {}

  /** The 32-byte key for a purpose, made by whichever process asks first. */
  get(purpose: KeyPurpose): Promise<Buffer> {
    const known = this.#keys.get(purpose);
    if (known) return known;
    const loading = this.#load(purpose);
    this.#keys.set(purpose, loading);
    loading.catch(() => this.#keys.delete(purpose));
    return loading;
  }

  async #load(purpose: KeyPurpose): Promise<Buffer> {
    const fresh = randomBytes(32).toString('base64');
    const [row] = await this.#find(purpose);
    if (!row) await this.db.run(ADD, [purpose, purpose, this.sealer.seal(fresh, serverKeyPlace(purpose))]);
    const [kept] = row ? [row] : await this.#find(purpose);
    if (!kept) throw new Error(`no key for ${purpose}`);
    return Buffer.from(this.sealer.open(kept.sealed, serverKeyPlace(kept.id)), 'base64');
  }

  #find(purpose: KeyPurpose): Promise<{ id: string; sealed: string }[]> {
    return this.db.run<{ id: string; sealed: string }>(GET, [purpose]);
  }
}
