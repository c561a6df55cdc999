import { must } from '../test/support/client.js';
import type { Newsroom } from './newsroom.js';

/** Dialogs that are answered at the same time. */
const AT_ONCE = 16;
/** Consents that the sandbox shows at once. */
const PAGE = 10_000;

/** What the platform itself counts of one person and one template. */
export interface PlatformConsent {
  readonly openid: string;
  readonly templateId: string;
  readonly left: number;
  readonly subscribed: boolean;
}

/** Users as their logins would have left them. $2 account  $3 platformAppId  $4 openids */
const USERS = `
  with people as (
    select openid, replace(gen_random_uuid()::text, '-', '') as id from unnest($4::text[]) openid
  ),
  users as (insert into users (app_id, id) select $1, 'usr_' || id from people)
  insert into identities (app_id, id, user_id, account_id, platform, platform_app_id, openid)
  select $1, 'idn_' || id, 'usr_' || id, $2, 'wechat', $3, openid from people`;

/** Consents as dialogs would have left them, with their entries. $2 account  $3 template  $4 openids  $5 kind */
const CONSENTS = `
  with agreed as (
    insert into message_consents
      (app_id, account_id, template_id, openid, kind, granted, subscribed, answer, answered_at)
    select $1, $2, $3, openid, $5, ($5 = 'one_time')::int, $5 = 'long_term', 'accept', now() from unnest($4::text[]) openid
    returning openid, granted
  )
  insert into message_consent_entries (app_id, id, account_id, template_id, openid, kind, granted, reason)
  select $1, 'mce_' || replace(gen_random_uuid()::text, '-', ''), $2, $3, openid,
    case when granted > 0 then 'granted' else 'subscribed' end, granted, 'report'
  from agreed`;

/** Lets so many people agree at the platform, and writes that down as ours. Logins of thousands would be another game. */
export async function gather(room: Newsroom, people: number): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < people) await agree(room, next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const { id, platformAppId } = room.account;
  for (const { templateId, kind, readers } of room.letters) {
    const openids = (await consentsOf(room, templateId)).map(({ openid }) => openid);
    if (openids.length !== readers) throw new Error(`the sandbox knows ${openids.length} consents, not ${readers}`);
    if (kind === 'one_time') await room.rows(USERS, id, platformAppId, openids); // everybody
    await room.rows(CONSENTS, id, templateId, openids, kind);
  }
}

/** All that the platform counts for a template. */
export async function consentsOf(room: Newsroom, templateId: string): Promise<readonly PlatformConsent[]> {
  const all: PlatformConsent[] = [];
  for (;;) {
    const page = { templateId, offset: all.length, limit: PAGE };
    const { total, consents } = await room.seen<{ total: number; consents: PlatformConsent[] }>('consents', page);
    all.push(...consents);
    if (consents.length === 0 || all.length >= total) return all;
  }
}

/** One person's dialogs: one cannot ask for templates of both kinds. */
async function agree({ stage, account, letters }: Newsroom, n: number): Promise<void> {
  const person = { platform: 'wechat', platformAppId: account.platformAppId, user: `reader-${n}` };
  for (const { templateId } of letters.filter(({ readers }) => n < readers)) {
    // Nothing is pushed: the consents are written down below.
    const body = { ...person, templateIds: [templateId], answer: 'accept', report: false };
    await must(stage.sandboxUrl, 'POST', '/_/consent', { body });
  }
}
