import { SandboxError } from './errors.js';
import type { Platform } from './platform.js';
import { type PushSettings, type Registration, registrationSchema } from './registration.js';
import type { Row, Table } from './store.js';

interface Registered<Credentials extends object> extends Row {
  readonly platform: string;
  readonly credentials: Credentials;
  /**
   * The developer entity. One person has the same unionid in all programs of one entity; a program and a merchant of one
   * entity are bound to each other.
   */
  readonly entity: string;
  /** Where the platform may send callbacks; nowhere else. */
  readonly callbackOrigin?: string;
}

/** A mini-program that is registered on a platform. */
export interface Account<Credentials extends object = object> extends Registered<Credentials> {
  readonly kind: 'program';
  readonly platformAppId: string;
  readonly merchantId?: never;
  /** False: not bound to an open platform, so its people have no unionid. */
  readonly unionid: boolean;
  /** Where and how the platform pushes what happens, as set in its console. */
  readonly push?: PushSettings;
}

/** A merchant that is registered on a platform: it takes the money. */
export interface MerchantAccount<Credentials extends object = object> extends Registered<Credentials> {
  readonly kind: 'merchant';
  readonly merchantId: string;
  readonly platformAppId?: never;
  /** Where the platform tells of contracts that ended, as set in its console. */
  readonly push?: Pick<PushSettings, 'url'>;
}

export type AnyAccount<Credentials extends object = object> = Account<Credentials> | MerchantAccount<Credentials>;
export type AccountKind = AnyAccount['kind'];

/** How an account is named in a request; at least one of the two. */
export interface AccountName {
  readonly platform: string;
  readonly platformAppId?: string | undefined;
  readonly merchantId?: string | undefined;
}

/** All accounts of all platforms. */
export class Accounts {
  #registering: Promise<unknown> = Promise.resolve();
  /** Of each platform, kind and entity the accounts, in order of registration; made again after a change. */
  #byEntity: Map<string, AnyAccount[]> | undefined;

  constructor(private readonly table: Table<AnyAccount>) {}

  /** Creates or updates an account; what `body` leaves out stays as it was or is generated. Gives what a console would show. */
  register(platform: Platform, body: unknown): Promise<object> {
    // One after the other: two that come together must not both generate keys for one account.
    const registered = this.#registering.then(() => this.#register(platform, registrationSchema.parse(body)));
    this.#registering = registered.catch(() => undefined);
    return registered;
  }

  /** By its key; undefined after a reset. */
  get(key: string): AnyAccount | undefined {
    return this.table.get(key);
  }

  programs<Credentials extends object>(platform: string): AccountBook<Credentials> {
    return new AccountBook(platform, 'program', this);
  }

  merchants<Credentials extends object>(platform: string): AccountBook<Credentials, MerchantAccount<Credentials>> {
    return new AccountBook(platform, 'merchant', this);
  }

  /** The accounts that requests name: a program, a merchant, or both. Throws SandboxError for one that is unknown. */
  named({ platform, platformAppId, merchantId }: AccountName): AnyAccount[] {
    return [
      ...(platformAppId === undefined ? [] : [this.programs(platform).require(platformAppId)]),
      ...(merchantId === undefined ? [] : [this.merchants(platform).require(merchantId)]),
    ];
  }

  /** The accounts of one kind and entity, in order of registration. */
  ofEntity(platform: string, kind: AccountKind, entity: string): readonly AnyAccount[] {
    this.#byEntity ??= groups(this.table);
    return this.#byEntity.get(`${platform}/${kind}/${entity}`) ?? [];
  }

  /** To be called after the store forgot everything. */
  forgetAll(): void {
    this.#byEntity = undefined;
  }

  #register(platform: Platform, given: Registration): Promise<object> {
    return given.kind === 'program' ? this.#program(platform, given) : this.#merchant(platform, given);
  }

  async #program(platform: Platform, given: Registration & { kind: 'program' }): Promise<object> {
    const { code, services } = platform;
    const { kind, platformAppId = platform.newPlatformAppId() } = given;
    const previous = this.programs(code).get(platformAppId);
    const credentials = await platform.issueCredentials(given.credentials ?? {}, previous?.credentials);
    const unionid = given.unionid ?? previous?.unionid ?? true;
    const push = pushOf(given, previous);
    this.#keep({ platform: code, kind, platformAppId, credentials, unionid, ...push, ...kept(given, previous) });
    const account = this.programs(code).require(platformAppId);
    const templates = platform.messages?.templates(account);
    const shown = { ...account, credentials: platform.showCredentials(credentials), ...(templates && { templates }) };
    return { ...shown, ...(services && { services }) };
  }

  async #merchant(platform: Platform, given: Registration & { kind: 'merchant' }): Promise<object> {
    const { code, merchants } = platform;
    if (!merchants) throw new SandboxError(422, 'kind_unknown', `${code} has no merchants here`);
    const { kind, merchantId = merchants.newMerchantId() } = given;
    const previous = this.merchants(code).get(merchantId);
    const credentials = await merchants.issueCredentials(given.credentials ?? {}, previous?.credentials, merchantId);
    const push = pushOf(given, previous);
    this.#keep({ platform: code, kind, merchantId, credentials, ...push, ...kept(given, previous) });
    const { plans } = merchants;
    const account = this.merchants(code).require(merchantId);
    return { ...account, credentials: merchants.showCredentials(credentials), ...(plans && { plans }) };
  }

  #keep(account: AnyAccount): void {
    this.table.set(keyOf(account), account);
    this.#byEntity = undefined;
  }
}

/** The accounts of one kind on one platform. */
export class AccountBook<Credentials extends object, A extends AnyAccount = Account<Credentials>> {
  constructor(
    private readonly platform: string,
    private readonly kind: A['kind'],
    private readonly accounts: Accounts,
  ) {}

  /** By platformAppId or merchantId, as the book is of programs or of merchants. */
  get(id: string): A | undefined {
    return this.accounts.get(accountKey(this.platform, id, this.kind)) as A | undefined;
  }

  /** For the sandbox's own surface: an unknown account is the caller's mistake. */
  require(id: string): A {
    const account = this.get(id);
    if (!account) throw unknownAccount(this.platform, this.kind, id);
    return account;
  }

  /** Those of a developer entity, in order of registration. */
  ofEntity(entity: string): readonly A[] {
    return this.accounts.ofEntity(this.platform, this.kind, entity) as readonly unknown[] as readonly A[];
  }
}

export const accountKey = (platform: string, id: string, kind: AccountKind = 'program'): string =>
  `${platform}/${kind}/${id}`;

export const keyOf = (account: AnyAccount): string =>
  accountKey(account.platform, account.platformAppId ?? account.merchantId, account.kind);

/** What of a registration is the same for all kinds. */
function kept(given: Registration, previous: AnyAccount | undefined): Pick<AnyAccount, 'entity' | 'callbackOrigin'> {
  const pushOrigin = given.push?.url === undefined ? undefined : new URL(given.push.url).origin;
  const callbackOrigin = given.callbackOrigin ?? previous?.callbackOrigin ?? pushOrigin;
  return {
    entity: given.entity ?? previous?.entity ?? 'default',
    ...(callbackOrigin && { callbackOrigin }),
  };
}

/** What is given of the push settings changes them, the rest stays. */
const pushOf = (given: Registration, previous: AnyAccount | undefined): { push?: PushSettings } =>
  given.push || previous?.push ? { push: { ...previous?.push, ...given.push } } : {};

function groups(table: Table<AnyAccount>): Map<string, AnyAccount[]> {
  const groups = new Map<string, AnyAccount[]>();
  for (const [, account] of table.entries()) {
    const name = `${account.platform}/${account.kind}/${account.entity}`;
    const group = groups.get(name);
    if (group) group.push(account);
    else groups.set(name, [account]);
  }
  return groups;
}

const unknownAccount = (platform: string, kind: AccountKind, id: string): SandboxError =>
  new SandboxError(
    404,
    'account_unknown',
    `there is no ${platform} ${kind} ${id}: register it first with POST /_/accounts`,
  );
