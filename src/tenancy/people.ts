import type { Tx } from '../database/database.js';
import type { PlatformCode } from '../platforms/platform.js';

/** A person of a user in one mini-program. */
export interface ProgramPerson {
  readonly userId: string;
  /** `idn_…` */
  readonly identityId: string;
  /** `pac_…` of the mini-program. */
  readonly accountId: string;
  readonly platform: PlatformCode;
  readonly platformAppId: string;
  readonly openid: string;
}

/** Who stands behind openids; the `auth` domain knows. Anonymous visitors are not among them. */
export abstract class People {
  /**
   * The persons of users, of each user the latest login first. Merged users are followed: `userId` is who took over. Users
   * that are not there, erased or never came by a mini-program are missing. At most 1,000 users a call.
   */
  abstract ofUsers(
    appId: string,
    userIds: readonly string[],
    tx?: Tx,
  ): Promise<ReadonlyMap<string, readonly ProgramPerson[]>>;

  /** Active users by openid of one mini-program; openids that nobody logged in with are missing. At most 1,000. */
  abstract usersOf(
    appId: string,
    accountId: string,
    openids: readonly string[],
    tx?: Tx,
  ): Promise<ReadonlyMap<string, string>>;
}
