import { until } from '../queues/support/until.js';
import { asServer, must, sandbox } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Sending } from './support/sending.js';

/** More than two pages of an audience. */
const PEOPLE = 1_200;
/** Rows looked at per message, by whoever: a handful for each of its statements. Whoever reads them all needs hundreds. */
const LOOKED_AT = 50;
/** A connection plans a statement for good after five times. */
const SINGLES = 12;

/**
 * Users, identities and consents as logins and dialogs would have left them.
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
  insert into message_consents (app_id, account_id, template_id, openid, kind, subscribed, answer, answered_at)
  select $1, $2, $4, openid, 'long_term', true, 'accept', now() from people`;

const READ = `
  select (seq_tup_read + idx_tup_fetch)::float8 as looked, n_tup_upd::float8 as updated
  from pg_stat_user_tables where relname = 'notifications'`;

describe('a broadcast where only a few messages were sent before', () => {
  let minibase: Minibase;
  let shop: Sending;
  let other: Sending;
  beforeAll(async () => {
    minibase = await startMinibase({ redisUrl: undefined });
    [shop, other] = [await Sending.open(minibase, 'long_term'), await Sending.open(minibase, 'long_term')];
    await gather();
    const path = `/v1/message-accounts/${shop.accountId}`;
    await asServer(minibase, shop.app, 'PATCH', path, { body: { rateLimit: 10_000 } });
  }, 60_000);
  afterAll(() => minibase.close());

  const gather = async (): Promise<void> => {
    const { platformAppId, stock, app, accountId } = shop;
    const { templateId } = stock;
    const names = Array.from({ length: PEOPLE }, (_, place) => `reader-${place}`);
    const accept = async (): Promise<void> => {
      for (let user = names.pop(); user !== undefined; user = names.pop()) {
        await sandbox(minibase, 'consent', { platform: 'wechat', platformAppId, user, templateIds: [templateId], answer: 'accept', report: false }); // prettier-ignore
      }
    };
    await Promise.all(Array.from({ length: 8 }, accept));
    const path = `/_/consents?platform=wechat&platformAppId=${platformAppId}&templateId=${templateId}&limit=10000`;
    const { consents } = await must<{ consents: { openid: string }[] }>(minibase.sandboxUrl, 'GET', path);
    const openids = consents.map(({ openid }) => openid);
    await shop.sql(AUDIENCE, [app.appId, accountId, platformAppId, templateId, openids]);
  };

  /** Counters come from each connection when it has rested a while. */
  const settled = async (updated: number): Promise<{ looked: number; updated: number }> => {
    let seen = { looked: 0, updated: 0 };
    await until('the counters are in', async () => {
      [seen = seen] = await shop.sql<{ looked: number; updated: number }>(READ);
      return seen.updated >= updated;
    }, 30_000); // prettier-ignore
    return seen;
  };

  test('finds each message by its key', async () => {
    const person = await other.person('single');
    // Plans are made for that few, as they would be by a server that has run for a while.
    for (let sent = 0; sent < SINGLES; sent += 1) {
      await other.ended((await other.send(person.user.id)).id, 'sent');
      if (sent === 1) await other.sql('analyze');
    }
    const before = await settled(2 * SINGLES);
    const { id } = await shop.broadcast();
    const status = async () => (await shop.sql<{ status: string }>('select status from broadcasts where id = $1', [id]))[0]?.status; // prettier-ignore
    await until('it is over', async () => (await status()) === 'completed', 60_000);
    expect((await shop.broadcastOf(id)).progress).toMatchObject({ created: PEOPLE, sent: PEOPLE });
    const after = await settled(before.updated + 2 * PEOPLE);
    expect((after.looked - before.looked) / PEOPLE).toBeLessThan(LOOKED_AT);
  }, 120_000);
});
