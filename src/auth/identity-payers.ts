import { Injectable } from '@nestjs/common';
import { notFound, problem } from '../common/problems.js';
import { Database, statement, type Tx } from '../database/database.js';
import type { PlatformCode } from '../platforms/platform.js';
import { type Payer, Payers } from '../tenancy/payers.js';

const USER = statement(`
  select u.id, u.status from users u
  where u.app_id = $1 and u.id = (select coalesce(merged_into, id) from users where app_id = $1 and id = $2)`);
/** One round trip: the user after merges, and the identity if there is one. */
const FIND = statement(`
  select u.id, u.status, i.openid
  from users u left join identities i
    on i.app_id = $1 and i.user_id = u.id and i.platform = $3 and i.platform_app_id = $4 and not i.anonymous
  where u.app_id = $1 and u.id = (select coalesce(merged_into, id) from users where app_id = $1 and id = $2)
  order by i.last_login_at desc nulls last limit 1`);
const PROGRAMS = statement(`
  select platform_app_id from identities
  where app_id = $1 and platform = $3 and not anonymous
    and user_id = (select coalesce(merged_into, id) from users where app_id = $1 and id = $2)
  order by last_login_at desc limit 20`);

interface FoundUser extends Record<string, unknown> {
  id: string;
  status: string;
}

/** Finds as whom a user pays, by the identities that logins have left. */
@Injectable()
export class IdentityPayers extends Payers {
  constructor(private readonly db: Database) {
    super();
  }

  override async find(
    appId: string,
    userId: string,
    platform: PlatformCode,
    platformAppId: string,
  ): Promise<Payer | undefined> {
    const [row] = await this.db.run<FoundUser & { openid: string | null }>(FIND, [
      appId,
      userId,
      platform,
      platformAppId,
    ]);
    const user = present(row, userId);
    return user.openid === null ? undefined : { userId: user.id, openid: user.openid };
  }

  override async programs(appId: string, userId: string, platform: PlatformCode): Promise<readonly string[]> {
    const rows = await this.db.run<{ platform_app_id: string }>(PROGRAMS, [appId, userId, platform]);
    return rows.map((row) => row.platform_app_id);
  }

  override async userOf(appId: string, userId: string, tx?: Tx): Promise<string> {
    const [row] = await this.db.run<FoundUser>(USER, [appId, userId], tx);
    return present(row, userId).id;
  }
}

function present<Row extends FoundUser>(row: Row | undefined, userId: string): Row {
  if (!row) throw notFound('user', userId);
  if (row.status === 'erased') throw problem('user_gone', 'This user is erased.');
  return row;
}
