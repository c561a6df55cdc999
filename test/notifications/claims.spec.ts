import { examine } from '../../src/cli/doctor.js';
import { newId } from '../../src/common/ids.js';
import { claimOf } from '../../src/notifications/claiming.sql.js';
import { DeliveryNews } from '../../src/notifications/delivery-news.js';
import type { Claimed } from '../../src/notifications/outcomes.js';
import type { SendOutcome } from '../../src/platforms/message-platform.js';
import { Apps } from '../../src/tenancy/apps.service.js';
import { until } from '../queues/support/until.js';
import { asUser, type LoggedIn, sandbox } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Sending } from './support/sending.js';

const TEN_MINUTES = 600;

describe('what a client claims', () => {
  let minibase: Minibase;
  let shop: Sending;
  beforeAll(async () => {
    minibase = await startMinibase({ redisUrl: undefined });
    shop = await Sending.open(minibase);
    // From now on pushes grant: a stranger has answered, and the platform tells of it.
    await dialog('stranger');
    await until('pushes arrive', async () => (await shop.sql('select from message_accounts where last_push_at is not null')).length === 1); // prettier-ignore
  });
  afterEach(async () => {
    expect(await examine(minibase.database.dataSource)).toEqual([]);
  });
  afterAll(() => minibase.close());

  const person = (user: string, answer = 'accept', over: object = {}) => ({
    ...{ platform: 'wechat', platformAppId: shop.platformAppId, user },
    ...{ templateIds: [shop.stock.templateId], answer, ...over },
  });
  /** The person answers, and the platform pushes it. */
  const dialog = (user: string) => sandbox(minibase, 'consent', person(user));
  /** What the client says, true or not. */
  const report = async (login: LoggedIn): Promise<void> => {
    const body = { platform: 'wechat', results: { [shop.stock.templateId]: 'accept' } };
    expect((await asUser(minibase, login, 'POST', '/v1/me/message-consents', { body })).status).toBeLessThan(300);
  };
  const becomes = (login: LoggedIn, counts: readonly number[]) =>
    until(`${String(counts)} is counted`, async () => String(await shop.counts(login)) === String(counts));
  const reportsOf = (login: LoggedIn) =>
    shop.sql<{ status: string; notificationId: string | null }>(
      `select status, notification_id as "notificationId" from message_consent_reports
       where app_id = $1 and openid = $2 order by id`,
      [shop.app.appId, login.identity.openid],
    );
  const kindsOf = async (login: LoggedIn) =>
    (await shop.sql<{ kind: string }>('select kind from message_consent_entries where app_id = $1 and openid = $2 order by created_at, id', [shop.app.appId, login.identity.openid])).map(({ kind }) => kind); // prettier-ignore
  /** What the platform pushes of a message whose answer was lost. */
  const tell = async (login: LoggedIn, outcome: SendOutcome): Promise<void> => {
    const app = await minibase.app.get(Apps, { strict: false }).record(shop.app.appId);
    const news = minibase.app.get(DeliveryNews, { strict: false });
    const push = { kind: 'delivery', openid: login.identity.openid, templateId: shop.stock.templateId } as const;
    await minibase.database.transaction((tx) =>
      news.apply(tx, app, shop.accountId, { ...push, platformMessageId: null, outcome }),
    );
  };
  const FAILED: SendOutcome = { kind: 'failed', fault: 'person', platformCode: 'system_failed', detail: '' };
  const REFUSED: SendOutcome = { kind: 'refused', platformCode: 'user_rejected', detail: '' };
  /** A message that the claim lets through, whose answer is lost. */
  const lostOf = async (login: LoggedIn): Promise<string> => {
    await shop.fault('timeout_before');
    const { id } = await shop.send(login.user.id);
    await shop.ended(id, 'unknown');
    expect(await shop.counts(login)).toEqual([0, 0, 1]);
    return id;
  };

  test('lets one message through before its push, and no second one', async () => {
    const ming = await shop.person('ming');
    expect(await shop.counts(ming)).toEqual([0, 1, 0]);
    await shop.fault('slow', { milliseconds: 500 });
    const { id } = await shop.send(ming.user.id);
    await becomes(ming, [0, 0, 1]);
    expect(await reportsOf(ming)).toEqual([{ status: 'open', notificationId: id }]);
    expect(await shop.ended(id)).toMatchObject({ status: 'sent' });
    expect(await shop.counts(ming)).toEqual([0, 0, 0]);
    expect(await shop.ended((await shop.send(ming.user.id)).id)).toMatchObject({ reason: 'no_consent' });
    expect(await kindsOf(ming)).toEqual(['claimed', 'reserved', 'used']);
  });

  test('comes back when the message certainly was not sent, and lets the next one through', async () => {
    const ming = await shop.person('returned');
    await shop.fault('code', { code: '47003' });
    const { id } = await shop.send(ming.user.id);
    expect(await shop.ended(id)).toMatchObject({ status: 'failed' });
    expect(await shop.counts(ming)).toEqual([0, 1, 0]);
    expect(await reportsOf(ming)).toEqual([{ status: 'open', notificationId: null }]);
    expect(await shop.ended((await shop.send(ming.user.id)).id)).toMatchObject({ status: 'sent' });
    expect(await kindsOf(ming)).toEqual(['claimed', 'reserved', 'returned', 'reserved', 'used']);
  });

  test('comes back as what it has become meanwhile: a claim, a grant, or nothing', async () => {
    const open = await shop.person('back-open');
    await lostOf(open);
    await tell(open, FAILED);
    expect(await shop.counts(open)).toEqual([0, 1, 0]);

    const matched = await shop.person('back-matched');
    await lostOf(matched);
    await dialog('back-matched');
    await until('the push proves it', async () => (await reportsOf(matched))[0]!.status === 'matched');
    expect(await shop.counts(matched)).toEqual([0, 0, 1]);
    await tell(matched, FAILED);
    expect(await shop.counts(matched)).toEqual([1, 0, 0]);

    const dropped = await shop.person('back-dropped');
    await lostOf(dropped);
    await shop.advance(TEN_MINUTES + 1);
    await until('it is dropped', async () => (await reportsOf(dropped))[0]!.status === 'dropped');
    await tell(dropped, FAILED);
    expect(await shop.counts(dropped)).toEqual([0, 0, 0]);
  });

  describe('while a message is on its way that the platform then refuses', () => {
    /** Beyond the time in which a report could be of the same acceptance as the push. */
    const age = ({ identity }: LoggedIn) =>
      shop.sql(`update message_consent_pushes set pushed_at = pushed_at - interval '1 hour' where openid = $1`, [identity.openid]); // prettier-ignore
    /** Switched off at the platform, which has not told it yet; the message is on its way. */
    const doomed = async (user: string): Promise<[login: LoggedIn, id: string]> => {
      const login = await shop.person(user, 0);
      await dialog(user);
      await becomes(login, [1, 0, 0]);
      await age(login);
      await sandbox(minibase, 'consent', person(user, 'reject', { settings: true, report: false }));
      await shop.fault('slow', { milliseconds: 1_500 });
      const { id } = await shop.send(login.user.id);
      await becomes(login, [0, 0, 1]);
      return [login, id];
    };

    test('is still claimed, and what was counted before is void', async () => {
      const [ming, id] = await doomed('accepted-meanwhile');
      await report(ming);
      await becomes(ming, [0, 1, 1]);
      expect(await shop.ended(id)).toMatchObject({ status: 'refused', reason: 'user_refused' });
      expect(await shop.counts(ming)).toEqual([0, 1, 0]);
      expect((await reportsOf(ming)).at(-1)).toEqual({ status: 'open', notificationId: null });
      // And so it was: the message goes, and the push grants no second one.
      await dialog('accepted-meanwhile');
      await becomes(ming, [1, 0, 0]);
      expect(await shop.ended((await shop.send(ming.user.id)).id)).toMatchObject({ status: 'sent' });
      expect(await shop.counts(ming)).toEqual([0, 0, 0]);
    });

    test('was claimed before: it goes with the rest', async () => {
      const login = await shop.person('claimed-before', 0);
      await dialog('claimed-before');
      await becomes(login, [1, 0, 0]);
      await age(login);
      await report(login);
      await becomes(login, [1, 1, 0]);
      await shop.fault('code', { code: '43101' });
      expect(await shop.ended((await shop.send(login.user.id)).id)).toMatchObject({ status: 'refused' });
      expect(await shop.counts(login)).toEqual([0, 0, 0]);
      expect(await reportsOf(login)).toEqual([{ status: 'dropped', notificationId: null }]);
    });

    test('and proven by a push that was taken for the proof of the claim which let it through: that is granted', async () => {
      const ming = await shop.person('proven-meanwhile', 0);
      await report(ming);
      await lostOf(ming);
      await dialog('proven-meanwhile');
      await until('the push is matched', async () => (await reportsOf(ming))[0]!.status === 'matched');
      await tell(ming, REFUSED);
      expect(await shop.counts(ming)).toEqual([1, 0, 0]);
      expect(await shop.ended((await shop.send(ming.user.id)).id)).toMatchObject({ status: 'sent' });
    });
  });
});

describe('what is told while its consent is being looked at for a message', () => {
  let minibase: Minibase;
  beforeAll(async () => {
    // Nobody sends: the claims of the lane are made here.
    minibase = await startMinibase({ role: 'api', redisUrl: undefined });
  });
  afterAll(() => minibase.close());

  const looked = async (shop: Sending): Promise<string[]> => {
    const now = minibase.clock.now();
    const ids = (kind: 'consentEntry' | 'event') => Array.from({ length: 8 }, () => newId(kind));
    const lease = new Date(now.getTime() + 30_000);
    const values = [shop.app.appId, shop.accountId, now, now, lease, 8, ids('consentEntry'), ids('event')];
    return (await minibase.database.run<Claimed>(claimOf(8), values)).map(({ verdict }) => verdict);
  };

  test.each([
    ['granted', ['grant'], []],
    // It is counted, and the report is not to be seen yet: the next look finds both.
    ['claimed', [], ['claim']],
  ] as const)('and %s, is taken at once or in the next look', async (column, first, second) => {
    const shop = await Sending.open(minibase);
    const ming = await shop.person('ming', 0);
    await shop.consent(ming, 'ming', 'reject');
    const { id } = await shop.send(ming.user.id);
    const consent = [shop.app.appId, shop.accountId, shop.stock.templateId, ming.identity.openid];
    const OF = 'app_id = $1 and account_id = $2 and template_id = $3 and openid = $4';
    const other = minibase.database.dataSource.createQueryRunner();
    await other.connect();
    await other.startTransaction();
    await other.query(`select from message_consents where ${OF} for update`, consent);
    const looking = looked(shop);
    await until('the look waits for the consent', async () => {
      const waiting = `select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%candidates%'`;
      return (await shop.sql(waiting)).length > 0;
    });
    await other.query(`update message_consents set ${column} = 1 where ${OF}`, consent);
    await other.query(
      `insert into message_consent_entries (app_id, account_id, template_id, openid, id, kind, ${column}, reason)
       values ($1, $2, $3, $4, $5, $6, 1, 'report')`,
      [...consent, newId('consentEntry'), column],
    );
    const report = newId('consentReport');
    await other.query(
      `insert into message_consent_reports (app_id, account_id, template_id, openid, id, mode, status, reported_at, drop_at)
       select $1, $2, $3, $4, $5, 'claim', 'open', now(), now() + interval '9 days' where $6 = 'claimed'`,
      [...consent, report, column],
    );
    await other.commitTransaction();
    await other.release();
    expect(await looking).toEqual(first);
    expect(await looked(shop)).toEqual(second);
    expect(await shop.counts(ming)).toEqual([0, 0, 1]);
    const used = await shop.sql<{ id: string }>('select id from message_consent_reports where notification_id = $1', [id]); // prettier-ignore
    expect(used).toEqual(column === 'claimed' ? [{ id: report }] : []);
    expect(await examine(minibase.database.dataSource)).toEqual([]);
  });
});
