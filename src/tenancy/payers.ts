import type { Tx } from '../database/database.js';

import type { PlatformCode } from '../platforms/platform.js';

/** As whom a user pays in a mini-program. */
export interface Payer {
  readonly userId: string;
  readonly openid: string;
}

/**
 * SQL: a row if the user is there, who can be neither merged nor erased until the transaction ends. For what is written
 * for a user whom an earlier statement has read.
 */
export const HOLD_USER = (app: string, user: string): string =>
  `select from users u where u.app_id = ${app} and u.id = ${user} and u.status = 'active' for share`;

/** Who knows users' identities; the `auth` domain does. */
export abstract class Payers {
  /**
   * The user's openid in that mini-program; of a merged user, that of who took over. Undefined when the user never came
   * from there, or only as an anonymous visitor. Throws `user_not_found`, and `user_gone` for an erased one.
   */
  abstract find(
    appId: string,
    userId: string,
    platform: PlatformCode,
    platformAppId: string,
  ): Promise<Payer | undefined>;

  /** The user's mini-programs on a platform, the latest login first: where to pay when nobody says. */
  abstract programs(appId: string, userId: string, platform: PlatformCode): Promise<readonly string[]>;

  /** The user behind an id: itself, or who took over. Throws like `find`. */
  abstract userOf(appId: string, userId: string, tx?: Tx): Promise<string>;
}
