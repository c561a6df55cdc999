import { Injectable } from '@nestjs/common';
import { Database, statement, type Tx } from '../database/database.js';
import { People, type ProgramPerson } from '../tenancy/people.js';

const OF_USERS = statement(`
  select asked.id as "askedId", u.id as "userId", i.id as "identityId", i.account_id as "accountId", i.platform,
    i.platform_app_id as "platformAppId", i.openid
  from unnest($2::text[]) asked (id)
    join users a on a.app_id = $1 and a.id = asked.id
    join users u on u.app_id = $1 and u.id = coalesce(a.merged_into, a.id) and u.status = 'active'
    join identities i on i.app_id = $1 and i.user_id = u.id and not i.anonymous
  order by i.last_login_at desc, i.id`);
const USERS_OF = statement(`
  select i.openid, i.user_id as "userId"
  from platform_accounts p
    join identities i on i.app_id = $1 and i.platform = p.platform and i.platform_app_id = p.platform_app_id
      and i.openid = any ($3::text[]) and not i.anonymous
    join users u on u.app_id = $1 and u.id = i.user_id and u.status = 'active'
  where p.app_id = $1 and p.id = $2`);

/** Finds people by the identities that logins have left. */
@Injectable()
export class IdentityPeople extends People {
  constructor(private readonly db: Database) {
    super();
  }

  override async ofUsers(
    appId: string,
    userIds: readonly string[],
    tx?: Tx,
  ): Promise<ReadonlyMap<string, readonly ProgramPerson[]>> {
    const rows = await this.db.run<ProgramPerson & { askedId: string }>(OF_USERS, [appId, userIds], tx);
    const people = new Map<string, ProgramPerson[]>();
    for (const { askedId, ...person } of rows) people.set(askedId, [...(people.get(askedId) ?? []), person]);
    return people;
  }

  override async usersOf(
    appId: string,
    accountId: string,
    openids: readonly string[],
    tx?: Tx,
  ): Promise<ReadonlyMap<string, string>> {
    const rows = await this.db.run<{ openid: string; userId: string }>(USERS_OF, [appId, accountId, openids], tx);
    return new Map(rows.map(({ openid, userId }) => [openid, userId]));
  }
}
