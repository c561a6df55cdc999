import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { drive, once } from './load.js';
import { otherApp } from './notifications-other.js';
import { accountOf, createTemplate, examplesOf, headersOf, post, templateOf } from './notifications-stand.js';
import { eachOnce } from './people.js';
import type { Side, Stand } from './stand.js';

/** What a broadcast took, and what another app's messages waited: milliseconds, ascending. */
export interface Broadcast {
  readonly people: number;
  readonly seconds: number;
  /** Bytes of the server's process that are resident. */
  readonly memory: { readonly before: number; readonly highest: number };
  readonly alone: readonly number[];
  readonly beside: readonly number[];
}

const PEOPLE = 100_000;
const ALONE = 100;
const PATIENCE_MS = 20 * 60_000;

/**
 * Users, identities and consents as logins and dialogs would have left them; the openids are the sandbox's.
 * $1 app  $2 account  $3 platformAppId  $4 template  $5 openids
 */
const AUDIENCE = `
  with people as (
    select openid, replace(gen_random_uuid()::text, '-', '') as id from unnest($5::text[]) openid
  ),
  users as (insert into users (app_id, id) select $1, 'usr_' || id from people),
  identities as (
    insert into identities (app_id, id, user_id, account_id, platform, platform_app_id, openid)
    select $1, 'idn_' || id, 'usr_' || id, $2, 'wechat', $3, openid from people
  )
  insert into message_consents
    (app_id, account_id, template_id, openid, kind, subscribed, answer, answered_at)
  select $1, $2, $4, openid, 'long_term', true, 'accept', now() from people`;

/** Our side only. */
export async function measureBroadcast({ ours, sandboxUrl, operatorToken }: Stand): Promise<Broadcast> {
  const template = await templateOf(sandboxUrl, ours, 'long_term');
  await createTemplate(ours, 'bench.news', template, 'long_term');
  await gather(ours, sandboxUrl, template.templateId);
  const other = await otherApp(ours, sandboxUrl, operatorToken);
  const alone = await other.latencies((count) => count < ALONE);
  const before = residentOf(ours);
  let highest = before;
  const watch = setInterval(() => (highest = Math.max(highest, residentOf(ours))), 100);
  const begun = performance.now();
  const { id } = await post<{ id: string }>(ours, '/v1/broadcasts', {
    template: 'bench.news',
    data: examplesOf(template),
    filter: {},
  });
  let isOver = false;
  const over = completed(ours, id).finally(() => (isOver = true));
  const beside = await other.latencies(() => !isOver);
  await over;
  const seconds = (performance.now() - begun) / 1_000;
  clearInterval(watch);
  return { people: PEOPLE, seconds, memory: { before, highest }, alone, beside };
}

/** People who have accepted, at the platform and in our books. */
async function gather(side: Side, sandboxUrl: string, templateId: string): Promise<void> {
  const { platformAppId } = side;
  const names = Array.from({ length: PEOPLE }, (_, place) => ({ user: `reader-${place}` }));
  await drive(
    sandboxUrl,
    16,
    PEOPLE,
    eachOnce(names, ({ user }) => ({
      method: 'POST',
      path: '/_/consent',
      headers: {},
      body: JSON.stringify({ platform: 'wechat', platformAppId, user, templateIds: [templateId], answer: 'accept', report: false }), // prettier-ignore
    })),
  );
  const openids: string[] = [];
  for (let offset = 0; offset < PEOPLE; offset += 10_000) {
    const query = `platform=wechat&platformAppId=${platformAppId}&templateId=${templateId}&limit=10000&offset=${offset}`;
    const path = `/_/consents?${query}`;
    const page = await once<{ consents: { openid: string }[] }>(sandboxUrl, { method: 'GET', path, headers: {} });
    openids.push(...page.consents.map(({ openid }) => openid));
  }
  if (openids.length !== PEOPLE) throw new Error(`the sandbox knows ${openids.length} consents`);
  const accountId = await accountOf(side);
  await side.rows(AUDIENCE, [side.appId, accountId, platformAppId, templateId, openids]);
  const headers = headersOf(side);
  const path = `/v1/message-accounts/${accountId}`;
  await once(side.url, { method: 'PATCH', path, headers, body: JSON.stringify({ rateLimit: 10_000 }) });
  await side.analyze();
}

async function completed(side: Side, id: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const path = `/v1/broadcasts/${id}`;
    const found = await once<{ status: string; progress: { sent: number } }>(side.url, { method: 'GET', path, headers: headersOf(side) }); // prettier-ignore
    if (found.status === 'completed') {
      if (found.progress.sent !== PEOPLE) throw new Error(`the broadcast has sent ${JSON.stringify(found.progress)}`);
      return;
    }
    if (performance.now() > end) throw new Error(`the broadcast is ${found.status}`);
    await sleep(500);
  }
}

/** Of the server's process, from /proc: only on Linux. */
function residentOf({ process: { process: child } }: Side): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024;
}
