import { generateKeyPairSync, sign } from 'node:crypto';
import { CallbackRefused, type PlatformCallback, type RawCallback } from '../../callback.js';
import type { PlatformAccount } from '../../platform.js';
import { readCallback } from './callback.js';

const NOW = new Date('2026-03-01T08:00:00Z');
const HOUR = 3_600_000;
const NUMBER = 'abcdefghijklmnopqrstuvwxyz';
const APP = 'tt226e54d3bd581bf801';

const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });
const application = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: typeof platform.publicKey): string => key.export({ type: 'spki', format: 'pem' }).toString();
const aProgram = (credentials: object = {}): PlatformAccount => ({
  appId: 'app_1',
  id: 'pac_1',
  platform: 'douyin',
  platformAppId: APP,
  mode: 'test',
  credentials: {
    secret: 's',
    appPrivateKey: application.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    platformPublicKey: pem(platform.publicKey),
    ...credentials,
  },
});

function aRaw(body: string, over: { key?: typeof platform.privateKey; signedAt?: Date } = {}): RawCallback {
  const { key = platform.privateKey, signedAt = NOW } = over;
  const timestamp = String(Math.floor(signedAt.getTime() / 1_000));
  const signature = sign('sha256', Buffer.from(`${timestamp}\nn1\n${body}\n`), key).toString('base64');
  const headers = {
    'byte-identifyname': 'payment',
    'byte-logid': 'l1',
    'byte-nonce-str': 'n1',
    'byte-timestamp': timestamp,
    'byte-signature': signature,
  };
  return { method: 'POST', headers, query: {}, body: Buffer.from(body), hint: undefined, receivedAt: NOW };
}
const told = (type: string, msg: object, version = '3.0'): string =>
  JSON.stringify({ version, type, msg: JSON.stringify(msg) });
const read = (type: string, msg: object, version?: string): PlatformCallback =>
  readCallback(aProgram(), aRaw(told(type, msg, version)));

const aPayment = (over: object = {}): object => ({
  app_id: APP,
  out_order_no: NUMBER,
  order_id: 'motb1',
  status: 'SUCCESS',
  total_amount: 990,
  discount_amount: 90,
  pay_channel: 10,
  merchant_uid: '7123',
  event_time: NOW.getTime(),
  ...over,
});
const aRefund = (over: object = {}): object => ({
  app_id: APP,
  order_id: 'motb1',
  refund_id: 'motr1',
  out_refund_no: NUMBER,
  status: 'SUCCESS',
  refund_total_amount: 100,
  cp_extra: '',
  event_time: NOW.getTime(),
  ...over,
});
const aRequest = (over: object = {}): object => ({
  app_id: APP,
  open_id: 'o1',
  refund_id: 'motr1',
  order_id: 'motb1',
  out_order_no: NUMBER,
  refund_total_amount: 100,
  need_refund_audit: 1,
  refund_audit_deadline: NOW.getTime() + 72 * HOUR,
  refund_reason: ['不想要了'],
  refund_description: '',
  ...over,
});

function refusalOf(reading: () => unknown): CallbackRefused {
  try {
    reading();
  } catch (error) {
    if (error instanceof CallbackRefused) return error;
    throw error;
  }
  throw new Error('it was believed');
}

describe('what a callback says', () => {
  test('a payment: our number, the order, and the total before discounts', () => {
    expect(read('payment', aPayment())).toEqual({
      deduplicationKey: expect.stringMatching(/^[0-9a-f]{64}$/),
      type: 'payment',
      content: {
        kind: 'payment',
        number: NUMBER,
        state: {
          kind: 'succeeded',
          paid: {
            transactionId: 'motb1',
            paidAt: NOW,
            amount: 990,
            currency: 'CNY',
            merchantId: '7123',
            platformAppId: APP,
          },
        },
      },
    });
  });

  test.each(['USER_CANCEL', 'TIME_OUT'])('an order that ended by %s can never be paid', (message) => {
    const { content } = read('payment', aPayment({ status: 'CANCEL', merchant_uid: '', message }));
    expect(content).toEqual({ kind: 'payment', number: NUMBER, state: { kind: 'closed' } });
  });

  test('a success for another mini-program says so, to be compared; anything else of one is only kept', () => {
    const other = { app_id: 'tt000000000000000000' };
    expect(read('payment', aPayment(other)).content).toMatchObject({
      state: { paid: { platformAppId: 'tt000000000000000000' } },
    });
    expect(read('payment', aPayment({ ...other, status: 'CANCEL' })).content).toEqual({ kind: 'other' });
    expect(read('refund', aRefund(other)).content).toEqual({ kind: 'other' });
    expect(read('pre_create_refund', aRequest(other)).content).toEqual({ kind: 'other' });
  });

  test('a refund: ours by its number, a foreign one by the order', () => {
    const facts = { platformRefundId: 'motr1', amount: 100, succeededAt: NOW };
    const state = { kind: 'succeeded', facts };
    expect(read('refund', aRefund()).content).toEqual({
      kind: 'refund',
      refundNumber: NUMBER,
      transactionId: 'motb1',
      platformRefundId: 'motr1',
      state,
    });
    for (const out_refund_no of ['', '7272625659888058380']) {
      expect(read('refund', aRefund({ out_refund_no })).content).toEqual({
        kind: 'refund',
        transactionId: 'motb1',
        platformRefundId: 'motr1',
        state,
      });
    }
    expect(read('refund', aRefund({ status: 'FAIL', message: 'channel closed' })).content).toMatchObject({
      state: { kind: 'failed', platformCode: 'FAIL', detail: 'channel closed' },
    });
  });

  test('a request for a refund, with its deadline where somebody must decide', () => {
    expect(read('pre_create_refund', aRequest()).content).toEqual({
      kind: 'refund_request',
      platformRefundId: 'motr1',
      paymentNumber: NUMBER,
      amount: 100,
      reason: '不想要了',
      needsDecision: true,
      decideBefore: new Date(NOW.getTime() + 72 * HOUR),
    });
    const decided = aRequest({ need_refund_audit: 2, refund_audit_deadline: 0, refund_reason: null });
    expect(read('pre_create_refund', decided).content).toMatchObject({
      reason: null,
      needsDecision: false,
      decideBefore: null,
    });
  });

  test('what we do not act on is genuine all the same', () => {
    expect(read('settle', {})).toMatchObject({ type: 'settle', content: { kind: 'other' } });
    expect(read('payment', aPayment(), '2.0').content).toEqual({ kind: 'other' });
    expect(read('payment', aPayment({ status: 'NEW' })).content).toEqual({ kind: 'other' });
    expect(read('refund', aRefund({ status: 'NEW' })).content).toEqual({ kind: 'other' });
  });

  test('amounts and times as text are read like numbers', () => {
    const { content } = read('payment', aPayment({ total_amount: '990', event_time: String(NOW.getTime()) }));
    expect(content).toMatchObject({ state: { paid: { amount: 990, paidAt: NOW } } });
  });

  test('a repetition has the same key however it is signed', () => {
    const body = told('payment', aPayment());
    const [first, again] = [NOW, new Date(NOW.getTime() - HOUR)].map((signedAt) =>
      readCallback(aProgram(), aRaw(body, { signedAt })),
    );
    expect(again!.deduplicationKey).toBe(first!.deduplicationKey);
    expect(read('payment', aPayment({ total_amount: 1 })).deduplicationKey).not.toBe(first!.deduplicationKey);
  });
});

describe('what is not believed', () => {
  const body = told('payment', aPayment());

  test.each(['byte-timestamp', 'byte-nonce-str', 'byte-signature'])('without %s, which a proxy may drop', (name) => {
    const raw = aRaw(body);
    const refusal = refusalOf(() =>
      readCallback(aProgram(), { ...raw, headers: { ...raw.headers, [name]: undefined } }),
    );
    expect(refusal.refusal).toBe('headers_missing');
    expect(refusal.message).toMatch(new RegExp(`${name} is missing: a proxy`));
  });

  test('the two headers that nothing hangs on may be missing', () => {
    const raw = aRaw(body);
    const headers = { ...raw.headers, 'byte-identifyname': undefined, 'byte-logid': undefined };
    expect(readCallback(aProgram(), { ...raw, headers }).type).toBe('payment');
  });

  test('one flipped byte, or the key of somebody else', () => {
    const raw = aRaw(body);
    raw.body[raw.body.length >> 1]! ^= 1;
    expect(refusalOf(() => readCallback(aProgram(), raw)).refusal).toBe('signature_invalid');
    const forged = aRaw(body, { key: application.privateKey });
    expect(refusalOf(() => readCallback(aProgram(), forged)).refusal).toBe('signature_invalid');
  });

  test('without a platform key, or with the own key in its place', () => {
    for (const platformPublicKey of [undefined, pem(application.publicKey)]) {
      const program = aProgram({ platformPublicKey });
      expect(refusalOf(() => readCallback(program, aRaw(body))).refusal).toBe('unknown_key');
    }
  });

  test('a signature is good for as long as Douyin repeats a callback, and no longer', () => {
    const at = (hours: number) => (): PlatformCallback =>
      readCallback(aProgram(), aRaw(body, { signedAt: new Date(NOW.getTime() - hours * HOUR) }));
    expect(at(72)().type).toBe('payment');
    expect(refusalOf(at(74)).refusal).toBe('stale');
    expect(refusalOf(at(-74)).refusal).toBe('stale');
  });

  test.each([
    ['no JSON', 'hello'],
    ['no message', '{"version":"3.0","type":"payment"}'],
    ['a message that is no JSON', '{"version":"3.0","type":"payment","msg":"hello"}'],
    ['a payment without a number', told('payment', aPayment({ out_order_no: undefined }))],
    ['an amount with a fraction', told('payment', aPayment({ total_amount: 9.9 }))],
    ['a negative amount', told('refund', aRefund({ refund_total_amount: -1 }))],
    ['a success without a time', told('payment', aPayment({ event_time: 0 }))],
  ])('signed, but %s', (_what, text) => {
    expect(refusalOf(() => readCallback(aProgram(), aRaw(text))).refusal).toBe('malformed');
  });
});
