import type { Received } from '../testing/receiver.js';
import { MERCHANT, PROGRAM, REFUNDS, WechatShop } from '../testing/wechat-shop.js';

let shop: WechatShop;
beforeAll(async () => {
  shop = await WechatShop.open();
});
afterAll(() => shop.close());
beforeEach(() => {
  shop.receiver.forget();
  shop.receiver.answer = () => ({ status: 204 });
});

const isGenuine = ({ headers, body }: Received): boolean =>
  shop.isSigned({ headers, text: body }, shop.credentials.publicKey ?? '');
const outgoing = (kind: string, operation = 'TRANSACTION.SUCCESS') =>
  shop.fault({ match: { operation, direction: 'out' }, kind });
const first = async (): Promise<Received> => (await shop.receiver.atLeast(1))[0] as Received;
/** The first notification, and the one that follows fifteen seconds after it was not accepted. */
const firstTwo = async (): Promise<readonly Received[]> => {
  await shop.receiver.atLeast(1);
  await shop.later({ seconds: 15 });
  return shop.receiver.atLeast(2);
};

test('a payment is notified in an envelope that is signed and sealed', async () => {
  const number = await shop.paid({ attach: 'a1' });
  const notification = await first();
  expect(notification.path).toBe('/notify');
  expect(notification.headers).toMatchObject({
    'content-type': 'application/json',
    'wechatpay-serial': shop.credentials.publicKeyId,
    'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
    'wechatpay-timestamp': String(Math.floor(shop.sandbox.now / 1_000)),
  });
  expect(isGenuine(notification)).toBe(true);
  expect(JSON.parse(notification.body)).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    create_time: expect.stringMatching(/^2026-06-01T\d\d:\d\d:\d\d\+08:00$/),
    event_type: 'TRANSACTION.SUCCESS',
    resource_type: 'encrypt-resource',
    summary: '支付成功',
    resource: {
      original_type: 'transaction',
      algorithm: 'AEAD_AES_256_GCM',
      ciphertext: expect.any(String),
      associated_data: 'transaction',
      nonce: expect.stringMatching(/^\w{12}$/),
    },
  });
  expect(shop.read(notification)).toEqual((await shop.query(number)).body);
});

test.each([
  ['SUCCESS', undefined],
  ['ABNORMAL', 'REFUND_ABNORMAL'],
  ['CLOSED', 'REFUND_CLOSED'],
])('a refund that ends %s is notified', async (status, code) => {
  const number = await shop.paid();
  if (code) await shop.fault({ match: { path: REFUNDS }, kind: 'code', code });
  const { body: refund } = await shop.refund(number);
  await shop.receiver.atLeast(1);
  await shop.later({ minutes: 1 });
  const notification = shop.receiver.received.find(({ path }) => path === '/refunded') as Received;
  expect(isGenuine(notification)).toBe(true);
  expect(JSON.parse(notification.body)).toMatchObject({
    event_type: `REFUND.${status}`,
    resource: { original_type: 'refund', associated_data: 'refund' },
  });
  expect(shop.read(notification)).toEqual({
    mchid: MERCHANT,
    transaction_id: refund.transaction_id,
    out_trade_no: number,
    refund_id: refund.refund_id,
    out_refund_no: refund.out_refund_no,
    refund_status: status,
    ...(status === 'SUCCESS' && { success_time: expect.any(String) }),
    user_received_account: '支付用户零钱',
    amount: { total: 990, refund: 100, payer_total: 990, payer_refund: 100 },
  });
});

test('a refund without a notify_url is not notified', async () => {
  const number = await shop.paid();
  await shop.refund(number, { notify_url: undefined });
  await shop.later({ minutes: 1 });
  expect(shop.receiver.received.map(({ path }) => path)).toEqual(['/notify']);
});

describe('until it is accepted', () => {
  test.each([[{ status: 500 }], [{ status: 302 }], [{ status: 202, body: '{"code":"SUCCESS"}' }]])(
    '%j is not enough',
    async (answer) => {
      shop.receiver.answer = () => answer;
      await shop.paid();
      expect(await firstTwo()).toHaveLength(2);
      shop.receiver.answer = () => ({ status: 200, body: '' });
      await shop.later({ seconds: 15 });
    },
  );

  test('it is sent sixteen times in 24 hours and 4 minutes, the same, each time signed anew', async () => {
    shop.receiver.answer = () => ({ status: 500 });
    await shop.paid();
    await shop.receiver.atLeast(1);
    const start = shop.businessNow;
    const account = { platform: 'wechat', merchantId: MERCHANT };
    const tries = [0];
    for (let next = await shop.sandbox.moveClock(start, account); next !== null;) {
      await shop.later({ seconds: (next - shop.businessNow) / 1_000 });
      tries.push((shop.businessNow - start) / 1_000);
      next = await shop.sandbox.moveClock(shop.businessNow, account);
    }
    const delays = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
    const [minute, hour] = [60, 3_600];
    expect(delays).toEqual([
      ...[15, 15, 30, 3 * minute, 10 * minute, 20 * minute, 30 * minute, 30 * minute, 30 * minute, hour],
      ...[3 * hour, 3 * hour, 3 * hour, 6 * hour, 6 * hour],
    ]);
    const received = shop.receiver.received;
    expect(received).toHaveLength(16);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    expect(new Set(received.map(({ headers }) => headers['wechatpay-nonce'])).size).toBe(16);
    expect(received.every(isGenuine)).toBe(true);
  });
});

describe('what goes wrong on the way', () => {
  test('a forged one is right but for its signature; the genuine one follows', async () => {
    await outgoing('forge');
    const number = await shop.paid();
    const [forged, genuine] = (await firstTwo()) as [Received, Received];
    expect([forged, genuine].map(isGenuine)).toEqual([false, true]);
    expect(forged.headers['wechatpay-serial']).toBe(shop.credentials.publicKeyId);
    expect(shop.read(forged).out_trade_no).toBe(number);
  });

  test('the signature probe is no base64 of a signature; the genuine one follows', async () => {
    await outgoing('wrong_signature');
    await shop.paid();
    const [probe, genuine] = (await firstTwo()) as [Received, Received];
    expect(probe.headers['wechatpay-signature']).toMatch(/^WECHATPAY\/SIGNTEST\//);
    expect([probe, genuine].map(isGenuine)).toEqual([false, true]);
  });

  test('a wrong amount is signed and sealed like a right one', async () => {
    await outgoing('wrong_amount');
    await shop.paid();
    const notification = await first();
    expect(isGenuine(notification)).toBe(true);
    expect(shop.read(notification)).toMatchObject({ appid: PROGRAM, amount: { total: 991, payer_total: 991 } });

    shop.receiver.forget();
    await outgoing('wrong_amount', 'REFUND.SUCCESS');
    await shop.refund(await shop.paid());
    await shop.later({ minutes: 1 });
    const refunded = shop.receiver.received.find(({ path }) => path === '/refunded') as Received;
    expect(shop.read(refunded)).toMatchObject({ amount: { total: 990, refund: 101, payer_refund: 101 } });
  });

  test('one twice, one not at all', async () => {
    await outgoing('duplicate');
    await shop.paid();
    const [one, two] = await shop.receiver.atLeast(2);
    expect(one?.body).toBe(two?.body);
    shop.receiver.forget();
    await outgoing('drop');
    const number = await shop.paid();
    await shop.later({ seconds: 15 });
    expect(shop.read(await first()).out_trade_no).toBe(number);
  });
});

test('a notification that a kill interrupted arrives after the restart', async () => {
  shop.receiver.answer = () => ({ status: 500 });
  const number = await shop.paid();
  await shop.receiver.atLeast(1);
  await shop.sandbox.restart();
  shop.receiver.answer = () => ({});
  await shop.later({ seconds: 15 });
  expect(shop.read((await shop.receiver.atLeast(2))[1] as Received).out_trade_no).toBe(number);
});
