import { MERCHANT, ORDERS, PROGRAM, WechatShop } from '../testing/wechat-shop.js';

let shop: WechatShop;
beforeAll(async () => {
  shop = await WechatShop.open();
});
afterAll(() => shop.close());

describe('placing an order', () => {
  test('gives a prepay_id, signed', async () => {
    const answer = await shop.place(shop.draft());
    expect(answer).toMatchObject({
      status: 200,
      numeric: 0,
      body: { prepay_id: expect.stringMatching(/^wx\d{14}\w+/) },
    });
    expect(shop.isSigned(answer, shop.credentials.publicKey ?? '')).toBe(true);
  });

  test('takes every documented field at its limit', async () => {
    const answer = await shop.place(
      shop.draft({
        description: '中'.repeat(127),
        out_trade_no: 'aZ0_-|*'.padEnd(32, 'x'),
        time_expire: '2026-06-01T13:00:00.123+08:00',
        attach: 'a'.repeat(128),
        goods_tag: 'WXG',
        limit_pay: ['no_credit'],
        support_fapiao: true,
        detail: {
          cost_price: 990,
          invoice_id: 'i1',
          goods_detail: [{ merchant_goods_id: 'g1', goods_name: 'n', quantity: 1, unit_price: 990 }],
        },
        scene_info: { payer_client_ip: '2001:db8::1', device_id: 'd', store_info: { id: 's', name: 'n' } },
        settle_info: { profit_sharing: false },
      }),
    );
    expect(answer.status).toBe(200);
  });

  test.each([
    [{ appid: undefined }, '/appid'],
    [{ description: '' }, '/description'],
    [{ description: 'x'.repeat(128) }, '/description'],
    [{ out_trade_no: 'short' }, '/out_trade_no'],
    [{ out_trade_no: 'x'.repeat(33) }, '/out_trade_no'],
    [{ out_trade_no: 'pay_中文_123' }, '/out_trade_no'],
    [{ time_expire: '2026-06-01 13:00:00' }, '/time_expire'],
    [{ attach: 'x'.repeat(129) }, '/attach'],
    [{ attach: null }, '/attach'],
    [{ description: '会员 🎉' }, '/description'],
    [{ notify_url: '/notify' }, '/notify_url'],
    [{ notify_url: 'https://example.com/notify?order=1' }, '/notify_url'],
    [{ notify_url: 'https://example.com' }, '/notify_url'],
    [{ notify_url: 'http://example.com/notify' }, '/notify_url'],
    [{ notify_url: `https://example.com/${'x'.repeat(240)}` }, '/notify_url'],
    [{ limit_pay: ['no_money'] }, '/limit_pay/0'],
    [{ amount: { total: 0 } }, '/amount/total'],
    [{ amount: { total: 9.9 } }, '/amount/total'],
    [{ amount: { total: '990' } }, '/amount/total'],
    [{ amount: { total: 990, currency: 'USD' } }, '/amount/currency'],
    [{ scene_info: { payer_client_ip: 'localhost' } }, '/scene_info/payer_client_ip'],
    [{ detail: { goods_detail: [{ merchant_goods_id: 'g' }] } }, '/detail/goods_detail/0/quantity'],
  ])('refuses %j', async (over, field) => {
    const answer = await shop.place(shop.draft(over));
    expect(answer).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR', detail: { field, location: 'body' } } });
    expect(answer.headers).not.toHaveProperty('wechatpay-signature');
  });

  test('an unknown key and a missing openid have numbers of their own', async () => {
    const extra = await shop.place(shop.draft({ total_fee: 990 }));
    expect(extra).toMatchObject({ status: 400, numeric: 270924358, body: { detail: { field: '/total_fee' } } });
    expect(await shop.place(shop.draft({ payer: {} }))).toMatchObject({ status: 400, numeric: 268501013 });
    expect(await shop.place(shop.draft({ payer: undefined }))).toMatchObject({ status: 400, numeric: 268501013 });
  });

  test.each(['{"appid":', '[]', '"text"'])('refuses a body that is no JSON object: %s', async (body) => {
    expect(await shop.call('POST', `${ORDERS}/jsapi`, body)).toMatchObject({
      status: 400,
      body: { code: 'PARAM_ERROR' },
    });
  });

  test('an emoji written as an escape is one too', async () => {
    const body = JSON.stringify(shop.draft({ description: 'X' })).replace('"X"', '"\\ud83c\\udf89"');
    expect(await shop.call('POST', `${ORDERS}/jsapi`, body)).toMatchObject({
      body: { detail: { field: '/description' } },
    });
  });

  test('the mchid must be the one that signs', async () => {
    const answer = await shop.place(shop.draft({ mchid: '1600000002' }));
    expect(answer).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR', detail: { field: '/mchid' } } });
  });

  test('the mini-program must be of the same developer, and the payer one of its people', async () => {
    const other = 'wx00000000000000bb';
    await shop.sandbox.account('wechat', { platformAppId: other, entity: 'other', credentials: { secret: 's' } });
    const openid = await shop.login('ann', other);
    const unbound = { status: 400, numeric: 268445527, body: { code: 'APPID_MCHID_NOT_MATCH' } };
    expect(await shop.place(shop.draft({ appid: other, payer: { openid } }))).toMatchObject(unbound);
    expect(await shop.place(shop.draft({ appid: 'wxffffffffffffffff' }))).toMatchObject(unbound);
    expect(await shop.place(shop.draft({ payer: { openid } }))).toMatchObject({
      status: 400,
      body: { code: 'PARAM_ERROR', message: 'appid和openid不匹配' },
    });
  });

  test('a second mini-program of the developer can use the merchant', async () => {
    const second = 'wx00000000000000cc';
    await shop.sandbox.account('wechat', { platformAppId: second, credentials: { secret: 's' } });
    const openid = await shop.login('ann', second);
    expect((await shop.place(shop.draft({ appid: second, payer: { openid } }))).status).toBe(200);
  });

  test('only with a permission that nobody has here can the payer be named', async () => {
    const payer = { openid: shop.openid, identity: { type: 'IDCARD' } };
    expect(await shop.place(shop.draft({ payer }))).toMatchObject({ status: 403, body: { code: 'NO_AUTH' } });
  });
});

describe('placing an order again', () => {
  test('with the same parameters gives the same prepay_id, whatever their order and time_expire', async () => {
    const draft = shop.draft();
    const first = await shop.place(draft);
    const again = { time_expire: '2026-06-03T12:00:00+08:00', ...Object.fromEntries(Object.entries(draft).reverse()) };
    expect((await shop.place(again)).body).toEqual(first.body);
  });

  test('after two hours gives another one', async () => {
    const draft = shop.draft();
    const first = await shop.place(draft);
    await shop.later({ minutes: 119 });
    expect((await shop.place(draft)).body).toEqual(first.body);
    await shop.later({ minutes: 1 });
    const second = await shop.place(draft);
    expect(second.status).toBe(200);
    expect(second.body).not.toEqual(first.body);
  });

  test('with other parameters is refused', async () => {
    const draft = shop.draft();
    await shop.place(draft);
    expect(await shop.place({ ...draft, amount: { total: 991, currency: 'CNY' } })).toMatchObject({
      status: 400,
      numeric: 268498688,
      body: { code: 'INVALID_REQUEST' },
    });
  });

  test('a paid order, a closed one and one past its time are refused', async () => {
    const [paid, closed, late] = [shop.draft(), shop.draft(), shop.draft({ time_expire: '2020-01-01T00:00:00+08:00' })];
    const { body } = await shop.place(paid);
    await shop.cashier(shop.clientParams(body.prepay_id));
    await shop.place(closed);
    await shop.closeOrder(closed.out_trade_no);
    await shop.place(late);
    await shop.later({ seconds: 61 });
    expect(await shop.place(paid)).toMatchObject({ status: 400, numeric: 268449538, body: { code: 'ORDERPAID' } });
    expect(await shop.place(closed)).toMatchObject({ status: 400, body: { code: 'ORDER_CLOSED' } });
    expect(await shop.place(late)).toMatchObject({
      status: 400,
      numeric: 268447914,
      body: { code: 'INVALID_REQUEST' },
    });
  });
});

describe('querying an order', () => {
  test('an unpaid one is little more than its ids', async () => {
    const draft = shop.draft();
    await shop.place(draft);
    expect((await shop.query(draft.out_trade_no)).body).toEqual({
      appid: PROGRAM,
      mchid: MERCHANT,
      out_trade_no: draft.out_trade_no,
      trade_state: 'NOTPAY',
      trade_state_desc: '订单未支付',
      payer: {},
    });
  });

  test('a paid one is found by both ids, and tells all', async () => {
    const number = await shop.paid({ attach: 'a1', scene_info: { payer_client_ip: '127.0.0.1', device_id: 'd1' } });
    const { body } = await shop.query(number);
    expect(body).toEqual({
      appid: PROGRAM,
      mchid: MERCHANT,
      out_trade_no: number,
      transaction_id: expect.stringMatching(/^42\d{26}$/),
      trade_type: 'JSAPI',
      trade_state: 'SUCCESS',
      trade_state_desc: '支付成功',
      bank_type: 'OTHERS',
      attach: 'a1',
      success_time: expect.stringMatching(/^2026-06-01T\d\d:\d\d:\d\d\+08:00$/),
      payer: { openid: shop.openid },
      amount: { total: 990, payer_total: 990, currency: 'CNY', payer_currency: 'CNY' },
      scene_info: { device_id: 'd1' },
    });
    const byId = await shop.call('GET', `${ORDERS}/id/${String(body.transaction_id)}?mchid=${MERCHANT}`);
    expect(byId.body).toEqual(body);
  });

  test.each([
    [`out-trade-no/nothing-here?mchid=${MERCHANT}`, 404, 'ORDER_NOT_EXIST'],
    [`id/4200000000000000000000000000?mchid=${MERCHANT}`, 404, 'ORDER_NOT_EXIST'],
    [`out-trade-no/short?mchid=${MERCHANT}`, 400, 'PARAM_ERROR'],
    [`out-trade-no/nothing-here`, 400, 'PARAM_ERROR'],
    [`out-trade-no/nothing-here?mchid=1600000002`, 400, 'PARAM_ERROR'],
    [`out-trade-no/%E4%ZZ-escape?mchid=${MERCHANT}`, 400, undefined],
  ])('%s answers %i %s', async (path, status, code) => {
    const answer = await shop.call('GET', `${ORDERS}/${path}`);
    expect([answer.status, answer.body.code]).toEqual([status, code ?? answer.body.code]);
  });

  test('the method must be the right one', async () => {
    expect(await shop.call('GET', `${ORDERS}/jsapi`)).toMatchObject({ status: 405, text: '' });
  });
});

describe('closing an order', () => {
  test('answers 204, signed over nothing, any number of times', async () => {
    const draft = shop.draft();
    await shop.place(draft);
    for (const round of [1, 2]) {
      const answer = await shop.closeOrder(draft.out_trade_no);
      expect([round, answer.status, answer.text]).toEqual([round, 204, '']);
      expect(shop.isSigned(answer, shop.credentials.publicKey ?? '')).toBe(true);
    }
    expect((await shop.query(draft.out_trade_no)).body.trade_state).toBe('CLOSED');
  });

  test('a paid one stays paid', async () => {
    const number = await shop.paid();
    expect(await shop.closeOrder(number)).toMatchObject({ status: 400, body: { code: 'ORDERPAID' } });
    expect((await shop.query(number)).body.trade_state).toBe('SUCCESS');
  });

  test('one that was never placed uses up the number', async () => {
    const draft = shop.draft();
    expect((await shop.closeOrder(draft.out_trade_no)).status).toBe(204);
    expect((await shop.query(draft.out_trade_no)).body.code).toBe('ORDER_NOT_EXIST');
    expect(await shop.place(draft)).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
  });

  test('seven days unpaid close it, or the end of a longer time to pay', async () => {
    const [plain, long] = [shop.draft(), shop.draft()];
    await shop.place(plain);
    await shop.place({ ...long, time_expire: new Date(shop.businessNow + 10 * 86_400_000).toISOString() });
    const states = async () =>
      Promise.all([plain, long].map(async (draft) => (await shop.query(draft.out_trade_no)).body.trade_state));
    await shop.later({ days: 6, minutes: 24 * 60 - 1 });
    expect(await states()).toEqual(['NOTPAY', 'NOTPAY']);
    await shop.later({ minutes: 1 });
    expect(await states()).toEqual(['CLOSED', 'NOTPAY']);
    await shop.later({ days: 3 });
    expect(await states()).toEqual(['CLOSED', 'CLOSED']);
  });
});

test('orders survive a restart', async () => {
  const draft = shop.draft();
  const { body } = await shop.place(draft);
  await shop.sandbox.restart();
  expect((await shop.place(draft)).body).toEqual(body);
});
