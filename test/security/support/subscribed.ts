import type { ClientAction, Shop } from '../../payments/support/shop.js';
import { until } from '../../queues/support/until.js';
import { must } from '../../support/client.js';

/** What recurring billing adds to an app: a paid subscription under a signed contract, its invoice, and a gift. */
export interface Subscribed {
  readonly subscriptionId: string;
  readonly productId: string;
  readonly priceId: string;
  readonly invoiceId: string;
  readonly mandateId: string;
  /** What the platform knows the contract by: our number, and its own. */
  readonly contract: readonly string[];
  readonly grantId: string;
  /** The developer's own id of a use that was counted; every app has the same. */
  readonly usageId: string;
}

interface Made {
  readonly id: string;
}

/** The shop's user subscribes, pays and signs on WeChat; `name` stands wherever a text can. */
export async function subscribed(shop: Shop, name: string): Promise<Subscribed> {
  const { minibase, app, login } = shop;
  const server = <T>(method: string, path: string, body?: object) =>
    must<T>(minibase.url, method, path, { token: app.secretKey, ...(body && { body }) });
  const { id: productId } = await server<Made>('POST', '/v1/products', { name, features: { pro: true } });
  const price = { productId, amount: 1990, audience: 'public', recurring: { interval: 'month' } };
  const { id: priceId } = await server<Made>('POST', '/v1/prices', price);
  const { subscription, clientAction } = await server<{ subscription: Made; clientAction: ClientAction }>(
    'POST',
    '/v1/subscriptions',
    { userId: login.user.id, priceId, platform: 'wechat', metadata: { of: name } },
  );
  await shop.cashier(clientAction);
  const mandates = `/v1/mandates?userId=${login.user.id}`;
  let mandate: { id: string; number: string; contractId: string | null; status: string } | undefined;
  await until('the contract is signed', async () => {
    mandate = (await server<{ data: (typeof mandate)[] }>('GET', mandates)).data[0];
    const { status } = await server<{ status: string }>('GET', `/v1/subscriptions/${subscription.id}`);
    return mandate?.status === 'active' && status === 'active';
  });
  const invoices = `/v1/invoices?subscriptionId=${subscription.id}`;
  const [invoice] = (await server<{ data: Made[] }>('GET', invoices)).data;
  const gift = { feature: 'exports', value: { limit: 100 }, reason: name };
  const { id: grantId } = await server<Made>('POST', `/v1/users/${login.user.id}/grants`, gift);
  const usageId = 'the-first-export';
  await server('POST', '/v1/usage', { eventId: usageId, userId: login.user.id, feature: 'exports', quantity: 3 });
  const contract = [mandate!.number, mandate!.contractId!];
  const ids = { subscriptionId: subscription.id, invoiceId: invoice!.id, mandateId: mandate!.id, grantId };
  return { ...ids, productId, priceId, contract, usageId };
}
