import { generateKeyPairSync } from 'node:crypto';
import { MERCHANT, ORDERS, REFUNDS, type Twist, WechatShop } from '../testing/wechat-shop.js';

let shop: WechatShop;
beforeAll(async () => {
  shop = await WechatShop.open();
});
afterAll(() => shop.close());

const path = `${ORDERS}/out-trade-no/nothing-here?mchid=${MERCHANT}`;
const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
const query = (twist: Twist) => shop.call('GET', path, undefined, twist);
/** 404 is the answer of a query whose signature was right. */
const RIGHT = { status: 404, body: { code: 'ORDER_NOT_EXIST' } };
const WRONG = { status: 401, numeric: 268443699, body: { code: 'SIGN_ERROR' } };

test('a right signature is let in, its parameters in any order', async () => {
  expect(await query({})).toMatchObject(RIGHT);
  const reversed = (right: string): string => {
    const [scheme, list = ''] = right.split(' ');
    return `${scheme} ${list.split(',').reverse().join(',')}`;
  };
  expect(await query({ authorization: reversed })).toMatchObject(RIGHT);
});

test.each<[string, (right: string) => string]>([
  ['nothing', () => ''],
  ['another scheme', (right) => right.replace('RSA2048', 'RSA4096')],
  ['a bearer token', () => 'Bearer abc'],
  ['values without quotes', (right) => right.replaceAll('"', '')],
  ['a missing parameter', (right) => right.replace(/,timestamp="\d+"/, '')],
  ['a parameter twice', (right) => right.replace(/(timestamp="\d+")/, '$1,$1')],
  ['a signature that is not base64', (right) => right.replace(/signature="../, 'signature="!!')],
])('refuses %s', async (_name, authorization) => {
  expect(await query({ authorization })).toMatchObject(WRONG);
});

test('refuses another key, another serial number, another body, and says what it verified', async () => {
  expect(await query({ serial: '5'.repeat(40) })).toMatchObject(WRONG);
  expect(await query({ privateKey: String(other) })).toMatchObject(WRONG);
  const body = { mchid: MERCHANT };
  const nonce = 'n'.repeat(32);
  const close = `${ORDERS}/out-trade-no/order-9999/close`;
  const answer = await shop.call('POST', close, body, { nonce, signed: '{}' });
  const at = Math.floor(shop.sandbox.now / 1_000);
  expect(answer).toMatchObject(WRONG);
  expect(answer.body.detail).toEqual({
    field: 'signature',
    location: 'authorization',
    detail: { issue: 'sign not match' },
    sign_information: {
      method: 'POST',
      url: close,
      sign_message_length: `POST\n${close}\n${at}\n${nonce}\n${JSON.stringify(body)}\n`.length,
      truncated_sign_message: `POST\n${close}\n${at}\n${nonce}\n{"mchid"\n`,
    },
  });
});

test('the signature is over the path as it was sent', async () => {
  const encoded = `${ORDERS}/out-trade-no/nothing%2Dhere?mchid=${MERCHANT}&x=%E4%B8%AD`;
  expect(await shop.call('GET', encoded)).toMatchObject(RIGHT);
});

test('a timestamp may be five minutes off, either way', async () => {
  const minutes = (count: number) => query({ at: shop.sandbox.now + count * 60_000 });
  expect(await minutes(5)).toMatchObject(RIGHT);
  expect(await minutes(-5)).toMatchObject(RIGHT);
  expect(await query({ at: shop.sandbox.now + 301_000 })).toMatchObject(WRONG);
  expect(await query({ at: shop.sandbox.now - 301_000 })).toMatchObject(WRONG);
});

test('a nonce is good once', async () => {
  const nonce = 'once'.repeat(8);
  expect(await query({ nonce })).toMatchObject(RIGHT);
  expect(await query({ nonce })).toMatchObject(WRONG);
});

test('an unknown merchant does not exist: 400 for orders, 404 for refunds', async () => {
  const twist = { mchid: '1600000009' };
  expect(await query(twist)).toMatchObject({ status: 400, body: { code: 'MCH_NOT_EXISTS' } });
  const refund = await shop.call('GET', `${REFUNDS}/refund-1`, undefined, twist);
  expect(refund).toMatchObject({ status: 404, body: { code: 'MCH_NOT_EXISTS' } });
});

test('refunds and certificates want Accept and User-Agent, a body wants its type', async () => {
  const headers = { 'user-agent': '' };
  const refund = await shop.call('GET', `${REFUNDS}/refund-1`, undefined, { headers });
  expect(refund).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
  expect(await query({ headers })).toMatchObject(RIGHT);
  const text = await shop.place(shop.draft(), { headers: { 'content-type': 'text/plain' } });
  expect(text).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
});
