import { Injectable } from '@nestjs/common';
import { fetch } from 'undici';
import { z } from 'zod';
import { problem } from '../common/problems.js';
import { Config } from '../config/config.js';
import type { PlatformCode } from '../platforms/platform.js';
import type { AccountKind } from './account-kind.js';
import type { Credentials } from './credentials.js';

const Registered = z.looseObject({ credentials: z.record(z.string(), z.string()) });
const Refused = z.object({ message: z.string() });

export interface Registration {
  readonly platform: PlatformCode;
  /** `pac_…`, `mac_…`: our id of the account. */
  readonly id: string;
  /** The platform's own id of the account. */
  readonly ownId: string | undefined;
  /** What a developer would type into the platform's console: ids, and the public halves of keys. */
  readonly credentials: Credentials;
}

/** An account of an app as the sandbox names it: by one of the two ids. */
export interface SandboxAccount {
  readonly platform: PlatformCode;
  readonly platformAppId: string | null;
  readonly merchantId: string | null;
}

const Moved = z.object({ next: z.iso.datetime().nullable() });

/** The consoles of the simulated platforms: registers a test app's mini-programs and merchants there. */
@Injectable()
export class SandboxConsole {
  constructor(private readonly config: Config) {}

  /** Gives what the platform's console shows, generated where it was left out. Doing it again changes nothing. */
  async register(
    { registeredAs, ownId: field }: AccountKind,
    { platform, id, ownId, credentials }: Registration,
  ): Promise<{ readonly ownId: string; readonly credentials: Credentials }> {
    const { sandboxUrl, publicUrl } = this.config;
    if (!sandboxUrl) throw problem('sandbox_unavailable', 'Test apps need the sandbox, and it is off: set SANDBOX=on.');
    const push = { url: `${publicUrl}/callbacks/${id}` };
    const account = { platform, kind: registeredAs, [field]: ownId, credentials, callbackOrigin: publicUrl, push };
    const answer = await fetch(`${sandboxUrl}/_/accounts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(account),
      signal: AbortSignal.timeout(10_000),
    }).catch((cause: unknown) => {
      throw problem('sandbox_unavailable', `The sandbox does not answer at ${sandboxUrl}.`, {}, { cause });
    });
    const body = await answer.json().catch(() => undefined);
    if (answer.status >= 500) {
      throw problem('sandbox_unavailable', `The sandbox at ${sandboxUrl} answers ${answer.status}.`);
    }
    if (answer.status >= 400) {
      const refused = Refused.safeParse(body);
      const why = refused.success ? refused.data.message : `status ${answer.status}`;
      throw problem('validation_failed', `The sandbox refuses the account: ${why}`);
    }
    const shown = Registered.parse(body);
    return { ownId: z.string().parse(shown[field]), credentials: shown.credentials };
  }

  /**
   * Moves the business time of accounts to `now`, does there what is due, and gives when the sandbox will do something
   * for them next. Throws 503 `sandbox_unavailable`.
   */
  async moveClock(accounts: readonly SandboxAccount[], now: Date): Promise<Date | null> {
    const named = accounts.map(({ platform, platformAppId, merchantId }) =>
      platformAppId === null ? { platform, merchantId } : { platform, platformAppId },
    );
    const answer = await fetch(`${this.config.sandboxUrl}/_/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ accounts: named, now: now.toISOString() }),
      signal: AbortSignal.timeout(20_000),
    }).catch((cause: unknown) => {
      throw problem('sandbox_unavailable', 'The sandbox does not answer.', {}, { cause });
    });
    const moved = Moved.safeParse(await answer.json().catch(() => undefined));
    if (!moved.success) throw problem('sandbox_unavailable', `The sandbox did not move its clock (${answer.status}).`);
    return moved.data.next === null ? null : new Date(moved.data.next);
  }
}
