import { Injectable } from '@nestjs/common';
import { invalid } from '../common/problems.js';
import type { PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import type { AccountRow } from './account.entity.js';
import type { AccountDescription, AccountKind } from './account-kind.js';
import type { AppRecord } from './caller.js';
import { type Credentials, parseCredentials, parseOwnId } from './credentials.js';
import { SandboxConsole } from './sandbox-console.js';

/** What a developer says of a new account; `id` is the one that it will have here. */
export interface NewAccount {
  readonly id: string;
  readonly platform: PlatformCode;
  readonly ownId: string | undefined;
  readonly credentials: Credentials;
}

/** Checks accounts as their platform wants them, and keeps the sandbox's consoles in step with a test app. */
@Injectable()
export class AccountConsole {
  constructor(
    private readonly platforms: Platforms,
    private readonly sandbox: SandboxConsole,
  ) {}

  describe(kind: AccountKind, platform: PlatformCode): AccountDescription {
    return kind.describe(this.platforms, platform);
  }

  /** The account as the platform wants it: given by a live app, completed by the sandbox for a test app. */
  async complete(kind: AccountKind, app: AppRecord, { platform, id, ownId, credentials }: NewAccount) {
    const description = this.describe(kind, platform);
    const checked = { kind, platform, description };
    if (ownId !== undefined) parseOwnId(checked, ownId);
    if (app.mode === 'live') {
      if (ownId === undefined) throw invalid(kind.ownId, 'a live account needs it');
      return { ownId, credentials: parseCredentials(checked, credentials) };
    }
    const told = description.toConsole(credentials);
    const shown = await this.sandbox.register(kind, { platform, id, ownId, credentials: told });
    return { ownId: shown.ownId, credentials: parseCredentials(checked, { ...shown.credentials, ...credentials }) };
  }

  /** The account's credentials after a change to `credentials`, of which the sandbox has been told. */
  async change(kind: AccountKind, app: AppRecord, row: AccountRow, credentials: Credentials): Promise<Credentials> {
    const { platform, id, ownId } = row;
    const description = this.describe(kind, platform);
    const checked = { kind, platform, description };
    if (app.mode === 'live') return parseCredentials(checked, credentials);
    const told = description.toConsole(credentials);
    const shown = await this.sandbox.register(kind, { platform, id, ownId, credentials: told });
    // What the console shows is the truth about the platform's side, also after the sandbox was reset.
    return parseCredentials(checked, { ...credentials, ...shown.credentials });
  }
}
