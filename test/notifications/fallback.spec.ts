import { examine } from '../../src/cli/doctor.js';
import type { PlatformCode } from '../../src/platforms/platform.js';
import { until } from '../queues/support/until.js';
import { aCode, aLogin, anApp, aProgram, asServer, asUser, type LoggedIn, must, sandbox, type TestApp } from '../support/client.js'; // prettier-ignore
import { eventsOf } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { DATA, formOf, type SeenNotification } from './support/sending.js';
import { type StockTemplate, stockTemplates } from './support/stock-templates.js';

const HOUR_MS = 3_600_000;

describe('a message that cannot go where it was to go first', () => {
  let minibase: Minibase;
  beforeAll(async () => {
    minibase = await startMinibase({ redisUrl: undefined });
  });
  afterEach(async () => {
    expect(await examine(minibase.database.dataSource)).toEqual([]);
  });
  afterAll(() => minibase.close());

  const stockOf = async (platform: PlatformCode, platformAppId: string): Promise<StockTemplate> => {
    if (platform === 'wechat') {
      await sandbox(minibase, 'accounts', { platform, kind: 'program', platformAppId, push: { sent: false } });
    }
    return (await stockTemplates(minibase, platform, platformAppId)).find(({ kind }) => kind === 'one_time')!;
  };
  const template = (app: TestApp, platforms: object) =>
    must(minibase.url, 'POST', '/v1/message-templates', {
      token: app.secretKey,
      body: { key: 'order.shipped', variables: [{ name: 'item', type: 'text', example: 'Tea' }], platforms },
    });
  /** The dialog in one mini-program, told by the client. */
  const agree = async (
    login: LoggedIn,
    user: string,
    platform: PlatformCode,
    platformAppId: string,
    templateId: string,
  ) => {
    // prettier-ignore
    const asked = { platform, platformAppId, user, templateIds: [templateId], answer: 'accept', report: false };
    const { results } = await sandbox<{ results: object }>(minibase, 'consent', asked);
    const body = { platform, platformAppId, results };
    expect((await asUser(minibase, login, 'POST', '/v1/me/message-consents', { body })).status).toBeLessThan(300);
  };
  const send = async (app: TestApp, userId: string, over: object = {}): Promise<SeenNotification> => {
    const body = { to: { userId }, template: 'order.shipped', data: DATA, ...over };
    return (await asServer<SeenNotification>(minibase, app, 'POST', '/v1/notifications', { body })).body;
  };
  type Seen = SeenNotification & { platformAccountId: string | null };
  const ended = async (app: TestApp, id: string): Promise<Seen> => {
    const read = async () => (await asServer<Seen>(minibase, app, 'GET', `/v1/notifications/${id}`)).body;
    await until(`${id} is over`, async () => !['queued', 'scheduled'].includes((await read()).status));
    return read();
  };
  const inbox = async (platformAppId: string, user: string): Promise<number> => {
    const path = `/_/messages?${new URLSearchParams({ platformAppId, user }).toString()}`;
    return (await must<{ messages: object[] }>(minibase.sandboxUrl, 'GET', path)).messages.length;
  };
  const countsOf = async (app: TestApp) =>
    (
      await asServer<{ data: { platform: string; status: string; count: number }[] }>(
        minibase,
        app,
        'GET',
        '/v1/message-templates/order.shipped/counts',
      )
    ).body.data // prettier-ignore
      .map(({ platform, status, count }) => [platform, status, count]);

  test('goes to the next platform of the list where the person has agreed, once, and is counted there', async () => {
    const app = await anApp(minibase, ['wechat', 'alipay', 'douyin']);
    const forms: Partial<Record<PlatformCode, StockTemplate>> = {};
    for (const platform of ['wechat', 'alipay', 'douyin'] as const)
      forms[platform] = await stockOf(platform, app.programs[platform].platformAppId);
    await template(app, Object.fromEntries(Object.entries(forms).map(([code, stock]) => [code, formOf(stock)])));
    const ming = await aLogin(minibase, app, 'ming');
    for (const platform of ['alipay', 'douyin'] as const) {
      const body = { platform, code: await aCode(minibase, app, 'ming', platform) };
      expect((await asUser(minibase, ming, 'POST', '/v1/me/identities', { body })).status).toBeLessThan(300);
    }
    await agree(ming, 'ming', 'douyin', app.programs.douyin.platformAppId, forms.douyin!.templateId);

    const platforms = ['wechat', 'alipay', 'douyin'];
    const { id } = await send(app, ming.user.id, { platforms });
    expect(await ended(app, id)).toMatchObject({ status: 'sent', platform: 'douyin', platformAccountId: app.programs.douyin.id }); // prettier-ignore
    expect(await inbox(app.programs.douyin.platformAppId, 'ming')).toBe(1);
    for (const other of ['wechat', 'alipay'] as const)
      expect(await inbox(app.programs[other].platformAppId, 'ming')).toBe(0);
    expect(await countsOf(app)).toEqual([['douyin', 'sent', 1]]);

    // Nobody has agreed any more: it is refused by the last one, and told once.
    const second = await send(app, ming.user.id, { platforms });
    expect(await ended(app, second.id)).toMatchObject({ status: 'refused', reason: 'no_consent', platform: 'douyin' });
    const told = async () => (await eventsOf(minibase, app.secretKey)).filter(({ stream }) => stream.id === second.id);
    await until('it is told', async () => (await told()).length > 0);
    expect((await told()).map(({ type, sequence, data }) => [type, sequence, data['platform']])).toEqual([
      ['notification.refused', 1, 'douyin'],
    ]);
    // Only there: then nowhere else.
    await agree(ming, 'ming', 'alipay', app.programs.alipay.platformAppId, forms.alipay!.templateId);
    const only = await send(app, ming.user.id, { platform: 'wechat' });
    expect(await ended(app, only.id)).toMatchObject({ status: 'refused', platform: 'wechat' });
    // Without an order, where the person has agreed.
    expect(await ended(app, (await send(app, ming.user.id)).id)).toMatchObject({ status: 'sent', platform: 'alipay' });
  });

  test('goes to another mini-program when the consent of the first was used meanwhile', async () => {
    const app = await anApp(minibase, ['wechat']);
    const first = app.programs.wechat;
    const second = await aProgram(minibase, app.secretKey, 'wechat');
    const forms = [await stockOf('wechat', first.platformAppId), await stockOf('wechat', second.platformAppId)];
    const accounts = { [second.platformAppId]: { templateId: forms[1]!.templateId } };
    await template(app, { wechat: { ...formOf(forms[0]!), accounts } });
    const codeOf = async ({ platformAppId }: { platformAppId: string }) => {
      const body = { platform: 'wechat', platformAppId, user: 'hong' };
      return { platform: 'wechat', platformAppId, code: (await sandbox<{ code: string }>(minibase, 'login', body)).code }; // prettier-ignore
    };
    const body = await codeOf(first);
    const hong = await must<LoggedIn>(minibase.url, 'POST', '/v1/auth/login', { appId: app.appId, body });
    const link = { body: await codeOf(second) };
    expect((await asUser(minibase, hong, 'POST', '/v1/me/identities', link)).status).toBeLessThan(300);
    await agree(hong, 'hong', 'wechat', first.platformAppId, forms[0]!.templateId);
    await agree(hong, 'hong', 'wechat', second.platformAppId, forms[1]!.templateId);

    const sendAt = new Date(minibase.clock.now().getTime() + HOUR_MS).toISOString();
    const ids = [await send(app, hong.user.id, { sendAt }), await send(app, hong.user.id, { sendAt })].map(({ id }) => id); // prettier-ignore
    const accountsOf = async () =>
      (await minibase.database.dataSource.query<{ at: string }[]>('select account_id as at from notifications where app_id = $1', [app.appId])).map(({ at }) => at); // prettier-ignore
    expect(new Set(await accountsOf()).size).toBe(1);
    await minibase.database.dataSource.query('update apps set clock_offset = clock_offset + $2 where id = $1', [app.appId, HOUR_MS]); // prettier-ignore
    minibase.forgetApps();
    for (const id of ids) expect(await ended(app, id)).toMatchObject({ status: 'sent', platform: 'wechat' });
    expect((await accountsOf()).sort()).toEqual([first.id, second.id].sort());
    expect(await inbox(first.platformAppId, 'hong')).toBe(1);
    expect(await inbox(second.platformAppId, 'hong')).toBe(1);
  });
});
