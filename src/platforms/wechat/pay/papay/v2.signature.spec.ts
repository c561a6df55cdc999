import { createRequire } from 'node:module';
import fc from 'fast-check';
import { isSigned, signatureOf, signed } from './v2.signature.js';

/** The example of the documentation. */
const KEY = '192006250b4c09247ec02edce69f6a2d';
const EXAMPLE = {
  appid: 'wxd930ea5d5a258f4f',
  mch_id: '10000100',
  device_info: '1000',
  body: 'test',
  nonce_str: 'ibuaiVcKdpRxkhJA',
};
const MD5 = '9A0A8659F005D6984697E2CA0A9CF3B7';
const HMAC = '6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6';

/** A foreign implementation of the same protocol. */
const { Formatter, Hash } = createRequire(import.meta.url)('wechatpay-axios-plugin') as {
  Formatter: { queryStringLike(fields: object): string; ksort(fields: object): object };
  Hash: { sign(type: string, fields: object, key: string): string };
};

test('the documented example is signed as it says', () => {
  expect(signatureOf(EXAMPLE, KEY, 'MD5')).toBe(MD5);
  expect(signatureOf(EXAMPLE, KEY, 'HMAC-SHA256')).toBe(HMAC);
});

test('empty fields, the signature itself and the order of the fields change nothing', () => {
  const { appid, ...rest } = EXAMPLE;
  expect(signatureOf({ ...rest, sign: 'X', attach: '', appid }, KEY, 'MD5')).toBe(MD5);
});

test('raw values are signed: nothing in them is encoded', () => {
  const fields = { notify_url: 'https://a.cn/b?c=d&e', body: '一 月<&>' };
  for (const type of ['MD5', 'HMAC-SHA256'] as const) {
    expect(signatureOf(fields, KEY, type)).toBe(Hash.sign(type, fields, KEY));
  }
});

test('another implementation signs everything alike', () => {
  expect(Formatter.queryStringLike({ a: '1' })).toBe('a=1');
  const name = fc.stringMatching(/^[A-Za-z_]{1,12}$/).filter((one) => one !== 'sign' && one !== '__proto__');
  const type = fc.constantFrom('MD5' as const, 'HMAC-SHA256' as const);
  fc.assert(
    fc.property(fc.dictionary(name, fc.string({ minLength: 1 })), type, (fields, one) => {
      expect(signatureOf(fields, KEY, one)).toBe(Hash.sign(one, fields, KEY));
    }),
  );
});

test('only HMAC is named, and the name is signed too', () => {
  expect(signed(EXAMPLE, KEY, 'MD5')).toEqual({ ...EXAMPLE, sign: MD5 });
  const byHmac = signed(EXAMPLE, KEY, 'HMAC-SHA256');
  expect(byHmac).toEqual({
    ...EXAMPLE,
    sign_type: 'HMAC-SHA256',
    sign: Hash.sign('HMAC-SHA256', { ...EXAMPLE, sign_type: 'HMAC-SHA256' }, KEY),
  });
  expect(isSigned(byHmac, KEY)).toBe(true);
  expect(isSigned({ ...byHmac, sign_type: 'MD5' }, KEY)).toBe(false);
});

test.each([MD5, HMAC])('a signature verifies over all that came: %s', (sign) => {
  const message = { ...EXAMPLE, sign };
  expect(isSigned(message, KEY)).toBe(true);
  expect(isSigned({ ...message, something_new: '1' }, KEY)).toBe(false);
  expect(isSigned({ ...message, body: 'tesT' }, KEY)).toBe(false);
  expect(isSigned(message, KEY.replace('1', '2'))).toBe(false);
});

test.each([undefined, '', MD5.toLowerCase(), MD5.slice(1), `${MD5}0`, `${HMAC.slice(0, 63)}G`, `${MD5.slice(0, 31)}0`])(
  'the signature %j is none',
  (sign) => {
    expect(isSigned({ ...EXAMPLE, ...(sign === undefined ? {} : { sign }) }, KEY)).toBe(false);
  },
);
