import { resultRefusal, transportRefusal } from './v2.errors.js';

test.each([
  ['INVALID_REQUEST', 'refused'],
  ['RULELIMIT', 'refused'],
  // Of a debit the payer's money, while v3 means the merchant's.
  ['NOTENOUGH', 'refused'],
  ['ORDERPAID', 'paid'],
  ['ORDERCLOSED', 'closed'],
  ['OUT_TRADE_NO_USED', 'exists'],
  ['CONTRACT_NOT_EXIST', 'absent'],
  ['CONTRACTERROR', 'absent'],
  ['PARAM_ERROR', 'refused'],
  ['SIGN_ERROR', 'misconfigured'],
  ['NOAUTH', 'misconfigured'],
  ['SYSTEMERROR', 'unknown'],
  ['BANKERROR', 'unknown'],
  ['FREQUENCY_LIMITED', 'too_fast'],
  ['SOMETHING_NEW', 'refused'],
  [undefined, 'unknown'],
  ['', 'unknown'],
])('the code %s means %s', (code, means) => {
  const refusal = resultRefusal(code, '微信的话');
  expect(refusal).toMatchObject({ means, message: '微信的话' });
  expect(refusal.detail).not.toContain('微信');
});

test.each([
  ['签名错误', 'misconfigured'],
  ['sign error', 'misconfigured'],
  ['sign_type参数错误', 'refused'],
  ['mch_id参数格式错误', 'refused'],
  ['缺少参数', 'refused'],
  ['XML格式错误', 'refused'],
  ['系统繁忙，请稍后再试', 'unknown'],
  ['SYSTEM ERROR', 'unknown'],
  ['', 'unknown'],
])('a call that ends in %j is %s', (return_msg, means) => {
  expect(transportRefusal({ return_code: 'FAIL', return_msg }).means).toBe(means);
});
