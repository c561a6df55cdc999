import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Sealer, type SealedPlace } from '../common/seal.js';
import type { AccountRow } from './account.entity.js';
import type { AccountKind } from './account-kind.js';
import type { Credentials } from './credentials.js';

/** Seals the credentials of accounts, opens them for the platforms, and shows of them what may be shown. */
@Injectable()
export class AccountSecrets {
  constructor(private readonly sealer: Sealer) {}

  /** As the row of that account keeps them. */
  seal({ table }: AccountKind, appId: string, id: string, credentials: Credentials): string {
    return this.sealer.seal(JSON.stringify(credentials), place(table, appId, id));
  }

  /** Frozen: platforms keep the parsed keys beside the object. */
  open({ table }: AccountKind, { appId, id, credentials }: AccountRow): Credentials {
    return Object.freeze(JSON.parse(this.sealer.open(credentials, place(table, appId, id))) as Credentials);
  }

  /** As answers show them: fingerprints in the place of secrets. */
  shown(credentials: Credentials, secretFields: readonly string[]): Record<string, string> {
    const shown = Object.entries(credentials).map(([field, value]) => [
      field,
      secretFields.includes(field) ? fingerprint(value) : value,
    ]);
    return Object.fromEntries(shown) as Record<string, string>;
  }
}

const place = (table: string, app: string, row: string): SealedPlace => ({ app, table, row, column: 'credentials' });
const fingerprint = (secret: string): string =>
  `sha256:${createHash('sha256').update(secret).digest('hex').slice(0, 16)}`;
