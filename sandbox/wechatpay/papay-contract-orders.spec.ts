import { NOTICE_PLAN, PapayShop } from '../testing/wechat-papay.js';
import { MERCHANT, PROGRAM, USER } from '../testing/wechat-shop.js';

let papay: PapayShop;
beforeEach(async () => {
  papay = await PapayShop.open();
});
afterEach(() => papay.close());

test('paid and signed: the merchant is told of both', async () => {
  const fields = papay.orderDraft();
  const answer = papay.genuine(await papay.place(fields));
  expect(answer).toEqual({
    ...{ return_code: 'SUCCESS', return_msg: 'OK', result_code: 'SUCCESS', appid: PROGRAM, mch_id: MERCHANT },
    ...{
      nonce_str: expect.any(String),
      sign: expect.any(String),
      trade_type: 'JSAPI',
      contract_result_code: 'SUCCESS',
    },
    ...{ plan_id: NOTICE_PLAN, contract_code: fields.contract_code, request_serial: '1000' },
    ...{ contract_display_account: '会员连续包月', out_trade_no: fields.out_trade_no },
    prepay_id: expect.stringMatching(/^wx20260601120000/),
  });
  expect(await papay.pay(papay.sheet(answer.prepay_id))).toBe('requestPayment:ok');
  const [contract] = await papay.told('/contracts', 1);
  expect(contract).toMatchObject({ change_type: 'ADD', contract_code: fields.contract_code });
  const [payment] = await papay.told('/paid', 1);
  const { body: order } = await papay.shop.query(fields.out_trade_no);
  expect(payment).toEqual({
    ...{ return_code: 'SUCCESS', return_msg: 'OK', result_code: 'SUCCESS', appid: PROGRAM, mch_id: MERCHANT },
    ...{ nonce_str: expect.any(String), sign: expect.any(String), openid: papay.shop.openid, is_subscribe: 'N' },
    ...{ trade_type: 'JSAPI', bank_type: 'OTHERS', total_fee: '990', fee_type: 'CNY', cash_fee: '990' },
    ...{ cash_fee_type: 'CNY', transaction_id: order.transaction_id, out_trade_no: fields.out_trade_no, attach: 'a1' },
    ...{ time_end: '20260601120000', contract_id: contract?.contract_id },
  });
  expect(order).toMatchObject({ trade_state: 'SUCCESS', trade_type: 'JSAPI', amount: { total: 990 } });
});

test('paid without the tick: no contract, and no word of one', async () => {
  const fields = papay.orderDraft();
  const { prepay_id: prepayId } = await papay.place(fields);
  await papay.pay(papay.sheet(prepayId), { sign: false });
  const [payment] = await papay.told('/paid', 1);
  expect(payment).not.toHaveProperty('contract_id');
  expect((await papay.act(fields.contract_code ?? '')).error).toBe('contract_unknown');
  expect(papay.shop.receiver.received).toHaveLength(1);
});

test('whoever has signed already only pays, and the answer says so', async () => {
  await papay.contract({}, USER);
  await papay.told('/contracts', 1);
  const answer = await papay.place(papay.orderDraft());
  expect(answer).toMatchObject({
    result_code: 'SUCCESS',
    contract_result_code: 'FAIL',
    contract_err_code_des: '用户已签约',
  });
  expect(await papay.pay(papay.sheet(answer.prepay_id))).toBe('requestPayment:ok');
  expect((await papay.told('/paid', 1))[0]).not.toHaveProperty('contract_id');
});

test('left and failed: nothing is paid or signed', async () => {
  const fields = papay.orderDraft();
  const { prepay_id: prepayId } = await papay.place(fields);
  expect(await papay.pay(papay.sheet(prepayId), { outcome: 'cancel' })).toBe('requestPayment:fail cancel');
  expect(await papay.pay(papay.sheet(prepayId), { outcome: 'fail' })).toMatch(/^requestPayment:fail (?!cancel)./);
  expect((await papay.shop.query(fields.out_trade_no)).body.trade_state).toBe('NOTPAY');
});

test('with HMAC-SHA256 the sheet and the notification are signed so too', async () => {
  const fields = papay.orderDraft({ sign_type: 'HMAC-SHA256' });
  const answer = papay.genuine(await papay.place(fields));
  expect(answer.sign).toHaveLength(64);
  expect(await papay.pay(papay.sheet(answer.prepay_id, 'MD5'))).toContain('支付验证签名失败');
  expect(await papay.pay(papay.sheet(answer.prepay_id, 'HMAC-SHA256'))).toBe('requestPayment:ok');
  const [payment] = await papay.told('/paid', 1);
  expect(payment?.sign).toHaveLength(64);
  expect(payment?.sign_type).toBe('HMAC-SHA256');
});

test('asked for again it is the same order, asked for otherwise it is refused', async () => {
  const fields = papay.orderDraft();
  const { prepay_id: prepayId } = await papay.place(fields);
  expect((await papay.place(fields)).prepay_id).toBe(prepayId);
  expect((await papay.place({ ...fields, total_fee: '991' })).err_code).toBe('OUT_TRADE_NO_USED');
  expect((await papay.place({ ...fields, contract_code: 'other1' })).err_code).toBe('OUT_TRADE_NO_USED');
  await papay.pay(papay.sheet(prepayId));
  expect((await papay.place(fields)).err_code).toBe('ORDERPAID');
  const closed = papay.orderDraft();
  await papay.place(closed);
  await papay.shop.closeOrder(closed.out_trade_no);
  expect((await papay.place(closed)).err_code).toBe('ORDERCLOSED');
});

test('time_expire is the last moment to pay', async () => {
  const { prepay_id: prepayId } = await papay.place(papay.orderDraft({ time_expire: '20260601121000' }));
  await papay.shop.later({ minutes: 10 });
  expect(await papay.pay(papay.sheet(prepayId), { outcome: 'cancel' })).toBe('requestPayment:fail cancel');
  await papay.shop.later({ seconds: 1 });
  expect(await papay.pay(papay.sheet(prepayId))).toContain('已过期');
});

test('an unknown plan is no obstacle to paying', async () => {
  expect(await papay.place(papay.orderDraft({ plan_id: '999' }))).toMatchObject({
    result_code: 'SUCCESS',
    contract_result_code: 'FAIL',
    contract_err_code_des: '协议模板不存在',
  });
});

test('the payment is refunded through APIv3', async () => {
  const fields = papay.orderDraft();
  await papay.pay(papay.sheet((await papay.place(fields)).prepay_id));
  const { body } = await papay.shop.refund(fields.out_trade_no ?? '', {}, { refund: 990 });
  expect(body.status).toBe('PROCESSING');
  await papay.shop.later({ minutes: 1 });
  expect((await papay.shop.query(fields.out_trade_no)).body.trade_state).toBe('REFUND');
});
