import type { Account } from '../core/accounts.js';
import { digestOf } from '../core/people.js';
import type { World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import type { AlipayCredentials } from './developer-console.js';

/** Always the same for one person in one mini-program. */
const openIdOf = (platformAppId: string, user: string): string =>
  idOf(digestOf('alipay', 'open_id', platformAppId, user));

/** The number of the person's Alipay account: 16 digits, the same in all mini-programs. */
const userIdOf = (user: string): string => {
  const number = digestOf('alipay', 'user_id', user).readBigUInt64BE() % 10n ** 12n;
  return `2088${String(number).padStart(12, '0')}`;
};

interface Person extends Row {
  readonly user: string;
}

/** Who has opened which mini-program: ids are digests, so nobody could be found by theirs otherwise. */
export class People {
  readonly #people: Table<Person>;

  constructor(world: World) {
    this.#people = world.table('alipay.people');
  }

  remember({ platformAppId }: Account, user: string): void {
    for (const key of [openIdKey(platformAppId, openIdOf(platformAppId, user)), userIdKey(userIdOf(user))])
      if (!this.#people.get(key)) this.#people.set(key, { user });
  }

  /** Undefined: no person of that mini-program. */
  byOpenId(platformAppId: string, openId: string | undefined): string | undefined {
    return openId === undefined ? undefined : this.#people.get(openIdKey(platformAppId, openId))?.user;
  }

  byUserId(userId: string | undefined): string | undefined {
    return userId === undefined ? undefined : this.#people.get(userIdKey(userId))?.user;
  }
}

const openIdKey = (platformAppId: string, openId: string): string => `${platformAppId}/${openId}`;
const userIdKey = (userId: string): string => `user_id/${userId}`;

/** What others may see of the name with which the person logs in: a phone number with a gap. */
export function maskedLogonIdOf(user: string): string {
  const digest = digestOf('alipay', 'logon_id', user);
  const digits = (at: number, modulus: number, length: number) =>
    String(digest.readUInt32BE(at) % modulus).padStart(length, '0');
  return `1${digits(0, 100, 2)}****${digits(4, 10_000, 4)}`;
}

/** The ids that a mini-program gets of a person; union_id only when it is in a group of apps. */
export function idsOf(account: Account<AlipayCredentials>, user: string): Readonly<Record<string, string>> {
  const { platformAppId, credentials, entity, unionid } = account;
  const { idMode } = credentials;
  return {
    ...(idMode !== 'user_id' && { open_id: openIdOf(platformAppId, user) }),
    ...(unionid && { union_id: idOf(digestOf('alipay', 'union_id', entity, user)) }),
    ...(idMode !== 'open_id' && { user_id: userIdOf(user) }),
  };
}

/** 47 letters and digits that begin with `0`, as Alipay's open_id. */
const idOf = (digest: Buffer): string =>
  `0${String(digest.readUInt16BE() % 1000).padStart(3, '0')}${digest.toString('base64url').replaceAll('-', 'A').replaceAll('_', 'B')}`;
