import { randomUUID } from 'node:crypto';
import { examine } from '../../src/cli/doctor.js';
import { must } from '../support/client.js';
import { eventsOf, untilEvent } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { deliver, Letterbox } from './support/letterbox.js';
import { type Payment, PLATFORMS, Shop } from './support/shop.js';

interface Callback {
  id: string;
  status: string;
  type: string;
  problem: string | null;
  objectId: string | null;
  repeats: number;
}

describe('what platforms send', () => {
  let minibase: Minibase;
  let letterbox: Letterbox;
  let shop: Shop;
  beforeAll(async () => {
    letterbox = await Letterbox.open();
    minibase = await startMinibase({ publicUrl: letterbox.url });
    shop = await Shop.open(minibase, PLATFORMS);
  });
  afterAll(async () => {
    await minibase.close();
    await letterbox.close();
  });
  afterEach(async () => {
    letterbox.letters.length = 0;
    expect(await examine(minibase.database.dataSource, shop.app.appId)).toEqual([]);
  });

  const callbacksOf = async (objectId: string): Promise<Callback[]> =>
    (
      await must<{ data: Callback[] }>(minibase.url, 'GET', `/v1/callbacks?objectId=${objectId}`, {
        token: shop.app.secretKey,
      })
    ).data;
  const typesOf = async (payment: Payment) =>
    (await eventsOf(minibase, shop.app.secretKey))
      .filter(({ stream }) => stream.id === payment.id)
      .map(({ type }) => type);
  const paidFor = async (platform: (typeof PLATFORMS)[number]) => {
    const payment = await shop.payment({ platform });
    await shop.cashier(payment.clientAction);
    return { payment, letter: await letterbox.letter() };
  };

  test.each(PLATFORMS)(
    'a hundred identical callbacks of %s at once: one settlement, a hundred acknowledgements',
    async (platform) => {
      const { payment, letter } = await paidFor(platform);
      const answers = await Promise.all(Array.from({ length: 100 }, () => deliver(minibase.url, letter)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
      expect((await shop.read(payment.id)).status).toBe('succeeded');
      const [kept, ...others] = await callbacksOf(payment.id);
      expect([kept?.status, others]).toEqual(['settled', []]);
      await untilEvent(minibase, shop.app.secretKey, 'payment.succeeded');
      expect(await typesOf(payment)).toEqual(['payment.created', 'payment.succeeded']);
    },
  );

  test.each(PLATFORMS)('one flipped byte anywhere in a callback of %s is not believed', async (platform) => {
    const { payment, letter } = await paidFor(platform);
    for (const place of [0, 0.3, 0.6, 0.99]) {
      const body = Buffer.from(letter.body);
      const index = Math.floor(body.length * place);
      body[index] = body[index]! ^ 1;
      expect((await deliver(minibase.url, letter, { body })).status).toBe(401);
    }
    expect((await shop.read(payment.id)).status).toBe('pending');
    expect((await deliver(minibase.url, letter)).status).toBe(200);
    expect((await shop.read(payment.id)).status).toBe('succeeded');
  });

  test('an unknown account, another platform’s account and a bad signature are answered alike', async () => {
    const { letter } = await paidFor('wechat');
    const { programs } = shop.app;
    const answers = [
      await deliver(minibase.url, letter, { path: `/callbacks/mac_${randomUUID().replaceAll('-', '')}` }),
      await deliver(minibase.url, letter, { path: `/callbacks/${programs.douyin.id}` }),
      await deliver(minibase.url, letter, { path: `/callbacks/${shop.merchants.alipay?.id}` }),
      await deliver(minibase.url, letter, { path: '/callbacks/nonsense' }),
      await deliver(minibase.url, letter, { body: Buffer.from('{}') }),
    ];
    expect(new Set(answers.map(({ status, body }) => `${status} ${body}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
  });

  test('a callback for one shop says nothing about a payment of another', async () => {
    const other = await Shop.open(minibase, ['wechat']);
    const { payment, letter } = await paidFor('wechat');
    const answer = await deliver(minibase.url, letter, { path: `/callbacks/${other.merchants.wechat?.id}` });
    expect(answer.status).toBe(401);
    expect((await shop.read(payment.id)).status).toBe('pending');
  });

  test.each(PLATFORMS)(
    'a wrong amount of %s parks the callback with an alarm; the truth comes by asking',
    async (platform) => {
      await shop.faults(platform, 'wrong_amount', {}, { direction: 'out' });
      const { payment, letter } = await paidFor(platform);
      expect((await deliver(minibase.url, letter)).status).toBe(200);
      const [parked] = await callbacksOf(payment.id);
      expect(parked).toMatchObject({ status: 'parked', problem: 'amount' });
      const events = await untilEvent(minibase, shop.app.secretKey, 'callback.parked');
      expect(events.filter(({ object }) => object.id === parked?.id)).toHaveLength(1);

      // Run again it is still wrong.
      const again = await shop.server<Callback>('POST', `/v1/callbacks/${parked?.id}/rerun`);
      expect(again.body.status).toBe('parked');
      expect((await shop.server('POST', `/v1/payments/${payment.id}/refresh`)).body.status).toBe('succeeded');
    },
  );

  test('money for an attempt that had ended is found when its only callback is parked', async () => {
    const payment = await shop.payment({ platform: 'douyin', expiresIn: 300 });
    for (let hours = 0; (await shop.read(payment.id)).status !== 'closed' && hours < 48; hours++) {
      await shop.advance(3_600);
      await shop.server('POST', `/v1/payments/${payment.id}/refresh`);
    }
    // The user's phone had kept the order that nobody waits for any more.
    await shop.faults('douyin', 'wrong_amount', {}, { direction: 'out' });
    const before = letterbox.letters.length;
    await shop.cashier(payment.clientAction);
    expect((await deliver(minibase.url, await letterbox.letter(before + 1))).status).toBe(200);
    const events = await untilEvent(minibase, shop.app.secretKey, 'payment.unexpected_success');
    expect(events.find(({ type }) => type === 'payment.unexpected_success')?.object.id).toBe(payment.id);
  });

  test('a parked callback is run again once its payment is known', async () => {
    const { payment, letter } = await paidFor('wechat');
    const { dataSource } = minibase.database;
    const number = payment.attempts[0]!.number;
    await dataSource.query(`update payment_attempts set number = 'x' || number where number = $1`, [number]);
    expect((await deliver(minibase.url, letter)).status).toBe(200);
    const { data } = await must<{ data: Callback[] }>(minibase.url, 'GET', '/v1/callbacks?status=parked&limit=1', {
      token: shop.app.secretKey,
    });
    expect(data[0]).toMatchObject({ problem: 'unknown_payment' });
    await dataSource.query(`update payment_attempts set number = $1 where number = 'x' || $1`, [number]);
    const rerun = await shop.server<Callback>('POST', `/v1/callbacks/${data[0]?.id}/rerun`);
    expect(rerun.body).toMatchObject({ status: 'settled', problem: null, objectId: payment.id });
    expect((await shop.read(payment.id)).status).toBe('succeeded');
    const settled = await shop.server('POST', `/v1/callbacks/${data[0]?.id}/rerun`);
    expect([settled.status, settled.body.code]).toEqual([409, 'callback_not_parked']);
  });

  test('a callback can be read as it arrived', async () => {
    const { payment, letter } = await paidFor('alipay');
    await deliver(minibase.url, letter);
    const [kept] = await callbacksOf(payment.id);
    const { body } = await shop.server<{ body: string; headers: Record<string, string> }>(
      'GET',
      `/v1/callbacks/${kept?.id}`,
    );
    expect(body.body).toBe(letter.body.toString());
    expect(body.headers['content-type']).toBe(letter.headers['content-type']);
  });

  test('a proxy that drops the signature headers is told apart in the metrics', async () => {
    const { letter } = await paidFor('wechat');
    const { 'wechatpay-signature': _, ...headers } = letter.headers;
    const answer = await fetch(minibase.url + letter.path, {
      method: 'POST',
      headers: { 'content-type': headers['content-type']! },
      body: new Uint8Array(letter.body),
    });
    expect(answer.status).toBe(401);
    const metrics = await (
      await fetch(`${minibase.url}/metrics`, {
        headers: { authorization: `Basic ${Buffer.from(`operator:${minibase.operatorToken}`).toString('base64')}` },
      })
    ).text();
    expect(metrics).toMatch(/minibase_callbacks_total\{platform="wechat",result="headers_missing"\} [1-9]/);
  });

  test.each([
    ['cancel', (shop: Shop, id: string) => shop.server('POST', `/v1/payments/${id}/cancel`)],
    ['refresh', (shop: Shop, id: string) => shop.server('POST', `/v1/payments/${id}/refresh`)],
  ])('a callback that races with %s comes to one outcome', async (_, act) => {
    for (let round = 0; round < 5; round++) {
      letterbox.letters.length = 0;
      const { payment, letter } = await paidFor('wechat');
      const [answer] = await Promise.all([deliver(minibase.url, letter), act(shop, payment.id)]);
      expect(answer.status).toBe(200);
      expect(await shop.read(payment.id)).toMatchObject({ status: 'succeeded', closingSince: null });
    }
  });

  test('a callback that races with the end of the time comes to one outcome', async () => {
    const { payment, letter } = await paidFor('wechat');
    const [answer] = await Promise.all([deliver(minibase.url, letter), shop.advance(3 * 3_600)]);
    expect(answer.status).toBe(200);
    expect(await shop.until(payment.id, 'succeeded')).toMatchObject({ closingSince: null });
  });
});
