import type { PlatformAccount } from '../platform.js';
import type { SendOutcome } from '../message-platform.js';
import { answers } from './alipay.messages.answers.js';
import { refusalOutcome, SEND_ERRORS } from './alipay.messages.errors.js';
import { AlipayMessages } from './alipay.messages.js';

const account: PlatformAccount = { appId: 'app_1', id: 'pac_1', platform: 'alipay', platformAppId: '2021000000000001', mode: 'test', credentials: {} }; // prettier-ignore
// Nothing here sends.
const messages = new AlipayMessages(undefined as never);

/** In one word where a refusal ends. */
function classOf(outcome: SendOutcome): string {
  switch (outcome.kind) {
    case 'later': {
      const { kind, scope, retryAfter, isAlarm } = outcome;
      return [kind, scope, retryAfter ?? 'back_off', isAlarm ? 'alarm' : ''].filter(Boolean).join(' ');
    }
    case 'failed':
      return `${outcome.kind} ${outcome.fault}`;
    default:
      return outcome.kind;
  }
}

const BUSINESS: Record<string, string[]> = {
  'failed template': [
    ...['FORM_ID_INVALID', 'FORM_ID_OVER_TIME', 'FORM_ID_SEND_LIMIT', 'FORM_ID_NOT_MATCH_APPID'],
    ...['TRADE_NO_NOT_MATCH_USERID', 'USER_TEMPLATE_ILLEGAL', 'TEMPLATE_ILLEGAL', 'USER_TEMPLATE_STATUS_ILLEGAL'],
    ...['MSG_TEMPLATE_ID_VALID', 'MESSAGE_TEMPLATE_KEYWORD_ILLEGAL'],
  ],
  'failed data': [
    ...['USER_TEMPLATE_LACK_KEYWORD', 'USER_KEYWORD_LENGTH_ERROR', 'DATA_IS_EMPTY', 'DATA_CONTENT_FORMAT_ERROR'],
    ...['BIZ_CONTENT_FORMAT_ERROR', 'PAGE_OVER_LIMIT', 'ILLEGAL_ARGUMENT_PARAMS', 'DATA_SENSITIVE', 'MSG_REJECTED'],
    ...['NEVER_HEARD_OF', 'constructor', '__proto__'],
  ],
  refused: ['MSG_UNSUBSCRIBED', 'MSG_UNAUTHORIZED'],
  'failed person': [
    ...['MSG_CONTENT_NOT_INTERESTED', 'NO_RECENT_VISIT_RECORD', 'NO_PLACE_ORDER_RECORD', 'USER_ID_INVALID'],
  ],
  'later person next_day': ['MSG_SINGLE_SD_OVER'],
  'later message back_off': ['QUERY_CONSUMER_REQEUST_ERROR', 'MSG_SEND_ERROR', 'SYSTEM_ERROR'],
  'later account back_off alarm': [
    ...['APP_TYPE_ERROR', 'APP_NO_AVAIABLE', 'NO_BIND_PUBLIC_APP', 'MESSAGE_SEND_AUTH_ERROR'],
  ],
};

test.each(
  Object.entries(BUSINESS).flatMap(([name, codes]) =>
    codes.flatMap((code) => [code, `ACQ.${code}`].map((sub) => [sub, name])),
  ),
)('%s is %s', (subCode, name) => {
  const outcome = refusalOutcome(account, { code: '40004', subCode, message: 'words of Alipay' });
  expect(classOf(outcome)).toBe(name);
  expect(outcome).toHaveProperty('platformCode', subCode);
});

test('every row of the table is in this spec', () => {
  const tested = Object.values(BUSINESS).flat();
  expect(Object.keys(SEND_ERRORS).filter((code) => !tested.includes(code))).toEqual([]);
});

test.each([
  ['20000', 'isp.unknow-error', 'unknown'],
  ['20000', 'aop.unknow-error', 'unknown'],
  ['10003', undefined, 'unknown'],
  ['40005', 'isv.app-call-limited', 'later account 1'],
  ['40006', 'isv.insufficient-isv-permissions', 'later account back_off alarm'],
  ['40002', 'isv.invalid-signature', 'later account back_off alarm'],
  ['40002', 'isv.invalid-app-id', 'later account back_off alarm'],
  ['40003', 'isv.invalid-auth-relations', 'failed person'],
  ['40002', 'isv.invalid-parameter', 'failed data'],
  ['40001', undefined, 'failed data'],
])('of the gateway, %s %s is %s', (code, subCode, name) =>
  expect(classOf(refusalOutcome(account, { code, subCode, message: '' }))).toBe(name),
);

test('a value has at most fifty characters, and all of them 2048 bytes', () => {
  expect(messages.fit('keyword1', '好'.repeat(50))).toMatchObject({ isShortened: false });
  expect(messages.fit('keyword1', '好'.repeat(51))).toMatchObject({ text: `${'好'.repeat(49)}…`, isShortened: true });
  expect(messages.fit('thing1', 'x')).toMatchObject({ fits: false });
  const keywords = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`keyword${i + 1}`, '好'.repeat(50)]));
  expect(messages.dataProblem(keywords(10))).toBeUndefined();
  expect(messages.dataProblem(keywords(12))).toContain('2048');
  expect(messages.page(`p?${'x'.repeat(126)}`)).toMatchObject({ fits: true });
  expect(messages.page(`p?${'x'.repeat(127)}`)).toMatchObject({ fits: false });
});

test('without a page nothing is sent', async () => {
  const message = { openid: 'o', templateId: 't', fields: { keyword1: 'x' }, page: null };
  await expect(messages.send(account, message)).resolves.toMatchObject({ kind: 'failed', fault: 'data' });
});

describe('the result of the client', () => {
  const read = (results: Record<string, unknown>) => Object.fromEntries(answers(results).map(({ templateId, isAccepted, answer }) => [templateId, isAccepted ? 'yes' : answer])); // prettier-ignore

  test('its lists decide, the keys fill in', () => {
    const result = { subscribeEntityIds: ['t1'], subscribedEntityIds: ['t1', 't2'], unsubscribedEntityIds: ['t3'], currentSubscribedEntityIds: ['t2'] }; // prettier-ignore
    const more = { behavior: 'subscribe', keep: true, refuse: false, show: true, success: true };
    expect(read({ ...more, result, t3: 'accept', t4: 'accept', t5: 'reject' })).toEqual({ t1: 'yes', t2: 'yes', t3: 'reject', t4: 'yes', t5: 'reject' }); // prettier-ignore
  });
  test('whoever closes the dialog has answered nothing', () => {
    const result = { subscribedEntityIds: ['t1'], unsubscribedEntityIds: ['t2'], entityList: ['t1', 't2', 't3'] };
    expect(read({ behavior: 'cancel', result, t1: 'accept', t3: 'accept', errorCode: 11 })).toEqual({ t2: 'cancel', t3: 'cancel' }); // prettier-ignore
  });
  test('where no dialog was shown, only what is new counts', () => {
    const silent = (current?: string[]) => ({ behavior: 'subscribe', show: false, t1: 'accept', t2: 'accept', result: { subscribedEntityIds: ['t1', 't2'], unsubscribedEntityIds: [], currentSubscribedEntityIds: current } }); // prettier-ignore
    expect(read(silent(['t2']))).toEqual({ t2: 'yes' });
    expect(read(silent([]))).toEqual({});
    expect(read(silent())).toEqual({ t1: 'yes', t2: 'yes' });
  });
  test('keys alone are enough, and nonsense is none', () => {
    expect(read({ t1: 'accept', t2: 'reject', errMsg: 'x' })).toEqual({ t1: 'yes', t2: 'reject' });
    expect(read({ behavior: 'subscribe', result: 'x', 不: 'accept', t1: 7 })).toEqual({});
  });
});
