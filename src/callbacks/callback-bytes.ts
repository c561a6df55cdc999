import { Injectable } from '@nestjs/common';
import { Sealer, type SealedPlace } from '../common/seal.js';
import type { RawCallback } from '../platforms/callback.js';
import type { CallbackRow } from './callback.sql.js';

/** What is kept of a callback, sealed: enough to verify it again. */
interface Kept {
  readonly headers: Readonly<Record<string, string>>;
  /** base64 */
  readonly body: string;
  readonly method: string;
  readonly hint?: string;
  readonly query?: Readonly<Record<string, string>>;
}

/** A callback as it came, from its row. */
export interface OpenedCallback extends RawCallback {
  readonly headers: Readonly<Record<string, string>>;
}

/** Callbacks as they came hold personal data, so their rows have them sealed. */
@Injectable()
export class CallbackBytes {
  constructor(private readonly sealer: Sealer) {}

  seal(appId: string, id: string, raw: RawCallback): string {
    return this.sealer.seal(JSON.stringify(keep(raw)), placeOf(appId, id));
  }

  /** Undefined: they were dropped. */
  open(appId: string, { id, sealed, receivedAt }: CallbackRow): OpenedCallback | undefined {
    if (sealed === null) return undefined;
    const kept = JSON.parse(this.sealer.open(sealed, placeOf(appId, id))) as Kept;
    const { method, headers, hint, query = {} } = kept;
    return { method, headers, query, hint, body: Buffer.from(kept.body, 'base64'), receivedAt };
  }
}

const placeOf = (app: string, row: string): SealedPlace => ({ app, table: 'callbacks', row, column: 'sealed' });

function keep({ method, headers, query, body, hint }: RawCallback): Kept {
  const known = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    method,
    headers: Object.fromEntries(known),
    body: body.toString('base64'),
    ...(hint === undefined ? {} : { hint }),
    ...(Object.keys(query).length === 0 ? {} : { query }),
  };
}
