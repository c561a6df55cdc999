import { until } from '../../queues/support/until.js';
import { type Refund, Shop } from '../../payments/support/shop.js';
import { anApp, must } from '../../support/client.js';
import type { Minibase } from '../../support/minibase.js';

/** One request that writes, without its Idempotency-Key. */
export interface Write {
  readonly method: string;
  readonly path: string;
  readonly token?: string;
  readonly appId?: string;
  readonly body?: unknown;
}

/** A first request of some kind, on objects of its own, and another body for the same route. */
export interface Sample {
  readonly write: Write;
  readonly otherBody?: unknown;
  /** What of an answer stays, where the rest is made anew at each read or goes on meanwhile; left out: all of it. */
  readonly lasting?: (body: Record<string, unknown>) => unknown;
}

const idOf = ({ id }: Record<string, unknown>): unknown => id;
const attemptOf = ({ attempt }: Record<string, unknown>): unknown => (attempt as { number: string }).number;

/** What is sold, paid and given back; each request belongs to the one app of `shopOf`, which takes money everywhere. */
export function paymentWrites(
  running: () => Minibase,
  shopOf: () => Promise<Shop>,
): Record<string, () => Promise<Sample>> {
  const server = async (method: string, path: string, body?: unknown): Promise<Write> => {
    const { app } = await shopOf();
    return { method, path, body, token: app.secretKey };
  };
  const mine = async (method: string, path: string, body?: unknown): Promise<Write> => {
    const { login } = await shopOf();
    return { method, path, body, token: login.accessToken };
  };
  const made = async (path: string, body: object) => {
    const write = await server('POST', path, body);
    return (await must<{ id: string }>(running().url, 'POST', path, write)).id;
  };
  const aProduct = () => made('/v1/products', { name: 'Coffee' });
  const aPrice = async (over: object = {}) =>
    made('/v1/prices', { productId: await aProduct(), amount: 990, audience: 'public', maxQuantity: 5, ...over });
  const aPayment = async (over: Record<string, unknown> = {}) =>
    (await shopOf()).payment({ platform: undefined, ...over });

  /** A refund that a user of Douyin has asked for there, and that waits for a decision. */
  async function aQuestion(): Promise<string> {
    const shop = await shopOf();
    const payment = await shop.paid({ platform: 'douyin' });
    const { number } = payment.attempts[0]!;
    await must(running().sandboxUrl, 'POST', '/_/refund', { body: { number, platform: 'douyin', by: 'user' } });
    let asked: Refund | undefined;
    await until('a refund that somebody asked for', async () => {
      [asked] = (await shop.server<{ data: Refund[] }>('GET', `/v1/refunds?paymentId=${payment.id}`)).body.data;
      return asked !== undefined;
    });
    return asked!.id;
  }

  /** A callback that tells another amount than ours. */
  async function aParkedCallback(): Promise<string> {
    const shop = await shopOf();
    const payment = await shop.payment();
    await shop.faults(
      'wechat',
      'wrong_amount',
      {},
      { direction: 'out', merchantId: shop.merchants.wechat!.merchantId },
    );
    await shop.cashier(payment.clientAction);
    let id: string | undefined;
    await until('a parked callback', async () => {
      const path = `/v1/callbacks?status=parked&objectId=${payment.id}`;
      id = (await shop.server<{ data: { id: string }[] }>('GET', path)).body.data[0]?.id;
      return id !== undefined;
    });
    return id!;
  }

  return {
    createMerchantAccount: async () => {
      // A second one would make the payments of the shop ambiguous.
      const { secretKey: token } = await anApp(running(), []);
      return {
        write: { method: 'POST', path: '/v1/merchant-accounts', token, body: { platform: 'wechat', name: 'First' } },
        otherBody: { platform: 'wechat', name: 'Other' },
      };
    },
    updateMerchantAccount: async () => ({
      write: await server('PATCH', `/v1/merchant-accounts/${(await shopOf()).merchants.wechat!.id}`, {
        name: 'Renamed',
      }),
      otherBody: { name: 'Renamed otherwise' },
    }),
    deleteMerchantAccount: async () => ({
      write: await server(
        'DELETE',
        `/v1/merchant-accounts/${await made('/v1/merchant-accounts', { platform: 'alipay' })}`,
      ),
    }),
    createProduct: async () => ({
      write: await server('POST', '/v1/products', { name: 'Coffee' }),
      otherBody: { name: 'Tea' },
    }),
    updateProduct: async () => ({
      write: await server('PATCH', `/v1/products/${await aProduct()}`, { name: 'Tea' }),
      otherBody: { name: 'Cocoa' },
    }),
    createPrice: async () => {
      const productId = await aProduct();
      return {
        write: await server('POST', '/v1/prices', { productId, amount: 1 }),
        otherBody: { productId, amount: 2 },
      };
    },
    updatePrice: async () => ({
      write: await server('PATCH', `/v1/prices/${await aPrice()}`, { active: false }),
      otherBody: { active: true },
    }),
    createPayment: async () => {
      const { login } = await shopOf();
      const body = { userId: login.user.id, amount: 990, subject: 'Coffee' };
      return { write: await server('POST', '/v1/payments', body), otherBody: { ...body, amount: 991 } };
    },
    createMyPayment: async () => {
      const priceId = await aPrice();
      return { write: await mine('POST', '/v1/me/payments', { priceId }), otherBody: { priceId, quantity: 2 } };
    },
    createAttempt: async () => ({
      write: await server('POST', `/v1/payments/${(await aPayment()).id}/attempts`, { platform: 'wechat' }),
      otherBody: { platform: 'alipay' },
      lasting: attemptOf,
    }),
    createMyAttempt: async () => ({
      write: await mine('POST', `/v1/me/payments/${(await aPayment()).id}/attempts`, { platform: 'douyin' }),
      otherBody: { platform: 'alipay' },
      lasting: attemptOf,
    }),
    cancelPayment: async () => ({
      write: await server('POST', `/v1/payments/${(await aPayment({ platform: 'wechat' })).id}/cancel`),
    }),
    cancelMyPayment: async () => ({
      write: await mine('POST', `/v1/me/payments/${(await aPayment({ platform: 'alipay' })).id}/cancel`),
    }),
    fulfillPayment: async () => {
      const payment = await (await shopOf()).paid({ platform: 'douyin' });
      return { write: await server('POST', `/v1/payments/${payment.id}/fulfill`) };
    },
    createRefund: async () => {
      const paymentId = (await (await shopOf()).paid()).id;
      return {
        write: await server('POST', '/v1/refunds', { paymentId, amount: 100 }),
        otherBody: { paymentId, amount: 101 },
        lasting: idOf,
      };
    },
    approveRefund: async () => ({
      write: await server('POST', `/v1/refunds/${await aQuestion()}/approve`),
      lasting: idOf,
    }),
    rejectRefund: async () => ({
      write: await server('POST', `/v1/refunds/${await aQuestion()}/reject`, { reason: 'Used.' }),
      otherBody: { reason: 'Used already.' },
      lasting: idOf,
    }),
    rerunCallback: async () => ({
      write: await server('POST', `/v1/callbacks/${await aParkedCallback()}/rerun`),
    }),
  };
}
