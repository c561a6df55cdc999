import { DAY_PLAN, NOTICE_PLAN, PapayShop, SIGNING_APP } from '../testing/wechat-papay.js';
import { MERCHANT, PROGRAM, USER } from '../testing/wechat-shop.js';

let papay: PapayShop;
beforeEach(async () => {
  papay = await PapayShop.open();
});
afterEach(() => papay.close());

const back = (extraData: object) => ({ scene: 1038, referrerInfo: { appId: SIGNING_APP, extraData } });
const find = (number: string, planId = NOTICE_PLAN) =>
  papay.v2('/papay/querycontract', { version: '1.0', plan_id: planId, contract_code: number });
const end = (over: Record<string, string>) =>
  papay.v2('/papay/deletecontract', { version: '1.0', contract_termination_remark: '用户取消', ...over });

describe('the page on which a contract is signed', () => {
  test('signed: the app is shown with the id, and the merchant is told', async () => {
    const extraData = papay.extraData();
    const shown = await papay.jump(extraData);
    const id = expect.stringMatching(/^20260601\d{10}$/) as string;
    expect(shown).toEqual(back({ return_code: 'SUCCESS', return_msg: 'OK', contract_id: id }));
    const [told] = await papay.told('/contracts', 1);
    expect(told).toEqual({
      ...{ return_code: 'SUCCESS', return_msg: 'OK', result_code: 'SUCCESS' },
      ...{ mch_id: MERCHANT, plan_id: NOTICE_PLAN, openid: papay.shop.openid },
      ...{ contract_code: extraData.contract_code, request_serial: extraData.request_serial },
      ...{ change_type: 'ADD', operate_time: '2026-06-01 12:00:00', contract_expired_time: '2036-05-29 12:00:00' },
      ...{ contract_id: id, sign: expect.any(String) },
    });
  });

  test('left by the system: nothing comes back, nothing is signed, and it can be opened again', async () => {
    const extraData = papay.extraData();
    expect(await papay.jump(extraData, { outcome: 'cancel' })).toEqual({
      scene: 1038,
      referrerInfo: { appId: SIGNING_APP },
    });
    expect(await papay.jump(extraData, { outcome: 'fail' })).toEqual(
      back({ return_code: 'FAIL', return_msg: '签约失败' }),
    );
    expect((await find(extraData.contract_code ?? '')).contract_state).toBe('1');
    expect(await papay.jump(extraData)).toMatchObject({ referrerInfo: { extraData: { return_code: 'SUCCESS' } } });
  });

  test('a number is signed once, and a person holds one contract per plan', async () => {
    const { number } = await papay.contract({}, USER);
    const again = await papay.jump(papay.extraData({ contract_code: number }), { user: 'ben' });
    expect(again).toEqual(back({ return_code: 'FAIL', return_msg: '签约协议号重复' }));
    expect(await papay.jump(papay.extraData())).toEqual(back({ return_code: 'FAIL', return_msg: '用户已签约' }));
    await papay.contract({ plan_id: DAY_PLAN }, USER);
    await papay.contract({}, 'ben');
    await papay.act(number, { does: 'terminate' });
    expect((await papay.contract({}, USER)).id).not.toBe('');
  });
});

describe('a contract', () => {
  test('is found by its number and by its id', async () => {
    const { number, id } = await papay.contract({}, USER);
    const found = papay.genuine(await find(number));
    expect(found).toEqual({
      ...{ return_code: 'SUCCESS', return_msg: 'OK', result_code: 'SUCCESS', appid: PROGRAM, mch_id: MERCHANT },
      ...{ contract_id: id, plan_id: NOTICE_PLAN, contract_code: number, request_serial: expect.any(String) },
      ...{ contract_display_account: '会员连续包月', contract_state: '0', openid: papay.shop.openid },
      ...{ contract_signed_time: '2026-06-01 12:00:00', contract_expired_time: '2036-05-29 12:00:00' },
      ...{ contract_termination_mode: '0', sign: expect.any(String) },
    });
    expect(await papay.v2('/papay/querycontract', { version: '1.0', contract_id: id })).toEqual(found);
  });

  test('that nobody signed is unsigned by its number, and unknown by an id', async () => {
    expect(await find('never1')).toMatchObject({
      result_code: 'SUCCESS',
      contract_state: '1',
      contract_code: 'never1',
    });
    expect(await papay.v2('/papay/querycontract', { version: '1.0', contract_id: '1' })).toMatchObject({
      result_code: 'FAIL',
      err_code: 'CONTRACT_NOT_EXIST',
    });
    const { number } = await papay.contract();
    expect((await find(number, DAY_PLAN)).contract_state).toBe('1');
    expect((await papay.v2('/papay/querycontract', { version: '1.0' })).err_code).toBe('PARAM_ERROR');
    expect((await papay.v2('/papay/querycontract', { contract_id: '1' })).err_code).toBe('PARAM_ERROR');
  });

  test('is ended by the merchant, once', async () => {
    const { number, id } = await papay.contract();
    await papay.told('/contracts', 1);
    expect(papay.genuine(await end({ contract_id: id }))).toMatchObject({
      result_code: 'SUCCESS',
      contract_code: number,
    });
    expect(await find(number)).toMatchObject({
      contract_state: '1',
      contract_terminated_time: '2026-06-01 12:00:00',
      contract_termination_mode: '3',
      contract_termination_remark: '用户取消',
    });
    const [, told] = await papay.told('/contracts', 2);
    expect(told).toMatchObject({ change_type: 'DELETE', contract_termination_mode: '3', contract_id: id });
    expect(told).not.toHaveProperty('contract_expired_time');
    expect(await end({ contract_id: id })).toMatchObject({ result_code: 'FAIL', err_code: 'CONTRACT_NOT_EXIST' });
    expect(await end({ plan_id: NOTICE_PLAN, contract_code: number })).toMatchObject({
      err_code: 'CONTRACT_NOT_EXIST',
    });
  });

  test('is not ended without a reason, nor with another signature than MD5', async () => {
    const { id } = await papay.contract();
    expect((await end({ contract_id: id, contract_termination_remark: '' })).err_code).toBe('PARAM_ERROR');
    expect(await end({ contract_id: id, sign_type: 'HMAC-SHA256' })).toEqual({
      return_code: 'FAIL',
      return_msg: 'sign_type参数错误',
    });
  });

  test.each([
    [{ by: 'user' }, '2', 'user'],
    [{ by: 'merchant' }, '4', 'merchant'],
    [{ by: 'platform' }, '5', 'platform'],
  ])('ended with %j is told to the URL of the plan', async (over, mode, by) => {
    const push = { url: `${papay.shop.receiver.origin}/ended` };
    await papay.shop.sandbox.merchant('wechat', { merchantId: MERCHANT, push });
    const { number } = await papay.contract();
    expect(await papay.act(number, { does: 'terminate', ...over })).toMatchObject({ state: 'terminated', endedBy: by });
    const [told] = await papay.told('/ended', 1);
    expect(told).toMatchObject({ change_type: 'DELETE', contract_code: number, contract_termination_mode: mode });
    expect((await papay.act(number, { does: 'terminate' })).error).toBe('contract_ended');
  });

  test('expires', async () => {
    const { number } = await papay.contract();
    expect(await papay.act(number, { does: 'expire' })).toMatchObject({ state: 'expired' });
    const told = await papay.told('/contracts', 2);
    expect(told.find(({ change_type: type }) => type === 'DELETE')).toMatchObject({ contract_termination_mode: '1' });
    const other = await papay.contract();
    await papay.shop.later({ days: 3_650 });
    expect(await papay.act(other.number)).toMatchObject({ state: 'expired', endedBy: 'platform' });
    expect(await find(other.number)).toMatchObject({ contract_state: '1', contract_termination_mode: '1' });
  });

  test('outlives a restart', async () => {
    const { number, id } = await papay.contract();
    const before = await papay.act(number);
    await papay.shop.sandbox.restart();
    expect(await papay.act(number)).toEqual(before);
    expect((await find(number)).contract_id).toBe(id);
    expect((await papay.act('none')).error).toBe('contract_unknown');
  });

  test('of another merchant is neither found nor ended', async () => {
    const { number, id } = await papay.contract();
    const { credentials } = await papay.shop.sandbox.merchant('wechat', { merchantId: '1600000002' });
    papay.shop.credentials = credentials as Record<string, string>;
    expect(await find(number)).toMatchObject({ return_msg: '签名错误' });
    const query = { version: '1.0', contract_id: id, mch_id: '1600000002' };
    expect((await papay.v2('/papay/querycontract', query)).err_code).toBe('CONTRACT_NOT_EXIST');
    expect((await end({ contract_id: id, mch_id: '1600000002' })).err_code).toBe('CONTRACT_NOT_EXIST');
  });
});
