import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RawCallback } from '../callback.js';
import type { PlatformAccount } from '../platform.js';
import { UndiciHttp } from '../undici-http.js';
import { baseBytes, parseForm } from './alipay.form.js';
import { AlipayPlatform } from './alipay.platform.js';
import { signRsa2 } from './alipay.signature.js';

type Fields = Record<string, string>;
interface Vectors {
  payment: { source: string; alipayPublicKey: string; fields: Fields };
}
const { payment } = JSON.parse(
  readFileSync(new URL('./alipay.notification.vectors.json', import.meta.url), 'utf8'),
) as Vectors;

const alipay = generateKeyPairSync('rsa', { modulusLength: 2048 });
const app = generateKeyPairSync('rsa', { modulusLength: 2048 });
const base64 = (key: KeyObject, type: 'pkcs8' | 'spki') =>
  key.export({ format: 'der', type } as never).toString('base64');

// Without a sandbox no call leaves: what these notifications say needs no question.
const http = new UndiciHttp({ sandboxUrl: undefined });
const { payments } = new AlipayPlatform(http);
afterAll(() => http.close());

const accountWith = (alipayPublicKey: string, platformAppId: string): PlatformAccount => ({
  appId: 'app_1',
  id: 'pac_1',
  platform: 'alipay',
  platformAppId,
  mode: 'test',
  credentials: { mode: 'key', appPrivateKey: base64(app.privateKey, 'pkcs8'), alipayPublicKey },
});
const account = accountWith(base64(alipay.publicKey, 'spki'), '2021000000000001');

const raw = (body: string | Buffer, method = 'POST'): RawCallback => ({
  method,
  headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
  body: Buffer.from(body),
  query: {},
  hint: undefined,
  receivedAt: new Date(),
});
const formOf = (fields: Fields): string => new URLSearchParams(fields).toString();

const NUMBER = 'aaaaaaaaaaaaaaaaaaaaaaaaaa';
const REFUND = 'bbbbbbbbbbbbbbbbbbbbbbbbbb';
/** A notification of a payment; `undefined` leaves a field out. */
function aNotification(over: Record<string, string | undefined> = {}): Fields {
  const fields = {
    notify_time: '2026-03-01 12:00:01',
    notify_type: 'trade_status_sync',
    notify_id: '2026030100222120001000000000000001',
    app_id: '2021000000000001',
    charset: 'utf-8',
    version: '1.0',
    sign_type: 'RSA2',
    trade_no: '2026030122001400000000000001',
    out_trade_no: NUMBER,
    trade_status: 'TRADE_SUCCESS',
    total_amount: '12.30',
    seller_id: '2088000000000001',
    buyer_open_id: '0123openid',
    subject: '茶 & tea=1',
    gmt_payment: '2026-03-01 12:00:00',
    ...over,
  };
  return Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined),
  );
}
function signed(fields: Fields, { without = ['sign_type'], empty = true } = {}): string {
  const content = baseBytes(parseForm(Buffer.from(formOf(fields))), { without, empty });
  return formOf({ ...fields, sign: signRsa2(content.toString(), alipay.privateKey) });
}
const read = (body: string, to = account) => payments.callbacks.read(to, raw(body));
const contentOf = async (over: Record<string, string | undefined>) => (await read(signed(aNotification(over)))).content;

describe('a real notification of Alipay', () => {
  const real = accountWith(payment.alipayPublicKey, payment.fields['app_id']!);

  test('verifies, and tells of a payment', async () => {
    await expect(read(formOf(payment.fields), real)).resolves.toEqual({
      deduplicationKey: '2019081500222155624068450559358070',
      type: 'trade_status_sync',
      content: {
        kind: 'payment',
        number: '20190815155618536-564-57',
        state: {
          kind: 'succeeded',
          paid: {
            transactionId: '2019081522001468450512505578',
            paidAt: new Date('2019-08-15T07:56:24Z'),
            amount: 10,
            currency: 'CNY',
            merchantId: '2088531891668739',
            platformAppId: '2019073166072302',
            payer: '2088102534368455',
          },
        },
      },
    });
  });

  test('is refused with any letter of it changed, one field less or one more', async () => {
    const invalid = { refusal: 'signature_invalid' };
    for (const [name, value] of Object.entries(payment.fields)) {
      if (['app_id', 'sign_type', 'charset'].includes(name)) continue;
      const changed = { ...payment.fields, [name]: value.replace(/^./, value.startsWith('0') ? '1' : '0') };
      await expect(read(formOf(changed), real)).rejects.toMatchObject(invalid);
      const { [name]: _, ...less } = payment.fields;
      await expect(read(formOf(less), real)).rejects.toMatchObject({ refusal: name === 'sign' ? 'malformed' : 'signature_invalid' }); // prettier-ignore
    }
    await expect(read(formOf({ ...payment.fields, more: '1' }), real)).rejects.toMatchObject(invalid);
  });

  test('is refused at the address of another mini-program, and by the key of another', async () => {
    const elsewhere = accountWith(payment.alipayPublicKey, '2019073166072303');
    await expect(read(formOf(payment.fields), elsewhere)).rejects.toMatchObject({ refusal: 'unknown_key' });
    const otherKey = accountWith(base64(alipay.publicKey, 'spki'), payment.fields['app_id']!);
    await expect(read(formOf(payment.fields), otherKey)).rejects.toMatchObject({ refusal: 'signature_invalid' });
  });
});

describe('what a signature covers', () => {
  test('empty values count or not: SDKs of Alipay disagree', async () => {
    const fields = aNotification({ body: '' });
    await expect(read(signed(fields, { empty: true }))).resolves.toBeDefined();
    await expect(read(signed(fields, { empty: false }))).resolves.toBeDefined();
  });

  test('sign_type never counts for a trade; for other notifications it may', async () => {
    const withType = { without: [] };
    await expect(read(signed(aNotification(), withType))).rejects.toMatchObject({ refusal: 'signature_invalid' });
    const other = aNotification({ notify_type: 'servicemarket_order_notify' });
    await expect(read(signed(other, withType))).resolves.toMatchObject({ type: 'servicemarket_order_notify', content: { kind: 'other' } }); // prettier-ignore
    await expect(read(signed(other))).resolves.toMatchObject({ content: { kind: 'other' } });
  });

  test('it covers the bytes that came, in gbk too', async () => {
    const { subject: _, ...fields } = aNotification({ charset: 'GBK' });
    const body = `${formOf(fields)}&subject=%B2%E2%CA%D4`;
    const content = baseBytes(parseForm(Buffer.from(body)), { without: ['sign_type'], empty: true });
    const signature = sign('RSA-SHA256', content, alipay.privateKey).toString('base64');
    const whole = `${body}&${formOf({ sign: signature })}`;
    await expect(read(whole)).resolves.toMatchObject({ content: { kind: 'payment', number: NUMBER } });
    await expect(read(whole.replace('%D4', '%D5'))).rejects.toMatchObject({ refusal: 'signature_invalid' });
  });
});

test.each([
  ['nothing', raw('')],
  ['no POST', raw(signed(aNotification()), 'GET')],
  ['JSON', raw('{"notify_id":"1"}')],
  ['a form without a signature', raw(formOf(aNotification()))],
  ['a form that names a field twice', raw(`${signed(aNotification())}&trade_status=TRADE_SUCCESS`)],
  ['an unknown charset', raw(signed(aNotification({ charset: 'latin1' })))],
  ['a signed notification without a number', raw(signed(aNotification({ out_trade_no: undefined })))],
  ['a signed notification without an id', raw(signed(aNotification({ notify_id: undefined })))],
  ['an amount that is none', raw(signed(aNotification({ total_amount: '12.345' })))],
  ['a time that is none', raw(signed(aNotification({ gmt_payment: '2026-13-01 12:00:00' })))],
])('%s is malformed', async (_, callback) => {
  await expect(payments.callbacks.read(account, callback)).rejects.toMatchObject({ refusal: 'malformed' });
});

test('a signature of the old kind is told apart', async () => {
  await expect(read(signed(aNotification({ sign_type: 'RSA' })))).rejects.toMatchObject({ refusal: 'unknown_key', message: /choose RSA2/ }); // prettier-ignore
});

describe('what a notification says', () => {
  const paid = { kind: 'succeeded', paid: expect.objectContaining({ amount: 1230, payer: '0123openid' }) };

  test.each([
    ['a payment', {}, paid],
    ['a payment that cannot be refunded any more', { trade_status: 'TRADE_FINISHED' }, paid],
    ['an order', { trade_status: 'WAIT_BUYER_PAY', gmt_payment: undefined }, { kind: 'pending' }],
    ['the end of an order', { trade_status: 'TRADE_CLOSED', gmt_payment: undefined }, { kind: 'closed' }],
    ['the end of an order that was paid: it stays paid', { trade_status: 'TRADE_CLOSED' }, paid],
    ['a payment of which nothing was given back', { refund_fee: '0.00' }, paid],
  ])('%s', async (_, over, state) => {
    await expect(contentOf(over)).resolves.toEqual({ kind: 'payment', number: NUMBER, state });
  });

  test('a status that nobody documented is kept, and nothing is done', async () => {
    await expect(contentOf({ trade_status: 'TRADE_PENDING' })).resolves.toEqual({ kind: 'other' });
  });

  test('the payer of an app that migrates cannot be compared: which of the two ids the order has is not said', async () => {
    const content = await contentOf({ buyer_id: '2088000000000009' });
    expect(content).toMatchObject({ state: { kind: 'succeeded' } });
    expect(content).not.toHaveProperty('state.paid.payer');
    const old = await contentOf({ buyer_id: '2088000000000009', buyer_open_id: undefined });
    expect(old).toMatchObject({ state: { paid: { payer: '2088000000000009' } } });
  });

  // The shape of a real notification of 2021, milliseconds included.
  const refund = { refund_fee: '2.30', gmt_refund: '2026-03-02 12:00:00.631', out_biz_no: REFUND };
  test.each([
    ['in part, which comes as one more TRADE_SUCCESS', {}],
    ['in full, which comes as TRADE_CLOSED', { trade_status: 'TRADE_CLOSED', gmt_close: '2026-03-02 12:00:00' }],
  ])('a refund of ours %s: it is asked for, its amount is not told', async (_, over) => {
    await expect(contentOf({ ...refund, ...over })).resolves.toEqual({
      kind: 'refund',
      refundNumber: REFUND,
      paymentNumber: NUMBER,
      transactionId: '2026030122001400000000000001',
      state: { kind: 'pending', facts: {} },
    });
  });

  test('a refund from elsewhere is asked for; while Alipay cannot be asked, it is not taken', async () => {
    const unreachable = { problem: 'platform_account_misconfigured' };
    await expect(contentOf({ ...refund, out_biz_no: '20260302120000' })).rejects.toMatchObject(unreachable);
    // Not ours, although it has the form: without a number of its own a refund goes by the order's.
    await expect(contentOf({ ...refund, out_biz_no: NUMBER })).rejects.toMatchObject(unreachable);
  });

  test('a message of the message service is kept', async () => {
    const message = aNotification({ notify_type: undefined, msg_method: 'alipay.trade.refund.depositback.completed' });
    await expect(read(signed(message))).resolves.toMatchObject({ type: 'alipay.trade.refund.depositback.completed', content: { kind: 'push', push: { openid: null, news: [] } } }); // prettier-ignore
  });
});

test('only seven letters acknowledge', () => {
  const callback = { deduplicationKey: '1', type: 'trade_status_sync', content: { kind: 'other' } } as const;
  expect(payments.callbacks.acknowledge({ kind: 'accepted', callback })).toEqual({ status: 200, contentType: 'text/plain', body: 'success' }); // prettier-ignore
  expect(payments.callbacks.acknowledge({ kind: 'retry' })).toEqual({
    status: 500,
    contentType: 'text/plain',
    body: 'fail',
  });
  expect(payments.callbacks.acknowledge({ kind: 'refused' })).toEqual({
    status: 401,
    contentType: 'text/plain',
    body: 'fail',
  });
});
