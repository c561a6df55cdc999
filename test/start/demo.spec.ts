import { prepareDemo } from '../../src/start/demo.js';
import { must } from '../support/client.js';
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
      { recurring: { interval: 'month', intervalCount: 1 }, audience: 'public' },
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
});
