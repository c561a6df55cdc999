import type { Account } from '../core/accounts.js';
import { digestOf } from '../core/people.js';

/** 28 characters beginning with `o`, always the same for one person in one mini-program. */
export const openidOf = (platformAppId: string, user: string): string =>
  `o${digestOf('wechat', 'openid', platformAppId, user).toString('base64url').slice(0, 27)}`;

/** One for all mini-programs of a developer; none where the mini-program is not bound to an open platform account. */
export const unionidOf = (account: Account, user: string): string | undefined =>
  account.unionid
    ? `o${digestOf('wechat', 'unionid', account.entity, user).toString('base64url').slice(0, 27)}`
    : undefined;
