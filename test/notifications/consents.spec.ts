import { randomUUID } from 'node:crypto';
import { examine } from '../../src/cli/doctor.js';
import { newId } from '../../src/common/ids.js';
import { until } from '../queues/support/until.js';
import { aLogin, aProgram, ask, must } from '../support/client.js';
import { untilEvent } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Answering, aTemplateId, type Reported } from './support/answering.js';

const TEN_MINUTES = 600;

describe('message consents', () => {
  let minibase: Minibase;
  let shop: Answering;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    shop = await Answering.open(minibase);
  });
  afterEach(async () => {
    expect(await examine(minibase.database.dataSource)).toEqual([]);
  });
  afterAll(() => minibase.close());

  const mode = async () => {
    const { data } = await must<{ data: { id: string; mode: string; lastPushAt: string | null }[] }>(
      minibase.url,
      'GET',
      '/v1/message-accounts',
      { token: shop.app.secretKey },
    );
    return data.find(({ id }) => id === shop.accountId)!.mode;
  };
  const kinds = async () => (await shop.entries()).map(({ kind, reason }) => `${kind} ${reason}`);

  describe('without pushes', () => {
    test('each acceptance that a client reports is one message', async () => {
      expect(await mode()).toBe('report');
      expect(await shop.reported()).toEqual([true, 1]);
      minibase.clock.advance({ seconds: 4 });
      expect(await shop.reported('acceptWithAudio')).toEqual([true, 2]);
      expect(await shop.counts()).toEqual({ granted: 2, claimed: 0, reserved: 0, subscribed: false });
      expect(await kinds()).toEqual(['granted report', 'granted report']);
      expect(await shop.mine()).toEqual([
        expect.objectContaining({ platform: 'wechat', template: 'order.shipped', kind: 'one_time', available: 2, answer: 'acceptWithAudio' }), // prettier-ignore
      ]);
    });

    test('a second one within three seconds is the first one again', async () => {
      expect(await shop.reported()).toEqual([true, 1]);
      expect(await shop.reported()).toEqual([false, 1]);
      minibase.clock.advance({ seconds: 4 });
      expect(await shop.reported()).toEqual([true, 2]);
    });

    test('of many at the same moment one counts', async () => {
      const told = await Promise.all(Array.from({ length: 8 }, () => shop.reported()));
      expect(told.filter(([counted]) => counted)).toHaveLength(1);
      expect(await shop.counts()).toMatchObject({ granted: 1 });
    });

    test('the same Idempotency-Key gives the same answer, and counts once', async () => {
      const key = randomUUID();
      const first = await shop.report('accept', { key });
      minibase.clock.advance({ seconds: 10 });
      const second = await shop.report('accept', { key });
      expect(second.headers.get('idempotent-replayed')).toBe('true');
      expect(second.body).toEqual(first.body);
      expect(await shop.counts()).toMatchObject({ granted: 1 });
      const dull = randomUUID();
      expect(await shop.reported('reject', { key: dull })).toEqual([false, 1]);
      expect(await shop.reported('reject', { key: dull })).toEqual([false, 1]);
    });

    test('no other answer counts, and none takes back what was accepted before', async () => {
      expect(await shop.reported()).toEqual([true, 1]);
      minibase.clock.advance({ seconds: 4 });
      for (const answer of ['reject', 'ban', 'filter', 'acceptance', 'x'.repeat(300)]) {
        expect(await shop.reported(answer)).toEqual([false, 1]);
      }
      expect(await shop.mine()).toEqual([expect.objectContaining({ answer: 'x'.repeat(40), available: 1 })]);
    });

    test('templates that no message of the app uses are left out', async () => {
      const other = aTemplateId();
      const results = { [shop.templateId]: 'accept', [other]: 'accept', errMsg: 'ok', 'no template': 'accept' };
      const body = { platform: 'wechat', results };
      const asking = { token: shop.login.accessToken, body, key: randomUUID() };
      const told = await must<Reported>(minibase.url, 'POST', '/v1/me/message-consents', asking);
      expect(told.data.map(({ templateId, counted }) => [templateId, counted])).toEqual([[shop.templateId, true]]);
      expect(told.ignored).toEqual([other]);
      expect(await must<Reported>(minibase.url, 'POST', '/v1/me/message-consents', asking)).toEqual(told);
      expect(await shop.sql('select from message_consents where template_id = $1', [other])).toEqual([]);
    });

    test('more than twenty templates at once are refused', async () => {
      const results = Object.fromEntries(Array.from({ length: 21 }, () => [aTemplateId(), 'accept']));
      const asking = { token: shop.login.accessToken, body: { platform: 'wechat', results } };
      const answer = await ask(minibase.url, 'POST', '/v1/me/message-consents', asking);
      expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    });
  });

  describe('with pushes', () => {
    beforeEach(() => shop.pushesArrive());

    test('the first push of an account makes it one', async () => {
      expect(await mode()).toBe('push');
      const events = await untilEvent(minibase, shop.app.secretKey, 'push.received');
      expect(events.at(-1)!.data).toMatchObject({ platformAccountId: shop.accountId, pushType: 'subscribe_msg_popup_event' }); // prettier-ignore
    });

    test('a report lets one message through, until the push has proven it', async () => {
      expect(await shop.reported()).toEqual([true, 1]);
      expect(await shop.counts()).toMatchObject({ granted: 0, claimed: 1 });
      await shop.push();
      expect(await shop.counts()).toMatchObject({ granted: 1, claimed: 0 });
      expect(await kinds()).toEqual(['claimed report', 'confirmed push']);
      await shop.push();
      expect(await shop.counts()).toMatchObject({ granted: 2, claimed: 0 });
    });

    test('a report that comes after its push counts nothing more', async () => {
      await shop.push();
      expect(await shop.counts()).toMatchObject({ granted: 1, claimed: 0 });
      expect(await shop.reported()).toEqual([true, 1]);
      expect(await shop.counts()).toMatchObject({ granted: 1, claimed: 0 });
      minibase.clock.advance({ seconds: 4 });
      expect(await shop.reported()).toEqual([true, 2]);
      expect(await shop.counts()).toMatchObject({ granted: 1, claimed: 1 });
    });

    test('there is one claim at a time, however often a client claims', async () => {
      const told = await Promise.all(Array.from({ length: 8 }, () => shop.reported()));
      expect(told.filter(([counted]) => counted)).toHaveLength(1);
      minibase.clock.advance({ seconds: 30 });
      expect(await shop.reported()).toEqual([false, 1]);
      expect(await shop.counts()).toMatchObject({ granted: 0, claimed: 1 });
    });

    test('a claim that no push proves within ten minutes is dropped', async () => {
      await shop.report();
      await shop.advance(TEN_MINUTES + 1);
      await until('the claim is dropped', async () => (await shop.counts())?.claimed === 0, 15_000);
      expect(await kinds()).toEqual(['claimed report', 'dropped not_proven']);
      // A push that comes later still grants, and the next report is a claim again.
      await shop.push();
      expect(await shop.counts()).toMatchObject({ granted: 1, claimed: 0 });
      expect(await shop.sql('select from message_consent_reports where app_id = $1 and status = $2', [shop.app.appId, 'open'])).toEqual([]); // prettier-ignore
    });

    test('of a claim that let a message through, the push grants nothing more, however late', async () => {
      for (const isDropped of [false, true]) {
        const notification = await consumed(shop);
        if (isDropped) {
          await shop.advance(TEN_MINUTES + 1);
          const open = () =>
            shop.sql(`select from message_consent_reports where notification_id = $1 and status = 'open'`, [notification]); // prettier-ignore
          await until('the claim is dropped', async () => (await open()).length === 0, 15_000);
          minibase.clock.advance({ minutes: 20 });
          await shop.push([shop.answer()], { late: 1_199 });
        } else {
          await shop.push();
        }
        expect(await shop.counts()).toMatchObject({ granted: 0, claimed: 0 });
        const confirmed = (await shop.entries()).find(({ kind, notificationId }) => kind === 'confirmed' && notificationId === notification); // prettier-ignore
        expect(confirmed).toMatchObject({ granted: 0, claimed: 0 });
        minibase.clock.advance({ minutes: 11 });
      }
      await shop.push();
      expect(await shop.counts()).toMatchObject({ granted: 1, claimed: 0 });
    });

    test('a push that is told again, alone or with others, counts once', async () => {
      const news = shop.answer();
      await shop.push([news]);
      await shop.push([news, shop.answer(), news]);
      await Promise.all([shop.push([news]), shop.push([news])]);
      expect(await shop.counts()).toMatchObject({ granted: 2 });
      const fresh = shop.answer();
      await Promise.all([shop.push([fresh]), shop.push([fresh]), shop.push([fresh])]);
      expect(await shop.counts()).toMatchObject({ granted: 3 });
    });

    test('a refusal in the dialog leaves what was accepted before; one in the settings takes it back', async () => {
      await shop.push([shop.answer(), shop.answer()]);
      await shop.report();
      await shop.push([shop.answer('reject')]);
      expect(await shop.counts()).toMatchObject({ granted: 2, claimed: 0 });
      minibase.clock.advance({ minutes: 11 });
      await shop.report();
      expect(await shop.counts()).toMatchObject({ granted: 2, claimed: 1 });
      await shop.push([shop.answer('reject', { isSetting: true })]);
      expect(await shop.counts()).toEqual({ granted: 0, claimed: 0, reserved: 0, subscribed: false });
      expect((await shop.entries()).at(-1)).toMatchObject({ kind: 'voided', reason: 'settings', granted: -2, claimed: -1 }); // prettier-ignore
      await shop.push([shop.answer()]);
      expect(await shop.counts()).toMatchObject({ granted: 1, claimed: 0 });
    });

    test('pushes that come in another order than it happened come to the same', async () => {
      const off = () => shop.answer('reject', { isSetting: true });
      await shop.push([shop.answer()], { late: 60 });
      await shop.push([off()], { late: 20 });
      expect(await shop.counts()).toMatchObject({ granted: 0 });
      await shop.push([shop.answer()], { late: 30 });
      expect(await shop.counts()).toMatchObject({ granted: 0 });
      await shop.push([shop.answer()], { late: 10 });
      await shop.push([shop.answer()], { late: 2 });
      expect(await shop.counts()).toMatchObject({ granted: 2 });
      await shop.push([off()], { late: 5 });
      expect(await shop.counts()).toMatchObject({ granted: 1 });
    });

    test('people whom nobody knows yet are counted too, and have it when they come', async () => {
      const hong = 'hong-of-whom-nobody-knows';
      await shop.push([shop.answer('accept', { openid: hong })], { openid: hong });
      expect(await shop.counts(hong)).toMatchObject({ granted: 1 });
      const entries = await shop.entries(`&openid=${hong}`);
      expect(entries.map(({ kind }) => kind)).toEqual(['granted']);
    });

    test('a push about something else is an event and no more', async () => {
      await shop.push([], { type: 'text' });
      const events = await untilEvent(minibase, shop.app.secretKey, 'push.received', 2);
      expect(events.at(-1)!.data).toMatchObject({ pushType: 'text' });
      expect(await shop.counts()).toBeUndefined();
    });
  });

  describe('between the two', () => {
    test('an acceptance that a report has granted is not granted again by the first push', async () => {
      expect(await shop.reported()).toEqual([true, 1]);
      await shop.push();
      expect(await mode()).toBe('push');
      expect(await shop.counts()).toMatchObject({ granted: 1, claimed: 0 });
    });

    test('reports and pushes of the same acceptances at the same moment are never added up', async () => {
      const people = await Promise.all(
        Array.from({ length: 6 }, (_, nth) => aLogin(minibase, shop.app, `person-${nth}`)),
      );
      await Promise.all(
        people.flatMap((login) => [
          shop.report('accept', { token: login.accessToken }),
          shop.push([shop.answer('accept', { openid: login.identity.openid })]),
        ]),
      );
      for (const { identity } of people) {
        expect(await shop.counts(identity.openid)).toMatchObject({ granted: 1, claimed: 0 });
      }
    });

    test('thirty days after the last push reports grant again', async () => {
      await shop.push();
      minibase.clock.advance({ days: 31 });
      shop = await again(shop);
      expect(await mode()).toBe('report');
      expect(await shop.reported()).toEqual([true, 2]);
      expect(await shop.counts()).toMatchObject({ granted: 2, claimed: 0 });
      await shop.push();
      expect(await shop.counts()).toMatchObject({ granted: 2, claimed: 0 });
      expect(await mode()).toBe('push');
    });
  });

  test('what was told more than thirty days ago is forgotten, also where nobody claims', async () => {
    await shop.report();
    await shop.push([shop.answer(), shop.answer('reject')]);
    const kept = async () =>
      (
        await shop.sql<{ count: number }>(
          `select ((select count(*) from message_consent_reports where app_id = $1)
             + (select count(*) from message_consent_pushes where app_id = $1))::int as count`,
          [shop.app.appId],
        )
      )[0]!.count;
    expect(await kept()).toBe(3);
    minibase.clock.advance({ days: 31 });
    await until('nothing is kept', async () => (await kept()) === 0);
    expect(await shop.counts()).toMatchObject({ granted: 1, claimed: 0 });
  });

  describe('for the long term', () => {
    beforeEach(async () => {
      shop = await Answering.open(minibase, 'long_term');
    });

    test('one acceptance is for any number of messages, until it is taken back', async () => {
      expect((await shop.report()).body.data[0]).toMatchObject({ counted: true, available: 0, subscribed: true });
      expect((await shop.report()).body.data[0]).toMatchObject({ counted: true, subscribed: true });
      expect((await shop.report('filter')).body.data[0]).toMatchObject({ counted: false, subscribed: true });
      expect((await shop.report('reject')).body.data[0]).toMatchObject({ counted: false, subscribed: false });
      expect(await kinds()).toEqual(['subscribed report', 'unsubscribed report']);
    });

    test('pushes say so too, also of the settings', async () => {
      await shop.push();
      expect(await shop.counts()).toEqual({ granted: 0, claimed: 0, reserved: 0, subscribed: true });
      await shop.push([shop.answer('reject', { isSetting: true })]);
      expect(await shop.counts()).toMatchObject({ subscribed: false });
      await shop.push([shop.answer('accept', { isSetting: true })]);
      expect(await shop.counts()).toMatchObject({ subscribed: true });
      await shop.push([shop.answer('reject')]);
      expect(await shop.counts()).toMatchObject({ subscribed: false });
    });
  });

  describe('of a person', () => {
    const server = (path: string) => ask<{ data: object[]; code?: string }>(minibase.url, 'GET', path, { token: shop.app.secretKey }); // prettier-ignore

    test('are read by the developer, and of nobody else', async () => {
      await shop.report();
      const { id } = shop.login.user;
      expect((await server(`/v1/users/${id}/message-consents`)).body.data).toHaveLength(1);
      expect(await shop.entries(`&userId=${id}`)).toHaveLength(1);
      expect(await shop.entries(`&userId=${id}&template=order.shipped`)).toHaveLength(1);
      expect(await shop.entries(`&template=order.paid`)).toHaveLength(0);
      const { user } = await aLogin(minibase, shop.app, 'hong');
      expect((await server(`/v1/users/${user.id}/message-consents`)).body).toEqual({ data: [], nextCursor: null });
      expect(await shop.entries(`&userId=${user.id}`)).toEqual([]);
      const other = await Answering.open(minibase);
      expect(await server(`/v1/users/${other.login.user.id}/message-consents`)).toMatchObject({ status: 404, body: { code: 'user_not_found' } }); // prettier-ignore
      expect(await other.entries()).toEqual([]);
    });

    test('are apart in each app and each mini-program, also with the same openid and template', async () => {
      const other = await aProgram(minibase, shop.app.secretKey, 'wechat');
      await shop.report('accept', { body: { platform: 'wechat', platformAppId: shop.app.programs.wechat.platformAppId, results: { [shop.templateId]: 'accept' } } }); // prettier-ignore
      const body = { platform: 'wechat', platformAppId: other.platformAppId, results: { [shop.templateId]: 'accept' } };
      const asking = { token: shop.login.accessToken, body };
      const never = await ask(minibase.url, 'POST', '/v1/me/message-consents', asking);
      expect(never).toMatchObject({ status: 404, body: { code: 'identity_not_found' } });
      expect(await shop.report()).toMatchObject({ status: 422, body: { code: 'platform_account_ambiguous' } });
      expect(await shop.mine()).toHaveLength(1);
    });

    test('go when the person is erased, with what pushes said', async () => {
      await shop.report();
      minibase.clock.advance({ seconds: 4 });
      await shop.push();
      const exported = await must<Record<string, unknown>>(minibase.url, 'GET', '/v1/me/export', {
        token: shop.login.accessToken,
      });
      expect(JSON.stringify(exported)).toContain(shop.templateId);
      await must(minibase.url, 'DELETE', `/v1/users/${shop.login.user.id}`, { token: shop.app.secretKey });
      for (const table of ['consents', 'consent_reports', 'consent_pushes', 'consent_entries']) {
        expect(await shop.sql(`select from message_${table} where openid = $1`, [shop.openid])).toEqual([]);
      }
      // The platform may still speak of them: then they are a stranger.
      await shop.push();
      expect(await shop.counts()).toMatchObject({ granted: 1 });
    });

    test('follow the identities when users are merged', async () => {
      await shop.report();
      const { user } = await aLogin(minibase, shop.app, 'hong');
      const body = { into: user.id };
      await must(minibase.url, 'POST', `/v1/users/${shop.login.user.id}/merge`, { token: shop.app.secretKey, body });
      expect((await server(`/v1/users/${user.id}/message-consents`)).body.data).toHaveLength(1);
      expect((await server(`/v1/users/${shop.login.user.id}/message-consents`)).body.data).toHaveLength(1);
    });
  });
});

/** A claim that has let a message through, which is on its way; gives the message's id. */
async function consumed(shop: Answering): Promise<string> {
  await shop.report();
  const id = newId('notification');
  const consent = [shop.app.appId, shop.accountId, shop.templateId, shop.openid];
  await shop.sql(
    `with report as (
       update message_consent_reports set notification_id = $5
       where app_id = $1 and account_id = $2 and template_id = $3 and openid = $4 and status = 'open' and mode = 'claim'
     ), used as (
       update message_consents set claimed = claimed - 1
       where app_id = $1 and account_id = $2 and template_id = $3 and openid = $4 and claimed > 0
     )
     insert into message_consent_entries (app_id, id, account_id, template_id, openid, kind, claimed, reason, notification_id)
     values ($1, 'mce_' || substr($5, 5), $2, $3, $4, 'used', -1, 'sent', $5)`,
    [...consent, id],
  );
  return id;
}

/** The same with a new session: the clock has moved beyond the old one. */
async function again(shop: Answering): Promise<Answering> {
  const login = await aLogin(shop.minibase, shop.app, 'ming');
  return Object.assign(Object.create(Answering.prototype) as Answering, shop, { login });
}
