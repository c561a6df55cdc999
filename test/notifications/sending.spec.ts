import { TooEarly } from '../../src/callbacks/mismatch.js';
import { DeliveryNews } from '../../src/notifications/delivery-news.js';
import type { SendOutcome } from '../../src/platforms/message-platform.js';
import { Apps } from '../../src/tenancy/apps.service.js';
import { until } from '../queues/support/until.js';
import { onBothBackends } from '../support/backends.js';
import { aLogin, asServer, asUser, type LoggedIn } from '../support/client.js';
import { eventsOf, untilEvent } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { DATA, Sending } from './support/sending.js';

const HOUR = 3_600;
const DAY = 24 * HOUR;
/** What a clock in Tokyo shows so many hours after `now`. */
const tokyo = (now: Date, hours: number): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Tokyo', hour: '2-digit', minute: '2-digit' }).format(
    new Date(now.getTime() + hours * HOUR * 1_000),
  );

onBothBackends('a message to a user', (settings) => {
  let minibase: Minibase;
  beforeAll(async () => {
    minibase = await startMinibase(settings());
  });
  afterAll(() => minibase.close());

  test('goes through queue, lane and platform once, uses the consent, and is told of', async () => {
    const shop = await Sending.open(minibase);
    const ming = await shop.person('ming');
    expect(await shop.counts(ming)).toEqual([1, 0, 0]);
    const { id, status } = await shop.send(ming.user.id);
    expect(status).toBe('queued');
    expect(await shop.ended(id)).toMatchObject({ status: 'sent', platform: 'wechat', reason: null });
    expect(await shop.inbox('ming')).toMatchObject([{ templateId: shop.stock.templateId }]);
    expect(await shop.counts(ming)).toEqual([0, 0, 0]);
    const events = await untilEvent(minibase, shop.app.secretKey, 'notification.sent');
    expect(events.filter(({ type }) => type === 'notification.sent')).toMatchObject([
      {
        stream: { type: 'notification', id },
        sequence: 1,
        data: { notificationId: id, userId: ming.user.id, template: shop.key, status: 'sent', platform: 'wechat' },
      },
    ]);
  });
});

describe('sending', () => {
  let minibase: Minibase;
  let shop: Sending;
  beforeAll(async () => {
    minibase = await startMinibase({ redisUrl: undefined });
    shop = await Sending.open(minibase);
  });
  afterAll(() => minibase.close());

  const tell = async (login: LoggedIn, outcome: SendOutcome, platformMessageId: string | null): Promise<void> => {
    const app = await minibase.app.get(Apps, { strict: false }).record(shop.app.appId);
    const news = minibase.app.get(DeliveryNews, { strict: false });
    const push = { kind: 'delivery', openid: login.identity.openid, templateId: shop.stock.templateId } as const;
    await minibase.database.transaction((tx) =>
      news.apply(tx, app, shop.accountId, { ...push, platformMessageId, outcome }),
    );
  };

  test('to many users: each has one, in the order of the request, the second of a person after the first', async () => {
    const people = await shop.people('many', 12);
    const twice = await shop.person('many-twice', 2);
    const userIds = [...people, twice].map(({ user }) => user.id);
    const { status, body } = await shop.ask<{ data: { id: string; userId: string }[] }>({ userIds });
    expect(status).toBe(201);
    expect(body.data.map(({ userId }) => userId)).toEqual(userIds);
    const second = await shop.send(twice.user.id);
    for (const { id } of [...body.data, second]) expect((await shop.ended(id)).status).toBe('sent');
    expect(await shop.inbox('many-twice')).toHaveLength(2);
    expect(await shop.counts(twice)).toEqual([0, 0, 0]);
  });

  test('without consent it is refused, and the platform is not asked', async () => {
    const nobody = await aLogin(minibase, shop.app, 'no-consent');
    const { id } = await shop.send(nobody.user.id);
    expect(await shop.ended(id)).toMatchObject({ status: 'refused', reason: 'no_consent', platformCode: null });
    expect(await shop.inbox('no-consent')).toHaveLength(0);
  });

  test('to a user who never came by a mini-program of the template it fails at once', async () => {
    const ming = await shop.person('no-identity');
    await shop.sql(`update identities set anonymous = true where app_id = $1 and user_id = $2`, [shop.app.appId, ming.user.id]); // prettier-ignore
    expect(await shop.send(ming.user.id)).toMatchObject({ status: 'failed', reason: 'no_identity', platform: null });
    await untilEvent(minibase, shop.app.secretKey, 'notification.failed');
    const counts = await asServer<{ data: object[] }>(minibase, shop.app, 'GET', `/v1/message-templates/${shop.key}/counts`); // prettier-ignore
    expect(counts.body.data).toContainEqual(expect.objectContaining({ platform: 'none', status: 'failed', count: 1 }));
  });

  test('the same dedupeKey never makes two, also at once', async () => {
    const ming = await shop.person('dedupe', 2);
    const over = { dedupeKey: 'order-1' };
    const answers = await Promise.all(Array.from({ length: 5 }, () => shop.ask({ userId: ming.user.id }, over)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    await shop.ended(answers[0]!.body.id, 'sent');
    expect((await shop.ask({ userId: ming.user.id }, over)).body).toMatchObject({ status: 'sent' });
    expect(await shop.inbox('dedupe')).toHaveLength(1);
  });

  test('later: it is scheduled, can be canceled until then, and goes out at its time', async () => {
    const ming = await shop.person('later', 2);
    const over = { sendAt: await shop.at(HOUR) };
    const first = await shop.send(ming.user.id, over);
    const second = await shop.send(ming.user.id, over);
    expect([first.status, second.status]).toEqual(['scheduled', 'scheduled']);
    const cancel = () => asServer(minibase, shop.app, 'POST', `/v1/notifications/${first.id}/cancel`);
    expect((await cancel()).body).toMatchObject({ status: 'canceled' });
    expect(await cancel()).toMatchObject({ status: 409, body: { code: 'notification_not_cancelable' } });
    await shop.advance(HOUR);
    expect((await shop.ended(second.id)).status).toBe('sent');
    expect(await shop.inbox('later')).toHaveLength(1);
    expect(await shop.counts(ming)).toEqual([1, 0, 0]);
  });

  test('in quiet hours it waits for their end, by the clock of their time zone', async () => {
    const ming = await shop.person('quiet');
    const now = new Date(await shop.at(0));
    const quietHours = { from: tokyo(now, -1), to: tokyo(now, 2), timeZone: 'Asia/Tokyo' };
    const { id } = await shop.send(ming.user.id, { quietHours });
    const [waiting] = await shop.sql<{ due: Date }>('select due_at as due from notifications where id = $1', [id]);
    const hours = (waiting!.due.getTime() - now.getTime()) / 1_000 / HOUR;
    expect(hours).toBeGreaterThan(1.9);
    expect(hours).toBeLessThan(2.1);
    await shop.advance(2 * HOUR);
    expect((await shop.ended(id)).status).toBe('sent');
  });

  test('what became due in quiet hours, or expires in them, is not sent in them', async () => {
    const ming = await shop.person('quiet-2');
    const { id } = await shop.send(ming.user.id, {
      sendAt: await shop.at(3 * DAY),
      expiresAt: await shop.at(3 * DAY + HOUR),
    });
    const now = new Date(await shop.at(0));
    const quiet = { from: tokyo(now, -1), to: tokyo(now, 12), timeZone: 'Asia/Tokyo' };
    await shop.sql('update notifications set quiet_hours = $2 where id = $1', [id, JSON.stringify(quiet)]);
    await shop.advance(3 * DAY);
    const dueAtExpiry = 'select due_at = expires_at as yes from notifications where id = $1';
    await until('it waits', async () => (await shop.sql<{ yes: boolean }>(dueAtExpiry, [id]))[0]!.yes);
    await shop.advance(HOUR);
    expect((await shop.ended(id)).status).toBe('expired');
    expect(await shop.inbox('quiet-2')).toHaveLength(0);
    expect(await shop.counts(ming)).toEqual([1, 0, 0]);
  });

  test('a list of what was made of a template that is not there is empty', async () => {
    const list = await asServer(minibase, shop.app, 'GET', '/v1/notifications?template=nothing');
    expect(list).toMatchObject({ status: 200, body: { data: [], nextCursor: null } });
  });

  test('values and times that cannot be are refused at once, by field', async () => {
    const ming = await shop.person('refused');
    const to = { userId: ming.user.id };
    const codeOf = async (over: object) => (await shop.ask(to, over)).body.code;
    expect(await codeOf({ data: {} })).toBe('message_data_invalid');
    expect(await codeOf({ data: { ...DATA, other: 1 } })).toBe('message_data_invalid');
    expect(await codeOf({ platform: 'alipay' })).toBe('message_template_not_mapped');
    expect(await codeOf({ template: 'nothing' })).toBe('message_template_not_found');
    expect(await codeOf({ expiresAt: await shop.at(-HOUR) })).toBe('validation_failed');
    expect(await codeOf({ quietHours: { from: '22:00', to: '08:00', timeZone: 'Nowhere/City' } })).toBe('validation_failed'); // prettier-ignore
    expect(await codeOf({ quietHours: { from: '22:00', to: '08:00', timeZone: '+08:00' } })).toBe('validation_failed');
    expect((await shop.ask({ userId: 'usr_0' })).body.code).toBe('user_not_found');
  });

  test('an outcome that nobody knows keeps the consent for a day, and is never sent again', async () => {
    const ming = await shop.person('unknown');
    await shop.fault('timeout_after');
    const { id } = await shop.send(ming.user.id);
    expect(await shop.ended(id)).toMatchObject({ status: 'unknown', reason: 'no_answer' });
    expect(await shop.counts(ming)).toEqual([0, 0, 1]);
    await shop.advance(DAY + 1);
    await until('it counts as used', async () => (await shop.counts(ming))[2] === 0);
    expect(await shop.counts(ming)).toEqual([0, 0, 0]);
    expect((await shop.read(id)).status).toBe('unknown');
    expect(await shop.inbox('unknown')).toHaveLength(1);
  });

  test.each([
    ['sent', { kind: 'sent', platformMessageId: null }, [0, 0, 0]],
    ['refused', { kind: 'refused', platformCode: 'user_rejected', detail: '' }, [0, 0, 0]],
    ['failed', { kind: 'failed', fault: 'person', platformCode: 'system_failed', detail: '' }, [1, 0, 0]],
  ] as const)('the platform tells later that an unknown one was %s', async (status, outcome, counts) => {
    const ming = await shop.person(`told-${status}`);
    await shop.fault('timeout_before');
    const { id } = await shop.send(ming.user.id);
    await shop.ended(id, 'unknown');
    await tell(ming, outcome, null);
    await tell(ming, outcome, null); // A repeat changes nothing.
    expect((await shop.read(id)).status).toBe(status);
    expect(await shop.counts(ming)).toEqual(counts);
    const mine = async () => (await eventsOf(minibase, shop.app.secretKey)).filter(({ stream }) => stream.id === id);
    await until('both are told', async () => (await mine()).length === 2);
    expect((await mine()).map(({ type, sequence }) => [type, sequence])).toEqual([
      ['notification.unknown', 1],
      [`notification.${status}`, 2],
    ]);
  });

  test('an answer that was lost, of a message that the platform then says arrived: it was sent', async () => {
    const other = await Sending.open(minibase);
    const ming = await other.person('arrived');
    await other.pushesArrive();
    await other.fault('timeout_after');
    const { id } = await other.send(ming.user.id);
    expect(await other.ended(id)).toMatchObject({ status: 'sent', reason: null });
    expect(await other.counts(ming)).toEqual([0, 0, 0]);
  });

  test('while another one is on its way, nobody takes the news of an unknown one for news of that', async () => {
    const ming = await shop.person('two-of-one', 2);
    const sent = (platformMessageId: string) => tell(ming, { kind: 'sent', platformMessageId }, platformMessageId);
    await shop.fault('timeout_before');
    const first = await shop.send(ming.user.id);
    await shop.ended(first.id, 'unknown');
    await shop.fault('slow', { milliseconds: 1_500 });
    const second = await shop.send(ming.user.id);
    await until('it is on its way', async () => String(await shop.counts(ming)) === '0,0,2');
    await expect(sent('news-of-the-first')).rejects.toThrow(TooEarly);
    expect(await shop.ended(second.id)).toMatchObject({ status: 'sent' });
    await sent('news-of-the-first');
    expect((await shop.read(first.id)).status).toBe('sent');
    expect(await shop.counts(ming)).toEqual([0, 0, 0]);
  });

  test('the platform takes a success back: the consent is void', async () => {
    const ming = await shop.person('taken-back', 2);
    const { id } = await shop.send(ming.user.id);
    await shop.ended(id, 'sent');
    const [row] = await shop.sql<{ message: string }>('select platform_message_id as message from notifications where id = $1', [id]); // prettier-ignore
    await tell(ming, { kind: 'refused', platformCode: '1', detail: 'user rejected' }, row!.message);
    expect((await shop.read(id)).status).toBe('refused');
    expect(await shop.counts(ming)).toEqual([0, 0, 0]);
  });

  test('who is erased gets nothing more, and nothing personal is left', async () => {
    const ming = await shop.person('erased', 2);
    const sent = await shop.send(ming.user.id);
    await shop.ended(sent.id, 'sent');
    const waiting = await shop.send(ming.user.id, { sendAt: await shop.at(5 * DAY) });
    const exported = await asUser<Record<string, { id: string }[]>>(minibase, ming, 'GET', '/v1/me/export');
    expect(JSON.stringify(exported.body)).toContain(waiting.id);
    expect((await asUser(minibase, ming, 'DELETE', '/v1/me')).status).toBeLessThan(300);
    expect(await shop.read(waiting.id)).toMatchObject({ status: 'canceled', reason: 'user_erased', data: {} });
    const rows = await shop.sql('select data, openid, routes from notifications where user_id = $1', [ming.user.id]);
    for (const row of rows) expect(row).toEqual({ data: {}, openid: null, routes: [] });
  });

  test('five of high priority pass those that wait, in one account', async () => {
    const people = await shop.people('first', 30);
    await asServer(minibase, shop.app, 'PATCH', `/v1/message-accounts/${shop.accountId}`, { body: { rateLimit: 5 } });
    const ids = people.map(({ user }) => user.id);
    const normal = await shop.ask<{ data: { id: string }[] }>({ userIds: ids.slice(0, 25) });
    const high = await shop.ask<{ data: { id: string }[] }>({ userIds: ids.slice(25) }, { priority: 'high' });
    for (const { id } of high.body.data) await shop.ended(id, 'sent');
    const open = await asServer<{ data: unknown[] }>(minibase, shop.app, 'GET', '/v1/notifications?status=queued&limit=100'); // prettier-ignore
    expect(open.body.data.length).toBeGreaterThan(10);
    await asServer(minibase, shop.app, 'PATCH', `/v1/message-accounts/${shop.accountId}`, {
      body: { rateLimit: null },
    });
    for (const { id } of normal.body.data) await shop.ended(id, 'sent');
  });

  test('each final status has exactly one event, and the counts of the template agree with the messages', async () => {
    const rows = await shop.sql<{ id: string; status: string; sequence: number; platform: string | null }>(
      'select id, status, sequence, platform from notifications where app_id = $1', [shop.app.appId]); // prettier-ignore
    const told = (await eventsOf(minibase, shop.app.secretKey)).filter(({ stream }) => stream.type === 'notification');
    for (const { id, status, sequence } of rows) {
      const mine = told.filter(({ stream }) => stream.id === id);
      expect(mine.map((event) => event.sequence)).toEqual(Array.from({ length: sequence }, (_, n) => n + 1));
      expect(mine.at(-1)?.type).toBe(`notification.${status}`);
    }
    const counts = await shop.sql<{ status: string; count: number }>(
      'select status, sum(count)::int as count from notification_counts where app_id = $1 group by 1 having sum(count) <> 0',
      [shop.app.appId],
    );
    const expected = new Map<string, number>();
    for (const { status } of rows) expected.set(status, (expected.get(status) ?? 0) + 1);
    expect(new Map(counts.map(({ status, count }) => [status, count]))).toEqual(expected);
  });
});
