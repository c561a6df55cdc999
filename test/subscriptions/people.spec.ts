import { until } from '../queues/support/until.js';
import { aLogin, must, sandbox } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { Club } from './support/club.js';

describe('the user of a subscription', () => {
  let minibase: Minibase;
  let club: Club;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    club = await Club.open(minibase);
  });
  afterEach(async () => {
    await club.settled();
    expect(await club.violations()).toEqual([]);
  });
  afterAll(() => minibase.close());

  const server = <T>(method: string, path: string, body?: object) =>
    club.shop.server<T & { code?: string }>(method, path, { ...(body && { body }) });

  test('is not debited any more when it is erased', async () => {
    const { subscription, clientAction } = await club.start(await club.price(), { renewal: 'automatic' });
    await club.shop.cashier(clientAction);
    await until('the contract is signed', async () => (await club.told(subscription.id)).includes('mandate.signed'));
    await club.until(subscription.id, 'active');
    const { status } = await server('DELETE', `/v1/users/${club.shop.login.user.id}`);
    expect(status).toBeLessThan(300);
    expect(await club.read(subscription.id)).toMatchObject({ status: 'canceled', cancelReason: 'user_erased' });
    const { body } = await server<{ data: { status: string }[] }>('GET', '/v1/mandates');
    expect(body.data).toMatchObject([{ status: 'terminated', endedBy: 'merchant' }]);
    await club.days(35);
    expect(await club.invoices(subscription.id)).toHaveLength(1);
  });

  test('takes it along into a merge, unless the other has one to the product too', async () => {
    const priceId = await club.price();
    const begun = await club.subscribed(priceId);
    const other = await aLogin(minibase, club.shop.app, 'hong');
    const theirs = await must<{ subscription: { id: string }; clientAction: object }>(
      ...([minibase.url, 'POST', '/v1/me/subscriptions'] as const),
      { token: other.accessToken, body: { priceId, platform: 'wechat', renewal: 'manual' } },
    );
    await sandbox(minibase, 'cashier', { clientAction: theirs.clientAction, user: 'hong', outcome: 'pay' });
    await club.until(theirs.subscription.id, 'active');
    const merge = () => server('POST', `/v1/users/${club.shop.login.user.id}/merge`, { into: other.user.id });
    expect((await merge()).body.code).toBe('merge_impossible');
    await server('POST', `/v1/subscriptions/${theirs.subscription.id}/cancel`, { at: 'now' });
    expect((await merge()).status).toBeLessThan(300);
    const { body } = await server<{ data: { id: string }[] }>('GET', `/v1/subscriptions?userId=${other.user.id}`);
    expect(body.data.map(({ id }) => id).sort()).toEqual([begun.id, theirs.subscription.id].sort());
  });

  test('loses it when everything is given back', async () => {
    const begun = await club.subscribed(await club.price());
    const [invoice] = await club.invoices(begun.id);
    await club.shop.refund(invoice!.paymentId!, { amount: 990 });
    const { body: rest } = await club.shop.refund(invoice!.paymentId!);
    await club.shop.advanceUntilRefund(rest.id, 'succeeded', 120);
    expect(await club.until(begun.id, 'canceled')).toMatchObject({ cancelReason: 'refunded' });
    expect(await club.features()).toEqual({});
  });

  test("sees nobody else's, and has its own in the export", async () => {
    const begun = await club.subscribed(await club.price());
    const [invoice] = await club.invoices(begun.id);
    const { accessToken: token } = await aLogin(minibase, club.shop.app, 'hong');
    for (const path of [`subscriptions/${begun.id}`, `invoices/${invoice!.id}`]) {
      const { status } = await club.shop.mine('GET', `/v1/me/${path}`, { token });
      expect([path, status]).toEqual([path, 404]);
    }
    const { body } = await club.shop.mine<{ subscriptions: object }>('GET', '/v1/me/export');
    expect(JSON.stringify(body)).toContain(invoice!.id);
  });

  test('is reminded of a period that is to be paid', async () => {
    const { platformAppId } = club.shop.app.programs.wechat;
    const shown = await sandbox<{ templates: { templateId: string; kind: string; fields: { name: string; example: string }[] }[] }>(minibase, 'accounts', { platform: 'wechat', platformAppId, kind: 'program' }); // prettier-ignore
    const { templateId, kind, fields } = shown.templates.find((one) => one.kind === 'one_time')!;
    const texts = Object.fromEntries(fields.map(({ name, example }) => [name, example]));
    const mapping = { templateId, kind, fields: texts, page: 'pages/index' };
    await server('POST', '/v1/message-templates', { key: 'renewal', platforms: { wechat: mapping } });
    const settings = await server('PATCH', '/v1/billing-settings', { renewalTemplate: 'renewal' });
    expect(settings.body).toMatchObject({ renewalTemplate: 'renewal', graceDays: 7, timeZone: 'Asia/Shanghai' });
    await club.subscribed(await club.price({ recurring: { interval: 'week' } }));
    await club.days(6);
    const { body } = await server<{ data: { template: string }[] }>('GET', '/v1/notifications');
    expect(body.data).toMatchObject([{ template: 'renewal' }]);
  });
});
