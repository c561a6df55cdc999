import { ERRORS, errorOf, type Meaning, refusalOf } from './pay.errors.js';

const account = { appId: 'app_1', id: 'mac_1', platform: 'wechat', mode: 'test' } as const;
const answer = (status: number, body: unknown, requestId?: string) => ({
  status,
  headers: { 'request-id': requestId },
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const meaningOf = (status: number, code: string, requestId?: string) =>
  refusalOf(answer(status, { code, message: 'x' }, requestId)).means;

const documented: [number, string, Meaning][] = [
  [400, 'PARAM_ERROR', 'refused'],
  [400, 'INVALID_REQUEST', 'refused'],
  [401, 'SIGN_ERROR', 'misconfigured'],
  [403, 'NO_AUTH', 'misconfigured'],
  [400, 'APPID_MCHID_NOT_MATCH', 'misconfigured'],
  [400, 'MCH_NOT_EXISTS', 'misconfigured'],
  [404, 'MCH_NOT_EXISTS', 'misconfigured'],
  [500, 'OPENID_MISMATCH', 'refused'],
  [403, 'OUT_TRADE_NO_USED', 'exists'],
  [400, 'ORDERPAID', 'paid'],
  [400, 'ORDER_PAID', 'paid'],
  [400, 'ORDER_CLOSED', 'closed'],
  [400, 'ORDERCLOSED', 'closed'],
  [404, 'ORDER_NOT_EXIST', 'absent'],
  [404, 'RESOURCE_NOT_EXISTS', 'absent'],
  [500, 'INVALID_TRANSACTIONID', 'refused'],
  [403, 'TRADE_ERROR', 'refused'],
  [403, 'RULE_LIMIT', 'refused'],
  [403, 'RULELIMIT', 'refused'],
  [403, 'ACCOUNT_ERROR', 'refused'],
  [403, 'ACCOUNTERROR', 'refused'],
  [202, 'USERPAYING', 'unknown'],
  [500, 'BANK_ERROR', 'unknown'],
  [500, 'BANKERROR', 'unknown'],
  [403, 'NOT_ENOUGH', 'short'],
  [403, 'NOTENOUGH', 'short'],
  [403, 'USER_ACCOUNT_ABNORMAL', 'refused'],
  [403, 'REQUEST_BLOCKED', 'refused'],
  [400, 'BIZERR_NEED_RETRY', 'unknown'],
  [400, 'ALREADY_EXISTS', 'exists'],
  [404, 'NOT_FOUND', 'absent'],
  [429, 'FREQUENCY_LIMITED', 'too_fast'],
  [403, 'FREQUENCY_LIMITED', 'too_fast'],
  [429, 'FREQUENCY_LIMIT', 'too_fast'],
  [429, 'FREQUENCY_LIMIT_EXCEED', 'too_fast'],
  [429, 'RATELIMIT_EXCEEDED', 'too_fast'],
  [500, 'SYSTEM_ERROR', 'unknown'],
  [500, 'SYSTEMERROR', 'unknown'],
  [502, 'SERVICE_UNAVAILABLE', 'busy'],
  [503, 'SERVICE_UNAVAILABLE', 'busy'],
];

test.each(documented)('%i %s means %s', (status, code, means) => {
  expect(meaningOf(status, code)).toBe(means);
});

test('every code of the table is documented, and has words for a person', () => {
  const known = new Set(documented.map(([, code]) => code.replaceAll('_', '')));
  for (const [code, { detail }] of Object.entries(ERRORS)) {
    expect([...known]).toContain(code);
    expect(detail).toMatch(/\.$|\)\.$/);
  }
});

test.each<[number, Meaning]>([
  [400, 'refused'],
  [403, 'refused'],
  [404, 'refused'],
  [429, 'too_fast'],
  [500, 'unknown'],
  [502, 'busy'],
  [503, 'busy'],
  [504, 'unknown'],
])('a code that nobody documented, with status %i, means %s', (status, means) => {
  expect(meaningOf(status, 'A_NEW_ONE')).toBe(means);
});

test.each<[number, Meaning]>([
  [400, 'unknown'],
  [404, 'unknown'],
  [429, 'too_fast'],
  [500, 'unknown'],
  [502, 'busy'],
  [503, 'busy'],
])('the page of a proxy, with status %i, means %s', (status, means) => {
  expect(refusalOf(answer(status, '<html>')).means).toBe(means);
  expect(refusalOf(answer(status, '{"error":1}'))).toMatchObject({ means, code: `http_${status}` });
});

test.each<[string, string, Meaning]>([
  ['INVALID_REQUEST', '08F0-268498688', 'exists'],
  ['INVALID_REQUEST', '08F0-268449538', 'paid'],
  ['TRADE_ERROR', '08F0-268498689', 'paid'],
  ['INVALID_REQUEST', '08F0-268447914', 'closed'],
  ['PARAM_ERROR', '08F0-268445527', 'misconfigured'],
  ['INVALID_REQUEST', '08F0-1', 'refused'],
  ['SYSTEM_ERROR', '08F0-268449538', 'unknown'],
  ['A_NEW_ONE', '08F0-268447840', 'too_fast'],
])('%s with the request id %s means %s', (code, requestId, means) => {
  expect(meaningOf(400, code, requestId)).toBe(means);
});

test.each<[Meaning, string]>([
  ['refused', 'platform_refused'],
  ['paid', 'platform_refused'],
  ['exists', 'platform_unknown'],
  ['absent', 'platform_unknown'],
  ['unknown', 'platform_unknown'],
  ['busy', 'platform_busy'],
  ['too_fast', 'platform_rate_limited'],
  ['misconfigured', 'platform_account_misconfigured'],
])('where a call has no answer of its own, %s becomes %s', (means, problem) => {
  const error = errorOf(account, { means, code: 'X', message: 'secret words', hints: undefined, detail: 'Words.' });
  expect(error).toMatchObject({ problem, platformCode: 'X', message: 'Words.' });
  expect(error.message + JSON.stringify(error.extra)).not.toContain('secret words');
});
