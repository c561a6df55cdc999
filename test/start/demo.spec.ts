import { prepareDemo } from '../../src/start/demo.js';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ClientAction, PLATFORMS } from '../payments/support/shop.js';
import { until } from '../queues/support/until.js';
import { type LoggedIn, must, sandbox } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { merchantsOf } from '../tenancy/support/accounts.js';

describe('the demo app', () => {
  let minibase: Minibase;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  afterAll(() => minibase.close());

  const prepare = () => prepareDemo(minibase.config, minibase.url, minibase.sandboxUrl);

  test('can be paid on every platform, has a message to send, is found again, and told anew to a sandbox that forgot it', async () => {
    const demo = await prepare();
    const token = demo.secretKey;
    const merchants = merchantsOf(minibase, token);
    const made = await merchants.list();
    expect(made.map(({ platform }) => platform).sort()).toEqual(['alipay', 'douyin', 'wechat']);
    const { data: prices } = await must<{ data: { id: string; recurring: object | null; audience: string }[] }>(
      minibase.url,
      'GET',
      '/v1/prices',
      { token },
    );
    expect(prices).toMatchObject([
      { id: demo.subscriptionPriceId, recurring: { interval: 'month', intervalCount: 1 }, audience: 'public' },
      { id: demo.priceId, recurring: null, audience: 'public' },
    ]);
    const path = `/v1/message-templates/${demo.template}/preview`;
    const { platforms } = await must<{ platforms: Record<string, object> }>(minibase.url, 'POST', path, {
      token,
      body: {},
    });
    expect(Object.keys(platforms).sort()).toEqual(Object.keys(demo.templateIds).sort());
    for (const [platform, templateId] of Object.entries(demo.templateIds)) {
      expect(platforms[platform]).toMatchObject({ templateId, shortened: [], problems: [] });
    }
    expect(demo.templateIds).toHaveProperty('wechat');
    await must(minibase.sandboxUrl, 'POST', '/_/reset');
    expect(await prepare()).toEqual(demo);
    for (const { id } of made) expect(await merchants.verify(id)).toMatchObject({ ok: true });
  });

  test.each(PLATFORMS)('can be subscribed to on %s', async (platform) => {
    const demo = await prepare();
    const person = { platform, platformAppId: demo.platformAppIds[platform], user: 'ming' };
    const { code } = await sandbox<{ code: string }>(minibase, 'login', person);
    const { accessToken: token } = await must<LoggedIn>(minibase.url, 'POST', '/v1/auth/login', {
      appId: demo.appId,
      body: { platform, code },
    });
    const body = { priceId: demo.subscriptionPriceId, platform };
    const { clientAction } = await must<{ clientAction: ClientAction }>(minibase.url, 'POST', '/v1/me/subscriptions', {
      token,
      body,
    });
    await sandbox(minibase, 'cashier', { clientAction, user: 'ming', outcome: 'pay' });
    const read = <T>(path: string) => must<{ data: T[] }>(minibase.url, 'GET', `/v1/me/${path}`, { token });
    await until('it is paid and signed', async () => {
      const { data: subscriptions } = await read<{ status: string }>('subscriptions');
      const { data: mandates } = await read<{ status: string }>('mandates');
      return subscriptions[0]?.status === 'active' && mandates[0]?.status === 'active';
    });
    expect((await read<{ feature: string }>('entitlements')).data.map(({ feature }) => feature)).toEqual([
      'exports',
      'pro',
    ]);
  });

  test('of an earlier version gets what it lacks', async () => {
    const { subscriptionPriceId, ...earlier } = await prepare();
    await writeFile(join(minibase.config.dataDir, 'demo.json'), JSON.stringify(earlier));
    const demo = await prepare();
    expect(demo).toEqual({ ...earlier, subscriptionPriceId: demo.subscriptionPriceId });
    expect(demo.subscriptionPriceId).not.toBe(subscriptionPriceId);
  });
});
