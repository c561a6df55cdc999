import { MessageAccounts } from '../../src/notifications/message-accounts.js';
import { asServer } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Answering } from './support/answering.js';

interface Seen {
  readonly id: string;
  readonly mode: string;
  readonly lastPushAt: string | null;
  readonly pausedUntil: string | null;
  readonly pauseReason: string | null;
  readonly rateLimit: number | null;
  readonly platformRateLimit: number;
  readonly queued: number;
}

describe('mini-programs that send messages', () => {
  let minibase: Minibase;
  let shop: Answering;
  beforeAll(async () => {
    minibase = await startMinibase();
    shop = await Answering.open(minibase);
  });
  afterAll(() => minibase.close());

  const path = () => `/v1/message-accounts/${shop.accountId}`;
  const server = <T>(method: string, at: string, body?: unknown) =>
    asServer<T>(minibase, shop.app, method, at, { body });
  const list = async () => (await server<{ data: Seen[] }>('GET', '/v1/message-accounts')).body.data;

  test('are listed with their mode, pace and pause, before anything was set', async () => {
    expect(await list()).toEqual([
      expect.objectContaining({
        ...{ id: shop.accountId, platform: 'wechat', platformAppId: shop.app.programs.wechat.platformAppId },
        ...{ mode: 'report', lastPushAt: null, pausedUntil: null, pauseReason: null, rateLimit: null, queued: 0 },
      }),
    ]);
    await shop.push();
    const [seen] = await list();
    expect(seen!.mode).toBe('push');
    expect(Math.abs(Date.parse(seen!.lastPushAt!) - minibase.clock.now().getTime())).toBeLessThan(10_000);
  });

  test('have a limit that can be set and taken away', async () => {
    expect((await server<Seen>('PATCH', path(), { rateLimit: 50 })).body).toMatchObject({
      rateLimit: 50,
      mode: 'push',
    });
    expect((await list())[0]).toMatchObject({ rateLimit: 50 });
    expect((await server<Seen>('PATCH', path(), { rateLimit: null })).body).toMatchObject({ rateLimit: null });
    for (const rateLimit of [0, -1, 1.5, 10_001, '5', undefined]) {
      expect(await server('PATCH', path(), { rateLimit })).toMatchObject({ status: 400 });
    }
    const audit = await shop.sql('select from audit_log where app_id = $1 and action = $2', [
      shop.app.appId,
      'message_account.update',
    ]);
    expect(audit).toHaveLength(2);
  });

  test('send no more in any second than their limit', () => {
    const accounts = minibase.app.get(MessageAccounts, { strict: false });
    for (const limit of [1, 2, 3, 10, 50, 999, 10_000]) {
      const { perSecond, burst } = accounts.paceOf('wechat', limit);
      // What is there at the start, and what comes within less than a second.
      expect(burst + Math.ceil(perSecond) - 1).toBeLessThanOrEqual(limit);
      expect(perSecond).toBeGreaterThan(0);
    }
    expect(accounts.paceOf('wechat', null).perSecond).toBeGreaterThan(1);
  });

  test('go on before their pause has ended when somebody says so', async () => {
    const until = new Date(minibase.clock.now().getTime() + 3_600_000);
    await shop.sql(
      `update message_accounts set paused_until = $3, pause_reason = 'daily_limit' where app_id = $1 and account_id = $2`,
      [shop.app.appId, shop.accountId, until],
    );
    expect((await list())[0]).toMatchObject({ pausedUntil: until.toISOString(), pauseReason: 'daily_limit' });
    expect((await server<Seen>('POST', `${path()}/resume`)).body).toMatchObject({
      pausedUntil: null,
      pauseReason: null,
    });
  });

  test('are those of the app, and no others', async () => {
    const other = await Answering.open(minibase);
    const foreign = `/v1/message-accounts/${other.accountId}`;
    for (const [method, at, body] of [
      ['PATCH', foreign, { rateLimit: 1 }],
      ['POST', `${foreign}/resume`],
      ['PATCH', '/v1/message-accounts/pac_x', { rateLimit: 1 }],
    ] as const) {
      const answer = await server(method, at, body);
      expect(answer).toMatchObject({ status: 404, body: { code: 'platform_account_not_found' } });
    }
  });
});
