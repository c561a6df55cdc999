import type { Account } from '../core/accounts.js';
import { digestOf } from '../core/people.js';
import type { AlipayCredentials } from './developer-console.js';

/** Always the same for one person in one mini-program. */
const openIdOf = (platformAppId: string, user: string): string =>
  idOf(digestOf('alipay', 'open_id', platformAppId, user));

/** The number of the person's Alipay account: 16 digits, the same in all mini-programs. */
const userIdOf = (user: string): string => {
  const number = digestOf('alipay', 'user_id', user).readBigUInt64BE() % 10n ** 12n;
  return `2088${String(number).padStart(12, '0')}`;
};

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
