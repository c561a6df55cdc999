import { must } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Club } from './support/club.js';
import { pass, signed } from './support/contracts.js';

describe('subscriptions and bad requests', () => {
  let minibase: Minibase;
  let club: Club;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    club = await Club.open(minibase);
  });
  afterEach(async () => {
    expect(await club.violations()).toEqual([]);
  });
  afterAll(() => minibase.close());

  test('bad input is refused', async () => {
    const begun = await club.subscribed(await club.price());
    const wrong: unknown[] = [];
    const price = async (over: object) => {
      const { secretKey: token } = club.shop.app;
      const body = { productId: club.productId, amount: 100, audience: 'public', ...over };
      return (await must<{ id: string }>(minibase.url, 'POST', '/v1/prices', { token, body })).id;
    };
    const once = await price({});
    const hidden = await price({ audience: 'server', recurring: { interval: 'month' } });
    const introductory = { amount: 9_000_000_000, periods: 1 };
    const dear = await price({ amount: 1, recurring: { interval: 'month', introductory } });
    const { id } = begun;
    const preview = '/v1/me/invoices/preview';
    const change = `/v1/me/subscriptions/${id}/change`;
    const many = { priceId: dear, quantity: 1_000_000 };
    const ofServer = { userId: club.shop.login.user.id, platform: 'wechat', renewal: 'manual' };
    const asUser: [string, object][] = [
      [preview, { subscriptionId: id, change: { priceId: once } }],
      [preview, { subscriptionId: id, change: many }],
      [preview, { subscriptionId: id, change: { priceId: hidden } }],
      [preview, { subscriptionId: id, change: { priceId: 'a\u0000b' } }],
      [preview, { subscriptionId: '\u0000' }],
      [change, { priceId: '\u0000' }],
      [change, { priceId: hidden }],
      ['/v1/me/subscriptions', { priceId: '\u0000', platform: 'wechat' }],
      ['/v1/me/subscriptions', { priceId: once, platform: 'wechat' }],
    ];
    const asServer: [string, object][] = [
      ['/v1/subscriptions', { ...ofServer, ...many }],
      ['/v1/subscriptions', { ...ofServer, userId: '\u0000', priceId: dear }],
      [`/v1/subscriptions/${id}/change`, many],
      ['/v1/test-clock/advance', { to: '9999-12-31T00:00:00Z' }],
      ['/v1/test-clock/advance', { to: '2999-12-31T00:00:00Z', days: 1 }],
    ];
    const reads = ['subscriptions?userId=%00', 'subscriptions/%00', 'invoices/%00', 'invoices?cursor=x'];
    const answers = [
      ...asUser.map(async ([path, body]) => [path, body, await club.shop.mine('POST', path, { body })] as const),
      ...asServer.map(async ([path, body]) => [path, body, await club.shop.server('POST', path, { body })] as const),
    ];
    for (const answer of answers) {
      const [path, body, { status }] = await answer;
      if (status < 400 || status >= 500) wrong.push([path, body, status]);
    }
    for (const path of reads) {
      const { status } = await club.shop.server('GET', `/v1/${path}`);
      if (status >= 500) wrong.push([path, status]);
    }
    expect(wrong).toEqual([]);
  });

  test('another app sees nothing', async () => {
    const other = await Club.open(minibase);
    const begun = await club.subscribed(await club.price());
    const foreign = await other.price();
    const [invoice] = await club.invoices(begun.id);
    const { id } = begun;
    const preview = '/v1/me/invoices/preview';
    const by = { platform: 'wechat', renewal: 'manual' };
    const theirs = { ...by, userId: other.shop.login.user.id, priceId: await club.price() };
    const statuses = await Promise.all([
      other.shop.server('GET', `/v1/subscriptions/${id}`),
      other.shop.server('POST', `/v1/subscriptions/${id}/cancel`, { body: {} }),
      other.shop.server('POST', `/v1/subscriptions/${id}/change`, { body: { priceId: foreign } }),
      other.shop.mine('POST', `/v1/me/subscriptions/${id}/pause`),
      other.shop.mine('POST', `/v1/me/subscriptions/${id}/resume`),
      other.shop.mine('GET', `/v1/me/invoices/${invoice!.id}`),
      other.shop.mine('POST', `/v1/me/invoices/${invoice!.id}/pay`, { body: { platform: 'wechat' } }),
      other.shop.mine('POST', preview, { body: { subscriptionId: id } }),
      club.shop.mine('POST', preview, { body: { subscriptionId: id, change: { priceId: foreign } } }),
      club.act(id, 'change', { priceId: foreign }),
      club.shop.mine('POST', '/v1/me/subscriptions', { body: { ...by, priceId: foreign } }),
      club.shop.server('POST', '/v1/subscriptions', { body: theirs }),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual(statuses.map(() => 404));
  });

  test('what comes at the same time leaves nothing half done', async () => {
    const begun = await signed(club);
    const dear = await club.price({ amount: 9_900 });
    const cheap = await club.price({ amount: 900 });
    const wrong: unknown[] = [];
    for (let round = 0; round < 6; round += 1) {
      const time = pass(club, 5);
      const answers = await Promise.all([
        club.act(begun.id, 'cancel', { at: 'period_end' }),
        club.act(begun.id, 'resume'),
        club.act(begun.id, 'change', { priceId: cheap, at: round % 2 ? 'now' : 'period_end' }),
        club.act(begun.id, 'change', { priceId: dear, at: 'period_end' }),
        club.act(begun.id, 'pause'),
        club.act(begun.id, 'resume'),
        club.act(begun.id, 'cancel', { at: 'period_end' }),
        club.act(begun.id, 'resume'),
        club.shop.mine('POST', '/v1/me/invoices/preview', { body: { subscriptionId: begun.id } }),
        club.shop.server('GET', `/v1/subscriptions/${begun.id}`),
      ]);
      wrong.push(...answers.filter(({ status }) => status >= 500).map(({ body }) => body));
      await time;
    }
    expect(wrong).toEqual([]);
    expect(await club.violations()).toEqual([]);
    await club.act(begun.id, 'resume');
    await pass(club, 60);
  });
});
