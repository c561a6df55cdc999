import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Sealer } from '../common/seal.js';
import { Database } from '../database/database.js';
import { type EndpointRow, placeOf } from './endpoint.js';
import { FIND } from './endpoint.sql.js';
import { type Signer, signerOf } from './signature.js';

/** An endpoint as its lane needs it, secrets opened. */
export interface OpenEndpoint {
  readonly row: EndpointRow;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** The signer of each secret with the time until which it signs; null: for good. */
  readonly signers: readonly { readonly sign: Signer; readonly until: Date | null }[];
}

/** Endpoints for their lanes: read at each run, opened anew only when something of them has changed. */
@Injectable()
export class EndpointBook {
  readonly #opened = new LRUCache<string, OpenEndpoint>({ max: 1_000 });

  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
  ) {}

  /** Undefined when it was deleted. */
  async open(appId: string, id: string): Promise<OpenEndpoint | undefined> {
    const [row] = await this.db.run<EndpointRow>(FIND, [appId, id]);
    if (!row) return undefined;
    const key = [id, row.url, row.headers, row.secret, row.previousSecret, row.previousUntil?.getTime()].join(' ');
    const known = this.#opened.get(key);
    const opened = known ? { ...known, row } : this.#open(row);
    if (!known) this.#opened.set(key, opened);
    return opened;
  }

  #open(row: EndpointRow): OpenEndpoint {
    const { secret, previousSecret, previousUntil, headers } = row;
    const signers = [{ sign: signerOf(this.sealer.open(secret, placeOf(row, 'secret'))), until: null as Date | null }];
    if (previousSecret !== null) {
      const previous = this.sealer.open(previousSecret, placeOf(row, 'previous_secret'));
      signers.push({ sign: signerOf(previous), until: previousUntil });
    }
    return {
      row,
      url: new URL(row.url),
      headers:
        headers === null ? {} : (JSON.parse(this.sealer.open(headers, placeOf(row, 'headers'))) as OpenEndpoint['headers']), // prettier-ignore
      signers,
    };
  }
}
