import { randomUUID } from 'node:crypto';
import { PLATFORMS, type ClientAction } from '../../payments/support/shop.js';
import { until } from '../../queues/support/until.js';
import { Club, type Subscription } from '../../subscriptions/support/club.js';
import { anApp, must } from '../../support/client.js';
import type { Minibase } from '../../support/minibase.js';
import type { Sample, Write } from './payment-writes.js';

/** What stays of an answer: billing goes on meanwhile, and what the front end calls is made anew at each read. */
const subscriptionOf = ({ subscription }: Record<string, unknown>): unknown => {
  const { id, status, cancelAt, pausedAt, priceId } = subscription as Record<string, unknown>;
  return [id, status, cancelAt, pausedAt, priceId];
};
const paymentOf = ({ payment }: Record<string, unknown>): unknown => (payment as { id: string }).id;
const mandateOf = ({ id, isEnding, status }: Record<string, unknown>): unknown => [id, isEnding || status !== 'active'];

/** Subscriptions of one person, each to a product of its own, in an app of their own; and what they give. */
export function subscriptionWrites(running: () => Minibase): Record<string, () => Promise<Sample>> {
  let opened: Promise<Club> | undefined;
  const clubOf = () => (opened ??= Club.open(running(), PLATFORMS));
  const server = async (method: string, path: string, body?: unknown): Promise<Write> => {
    const { shop } = await clubOf();
    return { method, path, body, token: shop.app.secretKey };
  };
  const mine = async (method: string, path: string, body?: unknown): Promise<Write> => {
    const { shop } = await clubOf();
    return { method, path, body, token: shop.login.accessToken };
  };
  const asked = async <T>(asks: Promise<Write>): Promise<T> => {
    const { method, path, ...over } = await asks;
    return must<T>(running().url, method, path, over);
  };
  const made = async (path: string, body: object) => (await asked<{ id: string }>(server('POST', path, body))).id;
  const usersPath = async () => `/v1/users/${(await clubOf()).shop.login.user.id}`;

  /** Two prices of a product that nobody has. */
  async function prices(): Promise<[string, string]> {
    const club = await clubOf();
    const productId = await made('/v1/products', {
      name: 'Club',
      features: { [`f${randomUUID().slice(0, 8)}`]: true },
    });
    return [await club.price({ productId }), await club.price({ productId, amount: 2990 })];
  }
  const order = async () => {
    const [priceId, other] = await prices();
    const body = { priceId, platform: 'wechat', renewal: 'manual' };
    return { body, otherBody: { ...body, priceId: other } };
  };
  const subscribed = async (): Promise<{ subscription: Subscription; dearer: string }> => {
    const [priceId, dearer] = await prices();
    return { subscription: await (await clubOf()).subscribed(priceId), dearer };
  };
  type Ask = (path: string, body?: object) => Promise<Write>;
  const asServer: Ask = (path, body) => server('POST', `/v1/${path}`, body);
  const asUser: Ask = (path, body) => mine('POST', `/v1/me/${path}`, body);

  const act =
    (ask: Ask, verb: string, body?: object, otherBody?: object, before?: string) => async (): Promise<Sample> => {
      const path = `subscriptions/${(await subscribed()).subscription.id}`;
      if (before) await asked(ask(`${path}/${before}`));
      return { write: await ask(`${path}/${verb}`, body), ...(otherBody && { otherBody }), lasting: subscriptionOf };
    };
  const change = (ask: Ask) => async (): Promise<Sample> => {
    const { subscription, dearer: priceId } = await subscribed();
    return {
      write: await ask(`subscriptions/${subscription.id}/change`, { priceId, at: 'period_end' }),
      otherBody: { priceId, at: 'now' },
      lasting: subscriptionOf,
    };
  };
  /** The first invoice of a subscription whose first payment the person has given up. */
  const pay = (ask: Ask) => async (): Promise<Sample> => {
    const club = await clubOf();
    const { subscription } = await club.start((await prices())[0]);
    const [invoice] = await club.invoices(subscription.id);
    await asked(server('POST', `/v1/payments/${invoice!.paymentId}/cancel`));
    await until('nobody pays the invoice', async () => (await club.invoices(subscription.id))[0]!.paymentId === null);
    return {
      write: await ask(`invoices/${invoice!.id}/pay`, { platform: 'wechat' }),
      otherBody: { platform: 'alipay' },
      lasting: paymentOf,
    };
  };
  const terminate = (ask: Ask) => async (): Promise<Sample> => {
    const club = await clubOf();
    const { subscription, clientAction } = await asked<{ subscription: Subscription; clientAction: ClientAction }>(
      asUser('subscriptions', { priceId: (await prices())[0], platform: 'wechat' }),
    );
    await club.shop.cashier(clientAction);
    await club.until(subscription.id, 'active');
    const id = (await club.read(subscription.id)).mandateId!;
    await until('the contract is signed', async () => {
      const { status } = await asked<{ status: string }>(server('GET', `/v1/mandates/${id}`));
      return status === 'active';
    });
    return { write: await ask(`mandates/${id}/terminate`), lasting: mandateOf };
  };
  const gift = { feature: 'exports', value: { limit: 1_000_000 } };

  return {
    createSubscription: async () => {
      const userId = (await clubOf()).shop.login.user.id;
      const { body, otherBody } = await order();
      const write = await asServer('subscriptions', { ...body, userId });
      return { write, otherBody: { ...otherBody, userId }, lasting: subscriptionOf };
    },
    createMySubscription: async () => {
      const { body, otherBody } = await order();
      return { write: await asUser('subscriptions', body), otherBody, lasting: subscriptionOf };
    },
    cancelSubscription: act(asServer, 'cancel', { at: 'now' }, { at: 'period_end' }),
    cancelMySubscription: act(asUser, 'cancel', { at: 'period_end' }, { at: 'now' }),
    pauseSubscription: act(asServer, 'pause'),
    pauseMySubscription: act(asUser, 'pause'),
    resumeSubscription: act(asServer, 'resume', undefined, undefined, 'pause'),
    resumeMySubscription: act(asUser, 'resume', undefined, undefined, 'pause'),
    changeSubscription: change(asServer),
    changeMySubscription: change(asUser),
    payInvoice: pay(asServer),
    payMyInvoice: pay(asUser),
    terminateMandate: terminate(asServer),
    terminateMyMandate: terminate(asUser),
    updateBillingSettings: async () => ({
      write: await server('PATCH', '/v1/billing-settings', { graceDays: 3 }),
      otherBody: { graceDays: 4 },
    }),
    createGrant: async () => ({
      write: await server('POST', `${await usersPath()}/grants`, { feature: 'pro', reason: 'A gift' }),
      otherBody: { feature: 'pro', reason: 'Another' },
    }),
    revokeGrant: async () => ({
      write: await server('DELETE', `/v1/grants/${await made(`${await usersPath()}/grants`, { feature: 'pro' })}`),
    }),
    recordUsage: async () => {
      await made(`${await usersPath()}/grants`, gift);
      const body = { eventId: randomUUID(), userId: (await clubOf()).shop.login.user.id, feature: 'exports' };
      return { write: await asServer('usage', body), otherBody: { ...body, quantity: 2 } };
    },
    advanceTestClock: async () => {
      const { secretKey: token } = await anApp(running(), []);
      return {
        write: { method: 'POST', path: '/v1/test-clock/advance', token, body: { days: 1 } },
        otherBody: { days: 2 },
        lasting: ({ target, status }) => [target, status],
      };
    },
  };
}
