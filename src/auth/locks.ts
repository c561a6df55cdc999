import { type Database, statement, type Tx } from '../database/database.js';

/**
 * The order in which every transaction locks rows of a person: unionids, identities, sessions, the user. A login takes
 * them so within its one statement (`login.sql.ts`); who takes them in another order meets it in a deadlock.
 * `no key update` lets rows that only refer to these be inserted meanwhile.
 */
const LOCKS = [
  `select from unionids where app_id = $1 and user_id = any ($2) order by platform, unionid for no key update`,
  `select from identities where app_id = $1 and user_id = any ($2) order by id for no key update`,
  `select from sessions where app_id = $1 and user_id = any ($2) and revoked_at is null order by id for no key update`,
  `select from users where app_id = $1 and id = any ($2) order by id for no key update`,
].map(statement);

/** Until `tx` ends, nobody else changes these users, links to them or logs in as them. */
export async function lockUsers(db: Database, tx: Tx, appId: string, userIds: readonly string[]): Promise<void> {
  for (const lock of LOCKS) await db.run(lock, [appId, userIds], tx);
}
