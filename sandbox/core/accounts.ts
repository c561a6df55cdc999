import { z } from 'zod';
import { SandboxError } from './errors.js';
import type { Platform } from './platform.js';
import type { Row, Table } from './store.js';

/** A mini-program that is registered on a platform. */
export interface Account<Credentials extends object = object> extends Row {
  readonly platform: string;
  readonly kind: 'program';
  readonly platformAppId: string;
  readonly credentials: Credentials;
  /** The developer entity: one person has the same unionid in all programs of one entity. */
  readonly entity: string;
  /** False: not bound to an open platform, so its people have no unionid. */
  readonly unionid: boolean;
  /** Where the platform may send callbacks; nowhere else. */
  readonly callbackOrigin?: string;
}

const registrationSchema = z.strictObject({
  platform: z.string(),
  kind: z.literal('program', 'only kind "program" can be registered'),
  platformAppId: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional(),
  credentials: z.unknown().optional(),
  entity: z.string().min(1).max(64).optional(),
  unionid: z.boolean().optional(),
  callbackOrigin: z
    .url({ protocol: /^https?$/, error: 'a URL such as http://127.0.0.1:3000' })
    .transform((url) => new URL(url).origin)
    .optional(),
});

/** All accounts of all platforms. */
export class Accounts {
  #registering: Promise<unknown> = Promise.resolve();

  constructor(private readonly table: Table<Account>) {}

  /** Creates or updates an account; what `body` leaves out stays as it was or is generated. Gives what a console would show. */
  register(platform: Platform, body: unknown): Promise<object> {
    // One after the other: two that come together must not both generate keys for one account.
    const registered = this.#registering.then(() => this.#register(platform, registrationSchema.parse(body)));
    this.#registering = registered.catch(() => undefined);
    return registered;
  }

  book<Credentials extends object>(platform: string): AccountBook<Credentials> {
    return new AccountBook(platform, this.table);
  }

  async #register(platform: Platform, given: z.output<typeof registrationSchema>): Promise<object> {
    const platformAppId = given.platformAppId ?? platform.newPlatformAppId();
    const key = accountKey(platform.code, platformAppId);
    const previous = this.table.get(key);
    const callbackOrigin = given.callbackOrigin ?? previous?.callbackOrigin;
    const account: Account = {
      platform: platform.code,
      kind: given.kind,
      platformAppId,
      credentials: await platform.issueCredentials(given.credentials ?? {}, previous?.credentials),
      entity: given.entity ?? previous?.entity ?? 'default',
      unionid: given.unionid ?? previous?.unionid ?? true,
      ...(callbackOrigin && { callbackOrigin }),
    };
    this.table.set(key, account);
    return { ...account, credentials: platform.showCredentials(account.credentials) };
  }
}

/** The accounts of one platform. */
export class AccountBook<Credentials extends object> {
  constructor(
    private readonly platform: string,
    private readonly table: Table<Account>,
  ) {}

  get(platformAppId: string): Account<Credentials> | undefined {
    return this.table.get(accountKey(this.platform, platformAppId)) as Account<Credentials> | undefined;
  }

  /** For the sandbox's own surface: an unknown account is the caller's mistake. */
  require(platformAppId: string): Account<Credentials> {
    const account = this.get(platformAppId);
    if (!account) throw unknownAccount(this.platform, platformAppId);
    return account;
  }
}

export const accountKey = (platform: string, platformAppId: string): string => `${platform}/program/${platformAppId}`;

const unknownAccount = (platform: string, platformAppId: string): SandboxError =>
  new SandboxError(
    404,
    'account_unknown',
    `there is no ${platform} program ${platformAppId}: register it first with POST /_/accounts`,
  );
