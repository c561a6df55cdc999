import { constants, publicEncrypt } from 'node:crypto';
import { MERCHANT, ORDERS, type PayAnswer, REFUNDS, WechatShop } from '../testing/wechat-shop.js';

let shop: WechatShop;
beforeAll(async () => {
  shop = await WechatShop.open();
});
afterAll(() => shop.close());
beforeEach(() => {
  shop.receiver.forget();
  // Limits per second are of protocol time.
  shop.sandbox.advance({ seconds: 1 });
});

const find = (refund: PayAnswer): Promise<PayAnswer> =>
  shop.call('GET', `${REFUNDS}/${String(refund.body.out_refund_no)}`);
const end = async (code: string, times = 1): Promise<void> => {
  await shop.fault({ match: { path: REFUNDS }, kind: 'code', code, times });
};

test('a refund is accepted, and done a minute later', async () => {
  const number = await shop.paid();
  const refund = await shop.refund(number, { reason: '七天无理由' }, { from: [{ account: 'AVAILABLE', amount: 100 }] });
  expect(refund).toMatchObject({
    status: 200,
    body: {
      refund_id: expect.stringMatching(/^50\d{27}$/),
      out_trade_no: number,
      transaction_id: expect.stringMatching(/^42\d{26}$/),
      channel: 'ORIGINAL',
      status: 'PROCESSING',
      amount: { total: 990, refund: 100, payer_total: 990, payer_refund: 100, currency: 'CNY' },
    },
  });
  expect(refund.body).not.toHaveProperty('success_time');
  expect((await shop.query(number)).body.trade_state).toBe('REFUND');
  await shop.later({ seconds: 59 });
  expect((await find(refund)).body).toEqual(refund.body);
  await shop.later({ seconds: 1 });
  expect((await find(refund)).body).toEqual({ ...refund.body, status: 'SUCCESS', success_time: expect.any(String) });
});

test('it can name the order by its transaction', async () => {
  const number = await shop.paid();
  const { transaction_id: transactionId } = (await shop.query(number)).body;
  const refund = await shop.refund(number, { out_trade_no: undefined, transaction_id: transactionId });
  expect(refund).toMatchObject({ status: 200, body: { out_trade_no: number } });
  const again = { out_refund_no: refund.body.out_refund_no };
  expect((await shop.refund(number, again)).body).toEqual(refund.body);
});

test('the same number is the same refund; with other parameters it is refused', async () => {
  const number = await shop.paid();
  const first = await shop.refund(number);
  const same = { out_refund_no: first.body.out_refund_no };
  expect((await shop.refund(number, same)).body).toEqual(first.body);
  const refused = { status: 400, body: { code: 'INVALID_REQUEST' } };
  expect(await shop.refund(number, same, { refund: 101 })).toMatchObject(refused);
  expect(await shop.refund(await shop.paid(), same)).toMatchObject(refused);
});

test.each([
  [{ out_refund_no: 'has space' }, {}, '/out_refund_no'],
  [{ out_refund_no: 'x'.repeat(65) }, {}, '/out_refund_no'],
  [{ transaction_id: '42' }, {}, '/transaction_id'],
  [{ out_trade_no: undefined }, {}, '/transaction_id'],
  [{ reason: 'x'.repeat(81) }, {}, '/reason'],
  [{ notify_url: 'https://example.com/a?b=c' }, {}, '/notify_url'],
  [{ funds_account: 'BASIC' }, {}, '/funds_account'],
  [{ sub_mchid: MERCHANT }, {}, '/sub_mchid'],
  [{}, { refund: 0 }, '/amount/refund'],
  [{}, { currency: undefined }, '/amount/currency'],
  [{}, { from: [{ account: 'AVAILABLE', amount: 99 }] }, '/amount/from'],
  [{ goods_detail: [{ merchant_goods_id: 'g' }] }, {}, '/goods_detail/0/unit_price'],
])('refuses %j %j', async (over, amount, field) => {
  const answer = await shop.refund('order-0001', over, amount);
  expect(answer).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR', detail: { field } } });
});

test('no more than was paid, and the total must be the order’s', async () => {
  const number = await shop.paid();
  const refused = { status: 400, body: { code: 'INVALID_REQUEST' } };
  expect(await shop.refund(number, {}, { total: 991 })).toMatchObject(refused);
  expect(await shop.refund(number, {}, { refund: 991 })).toMatchObject(refused);
  expect((await shop.refund(number, {}, { refund: 900 })).status).toBe(200);
  await shop.later({ minutes: 1 });
  expect(await shop.refund(number, {}, { refund: 91 })).toMatchObject(refused);
  expect((await shop.refund(number, {}, { refund: 90 })).status).toBe(200);
});

test('two refunds of one order are a minute apart', async () => {
  const number = await shop.paid();
  await shop.refund(number);
  await shop.later({ seconds: 59 });
  const early = await shop.refund(number);
  expect(early).toMatchObject({ status: 429, body: { code: 'FREQUENCY_LIMITED' } });
  await shop.later({ seconds: 1 });
  expect((await shop.refund(number)).status).toBe(200);
});

test('fifty refunds of one order at most', async () => {
  const number = await shop.paid();
  for (let count = 1; count <= 50; count += 1) {
    expect((await shop.refund(number, {}, { refund: 1 })).status).toBe(200);
    await shop.later({ minutes: 1 });
  }
  expect(await shop.refund(number, {}, { refund: 1 })).toMatchObject({
    status: 400,
    body: { code: 'INVALID_REQUEST' },
  });
});

test('a year after the payment it is too late', async () => {
  const [inTime, tooLate] = [await shop.paid(), await shop.paid()];
  await shop.later({ days: 365 });
  expect((await shop.refund(inTime)).status).toBe(200);
  await shop.later({ seconds: 1 });
  expect(await shop.refund(tooLate)).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
});

test('an unpaid order and an unknown refund do not exist', async () => {
  const draft = shop.draft();
  await shop.place(draft);
  const missing = { status: 404, body: { code: 'RESOURCE_NOT_EXISTS' } };
  expect(await shop.refund(String(draft.out_trade_no))).toMatchObject(missing);
  expect(await shop.call('GET', `${REFUNDS}/no-such-refund`)).toMatchObject(missing);
});

test('the seventh refund in a second that fails is held back, whatever is wrong with it', async () => {
  const answers = [];
  for (let count = 1; count <= 7; count += 1) answers.push((await shop.refund('no-such-order')).body.code);
  expect(answers).toEqual([...Array<string>(6).fill('RESOURCE_NOT_EXISTS'), 'FREQUENCY_LIMITED']);
  shop.sandbox.advance({ seconds: 1 });
  expect((await shop.refund('no-such-order')).body.code).toBe('RESOURCE_NOT_EXISTS');
});

test('a merchant without money is told so, and nothing has happened', async () => {
  const number = await shop.paid();
  await end('NOT_ENOUGH');
  expect(await shop.refund(number)).toMatchObject({ status: 403, body: { code: 'NOT_ENOUGH' } });
  expect((await shop.query(number)).body.trade_state).toBe('SUCCESS');
  expect((await shop.refund(number)).status).toBe(200);
});

test('a refund that is closed gives its amount back, and its number stays closed', async () => {
  const number = await shop.paid();
  await end('REFUND_CLOSED');
  const refund = await shop.refund(number, {}, { refund: 990 });
  expect(refund.body.status).toBe('PROCESSING');
  await shop.later({ minutes: 1 });
  expect((await find(refund)).body.status).toBe('CLOSED');
  const same = { out_refund_no: refund.body.out_refund_no };
  expect((await shop.refund(number, same, { refund: 990 })).body.status).toBe('CLOSED');
  expect((await shop.refund(number, {}, { refund: 990 })).body.status).toBe('PROCESSING');
});

describe('a refund that could not reach the card', () => {
  const abnormal = async (): Promise<PayAnswer> => {
    const number = await shop.paid();
    await end('REFUND_ABNORMAL');
    const refund = await shop.refund(number);
    await shop.later({ minutes: 1 });
    return find(refund);
  };
  const apply = (
    refund: PayAnswer,
    body: object,
    headers = { 'wechatpay-serial': shop.credentials.publicKeyId ?? '' },
  ) =>
    shop.call(
      'POST',
      `${REFUNDS}/${String(refund.body.refund_id)}/apply-abnormal-refund`,
      { out_refund_no: refund.body.out_refund_no, ...body },
      { headers },
    );
  const encrypted = (text: string): string =>
    publicEncrypt(
      { key: shop.credentials.publicKey ?? '', padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
      Buffer.from(text),
    ).toString('base64');
  const card = () => ({
    type: 'USER_BANK_CARD',
    bank_type: 'CMB_DEBIT',
    bank_account: encrypted('6225000000000000'),
    real_name: encrypted('安'),
  });

  test('is ABNORMAL, and keeps its amount', async () => {
    const refund = await abnormal();
    expect(refund.body.status).toBe('ABNORMAL');
    expect((await shop.refund(String(refund.body.out_trade_no), {}, { refund: 900 })).status).toBe(400);
  });

  test.each([
    ['the user’s card', card],
    ['the merchant’s', () => ({ type: 'MERCHANT_BANK_CARD' })],
  ])('goes to %s', async (_name, body) => {
    const refund = await abnormal();
    expect((await apply(refund, body())).body.status).toBe('PROCESSING');
    await shop.later({ minutes: 1 });
    expect((await find(refund)).body.status).toBe('SUCCESS');
  });

  test('needs the name of the key, and that it was used', async () => {
    const refund = await abnormal();
    const merchantCard = { type: 'MERCHANT_BANK_CARD' };
    expect((await apply(refund, merchantCard, { 'wechatpay-serial': '' })).body.code).toBe('PARAM_ERROR');
    const plain = { ...card(), real_name: 'Ann' };
    expect((await apply(refund, plain)).body).toMatchObject({ code: 'PARAM_ERROR', detail: { field: '/real_name' } });
    expect((await apply(refund, { ...card(), bank_type: 'CMB' })).body.code).toBe('PARAM_ERROR');
  });

  test('must be ABNORMAL, and be the one that is named', async () => {
    const merchantCard = { type: 'MERCHANT_BANK_CARD' };
    const refund = await abnormal();
    expect((await apply(refund, { ...merchantCard, out_refund_no: 'another' })).body.code).toBe('RESOURCE_NOT_EXISTS');
    await apply(refund, merchantCard);
    expect((await apply(refund, merchantCard)).body.code).toBe('INVALID_REQUEST');
  });
});

describe('a refund in the merchant’s console', () => {
  const start = (number: string, over = {}) => shop.sandbox.post('/_/refund', { platform: 'wechat', number, ...over });

  test('refunds what is left, and the order’s notify_url hears of it', async () => {
    const number = await shop.paid();
    await shop.refund(number, { notify_url: undefined });
    const refund = await start(number);
    expect(refund).toMatchObject({ refundId: expect.any(String), number: expect.any(String), amount: 890 });
    await shop.later({ minutes: 1 });
    const notified = shop.receiver.received.map((one) => [one.path, shop.read(one).refund_id]);
    expect(notified).toContainEqual(['/notify', refund.refundId]);
    expect((await shop.call('GET', `${REFUNDS}/${String(refund.number)}`)).body.status).toBe('SUCCESS');
  });

  test('cannot take more than is left, of no order that is unpaid, and is not for the payer', async () => {
    const number = await shop.paid();
    expect((await start(number, { amount: 991 })).error).toBe('refund_refused');
    expect((await start(number, { by: 'user' })).error).toBe('refund_refused');
    expect((await start('no-such-order')).error).toBe('order_unknown');
  });
});

test('a refund that a kill interrupted is done after the restart', async () => {
  const number = await shop.paid();
  const refund = await shop.refund(number);
  await shop.sandbox.restart();
  await shop.later({ minutes: 1 });
  expect((await find(refund)).body.status).toBe('SUCCESS');
  expect(await shop.call('GET', `${ORDERS}/id/${String(refund.body.transaction_id)}?mchid=${MERCHANT}`)).toMatchObject({
    body: { trade_state: 'REFUND' },
  });
});
