import { setTimeout as sleep } from 'node:timers/promises';
import { drive } from './load.js';
import { examplesOf, type Notifying, templateOf } from './notifications-stand.js';
import { eachOnce } from './people.js';

const PATIENCE_MS = 120_000;
const POLL_MS = 10;

/** A grant for each message to come, each with its entry. $1 app  $2 account  $3 template  $4 openids  $5 each */
const CONSENTS = `
  with people as (select openid from unnest($4::text[]) openid),
  granted as (
    insert into message_consents
      (app_id, account_id, template_id, openid, kind, granted, answer, answered_at)
    select $1, $2, $3, openid, 'one_time', $5::int, 'accept', now() from people
    on conflict (app_id, account_id, template_id, openid) do update set granted = $5::int
  )
  insert into message_consent_entries (app_id, id, account_id, template_id, openid, kind, granted, reason)
  select $1, 'mce_' || replace(gen_random_uuid()::text, '-', ''), $2, $3, openid, 'granted', $5::int, 'report'
  from people`;

/** $1 app  $2 template  $3 account  $4 platform's template  $5 users  $6 openids  $7 each  $8 data */
const MESSAGES = `
  insert into notifications (app_id, id, user_id, template_id, data, platforms, account_id, platform, openid,
    platform_template_id, priority, status, send_at, expires_at, due_at)
  select $1, 'ntf_' || lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') ||
      substr(md5(random()::text || turn || person.openid), 1, 20),
    person.user_id, $2, $8::jsonb, '{wechat}', $3, 'wechat', person.openid, $4, 1, 'queued',
    now(), now() + interval '1 day', now() - interval '1 hour' + turn * interval '1 second'
  from generate_series(1, $7::int) turn cross join unnest($5::text[], $6::text[]) person (user_id, openid)
  order by turn`;

/** Makes at least so many messages wait, the same for each person, consents included. Gives how many. */
export async function fill(from: Notifying, sandboxUrl: string, messages: number): Promise<number> {
  const { side, accountId, templateId, platformTemplateId, recipients } = from;
  const each = Math.ceil(messages / recipients.length);
  const openids = recipients.map(({ openid }) => openid);
  const data = JSON.stringify(examplesOf(await templateOf(sandboxUrl, side, 'one_time')));
  await from.pause();
  await accept(from, sandboxUrl, each);
  await side.rows(CONSENTS, [side.appId, accountId, platformTemplateId, openids, each]);
  const users = recipients.map(({ userId }) => userId);
  await side.rows(MESSAGES, [side.appId, templateId, accountId, platformTemplateId, users, openids, each, data]);
  await side.analyze();
  return each * recipients.length;
}

/** On their phones, so often. */
async function accept({ side, platformTemplateId, recipients }: Notifying, url: string, each: number): Promise<void> {
  const { platformAppId } = side;
  const all = Array.from({ length: each }, () => recipients).flat();
  const script = eachOnce(all, ({ name: user }) => ({
    method: 'POST',
    path: '/_/consent',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ platform: 'wechat', platformAppId, user },
      ...{ templateIds: [platformTemplateId], answer: 'accept', report: false },
    }),
  }));
  await drive(url, 16, all.length, script);
}

const ENDED = 'select coalesce(sum(count), 0)::int as ended from notification_counts where app_id = $1';

/** Resolves when so many have ended, however. Throws when the server does not get there. */
export async function drained({ side: { name, appId, connect } }: Notifying, messages: number): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  const client = await connect();
  try {
    const asked = { name: 'ended', text: ENDED, values: [appId] };
    while ((await client.query<{ ended: number }>(asked)).rows[0]!.ended < messages) {
      if (performance.now() > end) throw new Error(`${name} has left messages undone`);
      await sleep(POLL_MS);
    }
  } finally {
    await client.end();
  }
}

/** Throws unless as many have been sent at their first try, and the books say so. Takes everything away again. */
export async function checkAndEmpty({ side: { name, appId, rows } }: Notifying, messages: number): Promise<void> {
  const [found] = await rows<{ sent: number; used: number; reserved: number; told: number }>(
    `select (select count(*)::int from notifications where app_id = $1 and status = 'sent') as sent,
       (select count(*)::int from message_consent_entries where app_id = $1 and kind = 'used') as used,
       (select coalesce(sum(granted + reserved), 0)::int from message_consents where app_id = $1) as reserved,
       (select count(*)::int from events where app_id = $1 and type = 'notification.sent') as told`,
    [appId],
  );
  const { sent, used, reserved, told } = found!;
  if (sent !== messages || used !== messages || told !== messages || reserved !== 0) {
    throw new Error(`${name}: of ${messages} messages ${sent} were sent, ${used} used, ${told} told, ${reserved} left`);
  }
  await rows('truncate notifications, message_consent_entries, message_consents, notification_counts');
  await rows("delete from events where app_id = $1 and type = 'notification.sent'", [appId]);
}
