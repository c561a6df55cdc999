import { PapayShop, SIGNING_APP } from '../testing/wechat-papay.js';

/** What is refused for what stands in the call itself. */
let papay: PapayShop;
beforeAll(async () => {
  papay = await PapayShop.open();
});
afterAll(() => papay.close());

const back = (extraData: object) => ({ scene: 1038, referrerInfo: { appId: SIGNING_APP, extraData } });

describe('the page on which a contract is signed', () => {
  test.each([
    ['a surplus field', { version: '1.0' }, '参数构造错误'],
    ['a nonce', { nonce_str: 'n' }, '参数构造错误'],
    ['a missing field', { timestamp: '' }, '参数构造错误'],
    ['a serial with a zero in front', { request_serial: '01' }, '参数构造错误'],
    ['a serial of 13 digits', { request_serial: '1234567890123' }, '参数构造错误'],
    ['a number with other characters', { contract_code: 'a-b' }, '参数构造错误'],
    ['a number of 33 characters', { contract_code: 'a'.repeat(33) }, '参数构造错误'],
    ['an emoji', { contract_display_account: '会员😀' }, '参数构造错误'],
    ['an encoded URL', { notify_url: 'http%3A%2F%2F127.0.0.1%2Fx' }, '参数构造错误'],
    ['another sign type', { sign_type: 'RSA' }, '签名错误'],
    ['an unknown merchant', { mch_id: '1699999999' }, '商户号不存在'],
    ['an unknown plan', { plan_id: '999' }, '协议模板不存在'],
    ['an app of somebody else', { appid: 'wx00000000000000ff' }, 'appid和mch_id不匹配'],
  ])('%s is refused', async (_what, over, message) => {
    const extraData = papay.extraData(over);
    for (const [name, value] of Object.entries(over)) if (value === '') delete extraData[name];
    expect(await papay.jump(papay.signed(extraData))).toEqual(back({ return_code: 'FAIL', return_msg: message }));
  });

  test('a wrong signature is refused, HMAC-SHA256 is taken where it is named', async () => {
    const wrong = { ...papay.extraData(), contract_display_account: '别人' };
    expect(await papay.jump(wrong)).toEqual(back({ return_code: 'FAIL', return_msg: '签名错误' }));
    const hmac = papay.extraData({ sign_type: 'HMAC-SHA256' });
    expect(await papay.jump(hmac)).toMatchObject({ referrerInfo: { extraData: { return_code: 'SUCCESS' } } });
  });

  test('another mini-program or page is not reached', async () => {
    const over = { appId: 'wx00000000000000aa' };
    expect((await papay.jump(papay.extraData(), { over })).errMsg).toMatch(/^navigateToMiniProgram:fail/);
    const elsewhere = { path: 'pages/other' };
    expect((await papay.jump(papay.extraData(), { over: elsewhere })).errMsg).toMatch(/^navigateToMiniProgram:fail/);
  });
});

describe('an order with a contract', () => {
  test.each([
    ['PARAM_ERROR', { total_fee: '0' }],
    ['PARAM_ERROR', { total_fee: '9.90' }],
    ['PARAM_ERROR', { body: '' }],
    ['PARAM_ERROR', { body: '会员😀' }],
    ['PARAM_ERROR', { attach: 'a'.repeat(128) }],
    ['PARAM_ERROR', { spbill_create_ip: 'here' }],
    ['PARAM_ERROR', { notify_url: 'http://127.0.0.1/x?y=1' }],
    ['PARAM_ERROR', { openid: '' }],
    ['PARAM_ERROR', { openid: 'oNobody' }],
    ['PARAM_ERROR', { time_expire: '20261301000000' }],
    ['PARAM_ERROR', { request_serial: '0' }],
    ['PARAM_ERROR', { contract_mchid: '1600000009' }],
    ['PARAM_ERROR', { contract_appid: 'wx00000000000000ff' }],
    ['APPID_MCHID_NOT_MATCH', { appid: 'wx00000000000000ff', contract_appid: 'wx00000000000000ff' }],
    ['NOAUTH', { trade_type: 'APP' }],
  ])('%s: %j', async (code, over) => {
    expect(papay.genuine(await papay.place(papay.orderDraft(over)))).toMatchObject({
      result_code: 'FAIL',
      err_code: code,
    });
  });

  test.each([
    [{ paySign: '0'.repeat(32) }],
    [{ timeStamp: '1780000001' }],
    [{ signType: 'HMAC-SHA256' }],
    [{ signType: 'RSA' }],
  ])('the client refuses the sheet with %j', async (over) => {
    const { prepay_id: prepayId } = await papay.place(papay.orderDraft());
    expect(await papay.pay(papay.sheet(prepayId, 'MD5', over))).toBe('requestPayment:fail 支付验证签名失败');
  });

  test('an order of APIv3 is not opened with a signature of v2, nor the reverse', async () => {
    const v3 = await papay.shop.place(papay.shop.draft());
    expect(await papay.pay(papay.sheet(String(v3.body.prepay_id)))).toBe('requestPayment:fail 支付验证签名失败');
    const { prepay_id: prepayId } = await papay.place(papay.orderDraft());
    expect(await papay.shop.cashier(papay.shop.clientParams(prepayId))).toBe('requestPayment:fail 支付验证签名失败');
  });
});

describe('a notice', () => {
  test.each([
    [{ estimated_amount: { total: 990 } }],
    [{ estimated_amount: { amount: 0 } }],
    [{ estimated_amount: { amount: 990, currency: 'USD' } }],
    [{ deduct_duration: { count: 4, unit: 'DAY' } }],
    [{ deduct_duration: { count: 1, unit: 'WEEK' } }],
    [{ contract_id: '1' }],
    [{ mchid: '1600000009' }],
    [{ appid: 'wx00000000000000ff' }],
  ])('%j is refused', async (over) => {
    const { id } = await papay.contract();
    expect(await papay.notice(id, over)).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR' } });
  });
});

describe('a debit', () => {
  test.each([
    [{ trade_type: 'JSAPI' }],
    [{ total_fee: '1.5' }],
    [{ total_fee: '' }],
    [{ body: '' }],
    [{ notify_url: 'ftp://127.0.0.1/x' }],
    [{ out_trade_no: 'a b' }],
    [{ fee_type: 'USD' }],
  ])('%j is refused', async (over) => {
    const { id } = await papay.contract();
    expect(papay.genuine(await papay.apply(id, over))).toMatchObject({ result_code: 'FAIL', err_code: 'PARAM_ERROR' });
  });
});
