import { nextChinaDay } from '../../src/notifications/outcomes.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { until } from '../queues/support/until.js';
import { asServer } from '../support/client.js';
import { Sending } from './support/sending.js';

/** Codes of WeChat's documentation (subscribeMessage.send, general return codes) by the class in which a message ends. */
const FINAL = [
  ...['20002', '40035', '47001', '47003', '45168', '41030'].map((code) => [code, 'failed', 'data_refused'] as const),
  ['40003', 'failed', 'person_unreachable'],
  ['40037', 'failed', 'template_unusable'],
] as const;

describe('what WeChat answers to a message', () => {
  let minibase: Minibase;
  let shop: Sending;
  beforeAll(async () => {
    minibase = await startMinibase({ redisUrl: undefined });
    shop = await Sending.open(minibase);
  });
  afterAll(() => minibase.close());

  const state = async () =>
    (
      await shop.sql<{ pausedUntil: Date | null; pauseReason: string | null }>(
        'select paused_until as "pausedUntil", pause_reason as "pauseReason" from message_accounts where app_id = $1',
        [shop.app.appId],
      )
    )[0];
  const resume = () => asServer(minibase, shop.app, 'POST', `/v1/message-accounts/${shop.accountId}/resume`);
  const row = async (id: string) =>
    (await shop.sql<{ due: Date | null; tries: number; sendAt: Date; status: string }>(
      'select due_at as due, tries, send_at as "sendAt", status from notifications where id = $1', [id]))[0]!; // prettier-ignore

  test.each(FINAL)('%s: it is %s, and the consent comes back', async (code, status, reason) => {
    const ming = await shop.person(`final-${code}`);
    await shop.fault('code', { code });
    const { id } = await shop.send(ming.user.id);
    expect(await shop.ended(id)).toMatchObject({ status, reason, platformCode: code });
    expect(await shop.counts(ming)).toEqual([1, 0, 0]);
    expect(await shop.inbox(`final-${code}`)).toHaveLength(0);
  });

  test('43101: refused, and whatever was counted is void', async () => {
    const ming = await shop.person('refused', 3);
    await shop.fault('code', { code: '43101' });
    const { id } = await shop.send(ming.user.id);
    expect(await shop.ended(id)).toMatchObject({ status: 'refused', reason: 'user_refused', platformCode: '43101' });
    expect(await shop.counts(ming)).toEqual([0, 0, 0]);
    expect(await shop.ended((await shop.send(ming.user.id)).id)).toMatchObject({ reason: 'no_consent' });
  });

  test.each(['40001', '40014', '42001'])('%s: the token is renewed, and the message is sent', async (code) => {
    const ming = await shop.person(`token-${code}`);
    await shop.fault('code', { code });
    expect(await shop.ended((await shop.send(ming.user.id)).id)).toMatchObject({ status: 'sent' });
    expect(await shop.inbox(`token-${code}`)).toHaveLength(1);
    // A token that is refused at once again would not be renewed again.
    minibase.clock.advance({ seconds: 20 });
  });

  test.each(['-1', '43108'])('%s: it is tried again, and arrives once', async (code) => {
    const ming = await shop.person(`later-${code}`);
    await shop.fault('code', { code });
    expect(await shop.ended((await shop.send(ming.user.id)).id)).toMatchObject({ status: 'sent' });
    expect(await shop.inbox(`later-${code}`)).toHaveLength(1);
    expect(await shop.counts(ming)).toEqual([0, 0, 0]);
  });

  test('busy without end: after five tries it has failed, with pauses that grow', async () => {
    const ming = await shop.person('busy');
    await shop.fault('code', { code: '-1', times: 5 });
    const { id } = await shop.send(ming.user.id);
    for (let tries = 1; tries < 5; tries += 1) {
      await until(`try ${tries}`, async () => (await row(id)).tries === tries);
      const { due } = await row(id);
      const wait = (due!.getTime() - new Date(await shop.at(0)).getTime()) / 1_000;
      expect(wait).toBeLessThan(2 ** (tries - 1) * 1.25 + 0.1);
      await shop.advance(Math.max(0, wait) + 0.05);
      await asServer(minibase, shop.app, 'POST', `/v1/message-accounts/${shop.accountId}/resume`);
    }
    expect(await shop.ended(id)).toMatchObject({ status: 'failed', reason: 'platform_busy' });
    expect(await shop.counts(ming)).toEqual([1, 0, 0]);
  });

  test.each([
    ['45009', 'next_day'],
    ['45011', 60],
    ['45035', 60],
    ['45029', 60],
    ['43107', 60],
    ['48001', 60],
  ] as const)('%s: the account waits, and the message with it', async (code, until_) => {
    const ming = await shop.person(`pause-${code}`);
    await shop.fault('code', { code });
    const before = minibase.clock.now().getTime();
    const { id } = await shop.send(ming.user.id);
    await until('the account is paused', async () => ((await state())?.pausedUntil?.getTime() ?? 0) > before);
    await until('the message waits', async () => (await row(id)).status === 'queued' && (await shop.counts(ming))[0] === 1); // prettier-ignore
    const { pausedUntil, pauseReason } = (await state())!;
    const seconds = (pausedUntil!.getTime() - before) / 1_000;
    if (until_ === 'next_day') expect(pausedUntil!.getTime()).toBe(nextChinaDay(before));
    else {
      expect(seconds).toBeGreaterThanOrEqual(until_);
      expect(seconds).toBeLessThan(until_ * 1.25 + 5);
    }
    expect(pauseReason).not.toBe('');
    expect((await row(id)).tries).toBe(0);
    const { due } = await row(id);
    await resume();
    // Both clocks pass the pause of the message.
    await shop.advance(Math.ceil((due!.getTime() - new Date(await shop.at(0)).getTime()) / 1_000) + 1);
    await resume();
    expect(await shop.ended(id)).toMatchObject({ status: 'sent' });
  });

  test('a trouble that needs a person: each pause is twice as long, up to an hour, and who resumes begins anew', async () => {
    await resume();
    const ming = await shop.person('backing-off');
    const nobody = await shop.person('nobody', 0);
    await shop.fault('code', { code: '43107', times: 10 });
    const { id } = await shop.send(ming.user.id, { expiresAt: await shop.at(20 * 24 * 3_600) });
    const pauseAfter = async (before: number): Promise<number> => {
      await until('the account is paused', async () => ((await state())?.pausedUntil?.getTime() ?? 0) > before);
      return ((await state())!.pausedUntil!.getTime() - before) / 1_000;
    };
    for (const seconds of [60, 120, 240, 480, 960, 1_920, 3_600, 3_600]) {
      const paused = await pauseAfter(minibase.clock.now().getTime());
      expect(paused).toBeGreaterThan(seconds - 20);
      expect(paused).toBeLessThan(seconds + 20);
      await until('the message waits', async () => (await shop.counts(ming))[0] === 1);
      minibase.clock.advance({ seconds: Math.ceil(paused) + 1 });
      await shop.send(nobody.user.id); // Wakes the lane sooner than its sweep.
    }
    await pauseAfter(minibase.clock.now().getTime());
    await until('the message waits', async () => (await shop.counts(ming))[0] === 1);
    // Whoever has repaired it resumes: what goes wrong then is new.
    await resume();
    minibase.clock.advance({ seconds: 61 });
    const resumed = minibase.clock.now().getTime();
    await resume();
    expect(await pauseAfter(resumed)).toBeLessThan(80);
    await until('the message waits', async () => (await shop.counts(ming))[0] === 1);
    minibase.clock.advance({ seconds: 80 });
    await resume();
    expect(await shop.ended(id)).toMatchObject({ status: 'sent' });
  });

  test.each(['timeout_before', 'garbage'])('%s: nobody knows, and it is not sent again', async (kind) => {
    const ming = await shop.person(`unknown-${kind}`);
    await shop.fault(kind);
    const { id } = await shop.send(ming.user.id);
    expect(await shop.ended(id)).toMatchObject({ status: 'unknown', reason: 'no_answer' });
    expect(await shop.counts(ming)).toEqual([0, 0, 1]);
  });

  test('a code that nobody has documented is a fault of the message, after a second look', async () => {
    const ming = await shop.person('undocumented');
    await shop.fault('code', { code: '99999', times: 2 });
    const { id } = await shop.send(ming.user.id);
    expect(await shop.ended(id)).toMatchObject({ status: 'failed', platformCode: '99999' });
  });

  test('a template that was changed so that the values no longer fit: nothing leaves', async () => {
    const ming = await shop.person('changed');
    const { id } = await shop.send(ming.user.id, { sendAt: await shop.at(3_600) });
    await shop.sql(`update notifications set data = '{}' where id = $1`, [id]);
    await shop.advance(3_600);
    await resume();
    expect(await shop.ended(id)).toMatchObject({ status: 'failed', reason: 'data_refused' });
    expect(await shop.inbox('changed')).toHaveLength(0);
  });

  test('a template that was mapped to another of the platform: nothing leaves, and the consent is still there', async () => {
    const ming = await shop.person('mapped-anew');
    const { id } = await shop.send(ming.user.id, { sendAt: await shop.at(3_600) });
    const path = `/v1/message-templates/${shop.key}`;
    const { platforms } = (await asServer<{ platforms: { wechat: object } }>(minibase, shop.app, 'GET', path)).body;
    const mapTo = (templateId: string) =>
      asServer(minibase, shop.app, 'PATCH', path, { body: { platforms: { wechat: { ...platforms.wechat, templateId } } } }); // prettier-ignore
    expect((await mapTo('x'.repeat(43))).status).toBe(200);
    await shop.advance(3_600);
    await resume();
    expect(await shop.ended(id)).toMatchObject({ status: 'failed', reason: 'template_unusable', platformCode: 'template_changed' }); // prettier-ignore
    expect(await shop.counts(ming)).toEqual([1, 0, 0]);
    expect(await shop.inbox('mapped-anew')).toHaveLength(0);
    await mapTo(shop.stock.templateId);
  });
});
