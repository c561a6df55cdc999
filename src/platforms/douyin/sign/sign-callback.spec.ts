import type { PlatformAccount } from '../../platform.js';
import { signContentOf } from './sign-callback.js';

const NUMBER = 'abcdefghijklmnopqrstuvwxyz';
const APP = 'tt226e54d3bd581bf801';
const AT = new Date('2026-03-01T08:00:00Z');
const program: PlatformAccount = { appId: 'app_1', id: 'pac_1', platform: 'douyin', platformAppId: APP, mode: 'test', credentials: {} }; // prettier-ignore
const read = (type: string, msg: unknown) => signContentOf(program, type, JSON.stringify(msg), AT);

const aContract = (over: object = {}): object => ({
  app_id: APP,
  status: 'SUCCESS',
  auth_order_id: 'auth1',
  out_auth_order_no: NUMBER,
  event_time: AT.getTime(),
  ...over,
});
const aPayment = (over: object = {}): object => ({
  app_id: APP,
  status: 'SUCCESS',
  auth_order_id: 'auth1',
  pay_order_id: 'pay1',
  out_pay_order_no: NUMBER,
  total_amount: 990,
  merchant_uid: '7123',
  event_time: AT.getTime(),
  ...over,
});
const aRefund = (over: object = {}): object => ({
  app_id: APP,
  status: 'SUCCESS',
  pay_order_id: 'pay1',
  pay_refund_id: 'refund1',
  out_pay_refund_no: NUMBER,
  refund_total_amount: 90,
  event_time: AT.getTime(),
  ...over,
});

test.each([
  ['SUCCESS', { kind: 'active', contractId: 'auth1', signedAt: AT, endsAt: null }],
  ['CANCEL', { kind: 'ended', how: 'terminated', by: 'user', endedAt: AT }],
  ['DONE', { kind: 'ended', how: 'expired', by: 'platform', endedAt: AT }],
  ['TIME_OUT', { kind: 'absent' }],
])('sign_callback %s', (status, state) => {
  expect(read('sign_callback', aContract({ status }))).toEqual({ kind: 'mandate', number: NUMBER, contractId: 'auth1', state }); // prettier-ignore
});

test('a contract under a number that is not ours goes by its id; without a time, by when it came', () => {
  expect(read('sign_callback', aContract({ out_auth_order_no: 'theirs', event_time: 0 }))).toEqual({
    kind: 'mandate',
    contractId: 'auth1',
    state: { kind: 'active', contractId: 'auth1', signedAt: AT, endsAt: null },
  });
});

test('sign_pay_callback SUCCESS is a payment, with all that is compared', () => {
  const paid = {
    transactionId: 'pay1',
    paidAt: AT,
    amount: 990,
    currency: 'CNY',
    merchantId: '7123',
    platformAppId: APP,
  };
  const content = { kind: 'payment', number: NUMBER, state: { kind: 'succeeded', paid } };
  expect(read('sign_pay_callback', aPayment())).toEqual(content);
  const another = read('sign_pay_callback', aPayment({ app_id: 'tt00000000000000ff' }));
  expect(another).toMatchObject({ state: { paid: { platformAppId: 'tt00000000000000ff' } } });
});

test.each([
  ['FAIL', 'FAIL'],
  ['TIME_OUT', 'TIMEOUT'],
])('sign_pay_callback %s has failed', (status, platformCode) => {
  const content = { kind: 'payment', number: NUMBER, state: { kind: 'failed', platformCode } };
  expect(read('sign_pay_callback', aPayment({ status }))).toEqual(content);
});

test.each(['sign_refund_callback', 'refund', 'whatever'])(
  'the result of a refund is known by its fields: %s',
  (type) => {
    const about = { kind: 'refund', transactionId: 'pay1', platformRefundId: 'refund1', refundNumber: NUMBER };
    const facts = { platformRefundId: 'refund1', amount: 90, succeededAt: AT };
    expect(read(type, aRefund())).toEqual({ ...about, state: { kind: 'succeeded', facts } });
    const failed = { kind: 'failed', platformCode: 'FAIL', detail: 'no' };
    expect(read(type, aRefund({ status: 'FAIL', message: 'no' }))).toEqual({ ...about, state: failed });
  },
);

test.each([
  ['sign_callback', aContract({ status: 'NEW' })],
  ['sign_callback', aContract({ app_id: 'tt00000000000000ff' })],
  ['sign_pay_callback', aPayment({ status: 'NEW' })],
  ['sign_pay_callback', aPayment({ status: 'FAIL', app_id: 'tt00000000000000ff' })],
  ['sign_refund_callback', aRefund({ app_id: 'tt00000000000000ff' })],
  ['sign_refund_callback', aRefund({ out_pay_refund_no: 'theirs', pay_order_id: '' })],
  ['settle', { app_id: APP, status: 'SUCCESS' }],
])('%s %j is nothing that we act on', (type, msg) => {
  expect(read(type, msg)).toEqual({ kind: 'other' });
});

test.each([
  ['sign_callback', aContract({ auth_order_id: '' })],
  ['sign_pay_callback', aPayment({ total_amount: -1 })],
  ['sign_pay_callback', aPayment({ event_time: 0 })],
])('%s %j is malformed', (type, msg) => {
  expect(() => read(type, msg)).toThrow(expect.objectContaining({ refusal: 'malformed' }));
});
