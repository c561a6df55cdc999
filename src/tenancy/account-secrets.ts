import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Sealer, type SealedPlace } from '../common/seal.js';
import type { PlatformAccount } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import type { Credentials } from './credentials.js';
import type { PlatformAccountRow } from './platform-account.entity.js';
import type { PlatformAccountView } from './platform-accounts.schemas.js';

/** Seals the credentials of platform accounts, opens them for the platforms, and shows of them what may be shown. */
@Injectable()
export class AccountSecrets {
  constructor(
    private readonly sealer: Sealer,
    private readonly platforms: Platforms,
  ) {}

  /** As the row of that account keeps them. */
  seal(appId: string, id: string, credentials: Credentials): string {
    return this.sealer.seal(JSON.stringify(credentials), place(appId, id));
  }

  credentialsOf({ appId, id, credentials }: PlatformAccountRow): Credentials {
    return JSON.parse(this.sealer.open(credentials, place(appId, id))) as Credentials;
  }

  /** The account as its platform needs it, secrets opened. */
  open(row: PlatformAccountRow, mode: 'test' | 'live'): PlatformAccount {
    const { appId, id, platform, platformAppId } = row;
    return Object.freeze({ appId, id, platform, platformAppId, mode, credentials: this.credentialsOf(row) });
  }

  /** The account as answers show it, with fingerprints in the place of secrets. */
  view(row: PlatformAccountRow): PlatformAccountView {
    const { secretFields } = this.platforms.get(row.platform);
    const { id, platform, platformAppId, name, status, createdAt, updatedAt } = row;
    const shown = Object.entries(this.credentialsOf(row)).map(([field, value]) => [
      field,
      secretFields.includes(field) ? fingerprint(value) : value,
    ]);
    return {
      id,
      platform,
      platformAppId,
      name,
      status,
      credentials: Object.fromEntries(shown) as Record<string, string>,
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
    };
  }
}

const place = (app: string, row: string): SealedPlace => ({
  app,
  table: 'platform_accounts',
  row,
  column: 'credentials',
});
const fingerprint = (secret: string): string =>
  `sha256:${createHash('sha256').update(secret).digest('hex').slice(0, 16)}`;
