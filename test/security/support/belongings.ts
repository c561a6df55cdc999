import type { Operation } from '../../console/support/document.js';
import { type Payment, type Refund, Shop } from '../../payments/support/shop.js';
import { until } from '../../queues/support/until.js';
import { aPrice, must } from '../../support/client.js';
import { untilEvent } from '../../support/events.js';
import type { Minibase } from '../../support/minibase.js';
import { type Subscribed, subscribed } from './subscribed.js';

/** One app with everything that an app can have. */
export interface Belongings {
  readonly shop: Shop;
  readonly keyId: string;
  readonly sessionId: string;
  readonly price: { readonly id: string; readonly productId: string };
  readonly paid: Payment;
  readonly open: Payment;
  readonly refund: Refund;
  readonly callbackId: string;
  readonly templateId: string;
  readonly consentEntryId: string;
  readonly broadcastId: string;
  readonly notificationId: string;
  readonly endpointId: string;
  readonly deliveryId: string;
  readonly eventId: string;
  readonly recurring: Subscribed;
}

/** Makes an app, sells and pays something in it, and gives a part of it back; `name` stands wherever a text can. */
export async function everything(minibase: Minibase, name: string): Promise<Belongings> {
  const shop = await Shop.open(minibase);
  const { app, login } = shop;
  await shop.mine('PATCH', '/v1/me', { body: { nickname: name } });
  const first = async (path: string, token: string) =>
    (await must<{ data: { id: string }[] }>(minibase.url, 'GET', path, { token })).data[0]!.id;
  const token = app.secretKey;
  // Nobody listens there: a delivery is all that is wanted.
  const body = { url: 'http://127.0.0.1:9/hook' };
  const { id: endpointId } = await must<{ id: string }>(minibase.url, 'POST', '/v1/webhook-endpoints', { token, body });
  const { id: templateId } = await must<{ id: string }>(minibase.url, 'POST', '/v1/message-templates', {
    token,
    body: aTemplate(name),
  });
  await shop.mine('POST', '/v1/me/message-consents', {
    body: { platform: 'wechat', results: { [TEMPLATE]: 'accept' } },
  });
  const { broadcastId, notificationId } = await aBroadcast(minibase, token, name);
  const price = await aPrice(minibase, app);
  const reference = name.replaceAll(' ', '-');
  const paid = await shop.paid({ reference: `${reference}-paid`, metadata: { of: name } });
  const open = await shop.payment({ reference: `${reference}-open`, subject: name });
  const { body: refund } = await shop.refund(paid.id, { amount: 100, reason: name, reference: `${reference}-back` });
  const recurring = await subscribed(shop, name);
  const events = await untilEvent(minibase, token, 'refund.created');
  return {
    ...{
      shop,
      price,
      paid,
      open,
      refund,
      recurring,
      templateId,
      broadcastId,
      notificationId,
      endpointId,
      eventId: events.at(-1)!.id,
    },
    deliveryId: await first('/v1/webhook-deliveries', token),
    keyId: await first(`/v1/apps/${app.appId}/keys`, minibase.operatorToken),
    sessionId: await first('/v1/me/sessions', login.accessToken),
    consentEntryId: await first('/v1/message-consent-entries', token),
    callbackId: await first(`/v1/callbacks?objectId=${paid.id}`, app.secretKey),
  };
}

/** The platform's own id of it. */
const TEMPLATE = 'x'.repeat(43);
const keyOf = (name: string): string => name.toLowerCase().replaceAll(' ', '.');
/** A message template; `name` stands wherever a text can. */
const aTemplate = (name: string) => ({
  key: keyOf(name),
  name,
  variables: [{ name: 'item', type: 'text', example: name }],
  platforms: { wechat: { templateId: TEMPLATE, fields: { thing1: `{{item}} ${name}` } } },
});

/** A broadcast to the one who has agreed, and the message that it makes. */
async function aBroadcast(minibase: Minibase, token: string, name: string) {
  const template = keyOf(name);
  // Nothing is sent: it waits for the end of an hour that never ends.
  const quietHours = { from: '00:00', to: '23:59', timeZone: 'UTC' };
  const body = { template, data: { item: name }, page: 'pages/index', quietHours };
  const { id } = await must<{ id: string }>(minibase.url, 'POST', '/v1/broadcasts', { token, body });
  const path = `/v1/notifications?broadcastId=${id}`;
  let made: { id: string } | undefined;
  await until('the message of a broadcast', async () => {
    [made] = (await must<{ data: { id: string }[] }>(minibase.url, 'GET', path, { token })).data;
    return made !== undefined;
  });
  return { broadcastId: id, notificationId: made!.id };
}

/** Ids, names, numbers and tokens of an app: none of them may show in an answer to another. */
export function marksOf(of: Belongings): string[] {
  const { shop, keyId, sessionId, price, paid, open, refund, callbackId, endpointId, deliveryId, eventId } = of;
  const { app, login } = shop;
  const merchant = shop.merchants.wechat!;
  return [
    ...[app.appId, app.secretKey, keyId, app.programs.wechat.id, app.programs.wechat.platformAppId],
    ...[login.user.id, login.identity.id, login.identity.openid, sessionId],
    ...[merchant.id, merchant.merchantId, price.id, price.productId],
    ...[paid, open].flatMap(({ id, reference, attempts }) => [id, reference!, attempts[0]!.id, attempts[0]!.number]),
    ...[paid.attempts[0]!.platformTransactionId!, refund.id, refund.number, callbackId],
    ...[endpointId, deliveryId, eventId],
    ...[of.templateId, of.consentEntryId, of.broadcastId, of.notificationId],
    ...marksOfRecurring(of),
  ];
}

/** Those of them that are a user's of its own. */
export const marksOfRecurring = ({ recurring }: Belongings): string[] => {
  const { subscriptionId, productId, priceId, invoiceId, mandateId, contract, grantId } = recurring;
  return [subscriptionId, productId, priceId, invoiceId, mandateId, ...contract, grantId];
};

/** What stands in a path behind each noun. */
export const idsOf = ({ shop, keyId, sessionId, price, open, refund, callbackId, ...hooks }: Belongings) => ({
  apps: shop.app.appId,
  keys: keyId,
  'platform-accounts': shop.app.programs.wechat.id,
  'merchant-accounts': shop.merchants.wechat!.id,
  users: shop.login.user.id,
  identities: shop.login.identity.id,
  sessions: sessionId,
  products: price.productId,
  prices: price.id,
  payments: open.id,
  refunds: refund.id,
  subscriptions: hooks.recurring.subscriptionId,
  invoices: hooks.recurring.invoiceId,
  mandates: hooks.recurring.mandateId,
  grants: hooks.recurring.grantId,
  callbacks: callbackId,
  events: hooks.eventId,
  'message-templates': hooks.templateId,
  notifications: hooks.notificationId,
  broadcasts: hooks.broadcastId,
  'message-accounts': shop.app.programs.wechat.id,
  'webhook-endpoints': hooks.endpointId,
  'webhook-deliveries': hooks.deliveryId,
});

/** The path of an operation with real ids of that app. Throws for a noun that `idsOf` does not know yet. */
export function pathWith(of: Belongings, { path }: Operation): string {
  const ids: Readonly<Record<string, string>> = idsOf(of);
  return path.replace(/([^/]+)\/\{\w+\}/g, (_, noun: string) => {
    const id = ids[noun];
    if (!id) throw new Error(`no ${noun} in the app: add one, so that ${path} is tried`);
    return `${noun}/${id}`;
  });
}

/** The first example of an operation's body. */
export const exampleOf = ({ requestBody }: Operation): unknown =>
  Object.values(requestBody?.content?.['application/json']?.examples ?? {})[0]?.value;

/** As `GET /users/{id}`: what a failed expectation shows. */
export const named = ({ method, path }: Operation): string => `${method} ${path}`;
