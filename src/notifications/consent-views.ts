import { Injectable } from '@nestjs/common';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { Database, statement } from '../database/database.js';
import type { PlatformCode } from '../platforms/platform.js';
import { Payers } from '../tenancy/payers.js';
import { People, type ProgramPerson } from '../tenancy/people.js';
import type { EntryKind } from './consent-moves.js';
import type { ConsentEntryQuery, ConsentEntryView, ConsentPage, ConsentView } from './consents.schemas.js';

/** $2 accounts  $3 openids  $4 platforms  $5 their ids of the programs */
const OF_PERSONS = statement(`
  select p.platform, p.platform_app_id as "platformAppId", c.template_id as "templateId", c.kind,
    c.granted + c.claimed as available, c.reserved, c.subscribed, c.answer, c.answered_at as "answeredAt", (
      select t.key from message_templates t
      where t.app_id = $1 and coalesce(
        t.platforms -> p.platform -> 'accounts' -> p.platform_app_id ->> 'templateId',
        t.platforms -> p.platform ->> 'templateId') = c.template_id
      order by t.id limit 1) as template
  from unnest($2::text[], $3::text[], $4::text[], $5::text[]) p (account_id, openid, platform, platform_app_id)
    join message_consents c on c.app_id = $1 and c.account_id = p.account_id and c.openid = p.openid
  order by p.platform, p.platform_app_id, c.template_id`);

const ENTRIES = `
  select e.id, e.account_id as "platformAccountId", e.openid, e.template_id as "templateId", e.kind, e.granted, e.claimed,
    e.reserved, e.reason, e.notification_id as "notificationId", e.created_at as "createdAt"
  from message_consent_entries e
  where e.app_id = $1 and ($2::text is null or e.id < $2) and ($4::text is null or e.openid = $4)
    and ($5::text is null or e.template_id in (
      select jsonb_path_query(t.platforms, '$.**.templateId') #>> '{}' from message_templates t
      where t.app_id = $1 and (t.key = $5 or t.id = $5)))`;
const PAGE = 'order by e.id desc limit $3';
/** $2 before?  $3 at most  $4 openid?  $5 template? */
const LIST = statement(`${ENTRIES} ${PAGE}`);
/** $6 accounts  $7 openids, of one person or more */
const LIST_OF_PERSONS = statement(`
  ${ENTRIES} and (e.account_id, e.openid) in (select * from unnest($6::text[], $7::text[])) ${PAGE}`);

interface ConsentListRow extends Record<string, unknown>, Omit<ConsentView, 'answeredAt' | 'platform'> {
  platform: PlatformCode;
  answeredAt: Date;
}
interface EntryRow extends Record<string, unknown>, Omit<ConsentEntryView, 'createdAt' | 'kind'> {
  kind: EntryKind;
  createdAt: Date;
}

/** Reads consents, and the ledger behind them. */
@Injectable()
export class ConsentViews {
  constructor(
    private readonly db: Database,
    private readonly people: People,
    private readonly payers: Payers,
  ) {}

  /** What a user has answered, in every mini-program. Throws `user_not_found`, and `user_gone` for an erased one. */
  async ofUser(appId: string, userId: string): Promise<ConsentPage> {
    const persons = (await this.people.ofUsers(appId, [userId])).get(userId);
    // Nobody who ever came by a mini-program; but is there such a user at all?
    if (!persons) await this.payers.userOf(appId, userId);
    return { data: await this.ofPersons(appId, persons ?? []), nextCursor: null };
  }

  async ofPersons(appId: string, persons: readonly ProgramPerson[]): Promise<ConsentView[]> {
    const rows = await this.db.run<ConsentListRow>(OF_PERSONS, [
      appId,
      persons.map(({ accountId }) => accountId),
      persons.map(({ openid }) => openid),
      persons.map(({ platform }) => platform),
      persons.map(({ platformAppId }) => platformAppId),
    ]);
    return rows.map((row) => ({ ...row, answeredAt: row.answeredAt.toISOString() }));
  }

  /** Newest first. A user who is not there has no entries. */
  async entries(appId: string, query: ConsentEntryQuery): Promise<Page<ConsentEntryView>> {
    const { limit, cursor, userId, openid, template } = query;
    const before = cursor === undefined ? null : fromCursor(cursor, /^mce_[0-9a-f]{32}$/);
    const values = [appId, before, limit + 1, openid ?? null, template ?? null];
    if (userId === undefined) return toEntries(await this.db.run<EntryRow>(LIST, values), limit);
    const persons = (await this.people.ofUsers(appId, [userId])).get(userId) ?? [];
    const theirs = [persons.map((person) => person.accountId), persons.map((person) => person.openid)];
    return toEntries(await this.db.run<EntryRow>(LIST_OF_PERSONS, [...values, ...theirs]), limit);
  }
}

const toEntries = (rows: readonly EntryRow[], limit: number): Page<ConsentEntryView> =>
  toPage(
    rows,
    limit,
    ({ id }) => id,
    (row) => ({ ...row, createdAt: row.createdAt.toISOString() }),
  );
