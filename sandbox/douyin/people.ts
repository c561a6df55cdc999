import type { Account } from '../core/accounts.js';
import { digestOf } from '../core/people.js';

/** Always the same for one person in one mini-program. */
export const openidOf = (platformAppId: string, user: string): string =>
  `_000${digestOf('douyin', 'openid', platformAppId, user).toString('base64url').slice(0, 32)}`;

/** Always the same for one device in one mini-program, whoever is logged in on it. */
export const anonymousOpenidOf = (platformAppId: string, device: string): string =>
  digestOf('douyin', 'anonymous_openid', platformAppId, device).toString('base64url').slice(0, 32);

/** One for all mini-programs of a developer entity; empty where there is none. */
export const unionidOf = (account: Account, user: string): string =>
  account.unionid ? asUuid(digestOf('douyin', 'unionid', account.entity, user).toString('hex')) : '';

const asUuid = (hex: string): string => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
