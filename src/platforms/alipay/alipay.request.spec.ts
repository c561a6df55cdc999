import { generateKeyPairSync } from 'node:crypto';
import type { PlatformAccount } from '../platform.js';
import { decryptContent } from './alipay.cipher.js';
import type { AlipayKeys } from './alipay.keyring.js';
import { beijingTime, signedForm } from './alipay.request.js';
import { requestBaseString, signRsa2 } from './alipay.signature.js';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const account: PlatformAccount = { appId: 'app_1', id: 'pac_1', platform: 'alipay', platformAppId: '2021000000000001', mode: 'test', credentials: {} }; // prettier-ignore
const keys: AlipayKeys = {
  appPrivateKey: privateKey,
  aesKey: Buffer.alloc(16, 7),
  alipayKey: publicKey,
  certificates: undefined,
};

test.each([
  ['1970-01-01T00:00:00.000Z', '1970-01-01 08:00:00'],
  ['2020-09-19T18:03:18.726Z', '2020-09-20 02:03:18'],
  ['2020-09-21T16:00:00.000Z', '2020-09-22 00:00:00'],
  ['2026-12-31T15:59:59.999Z', '2026-12-31 23:59:59'],
])('at %s a request says %s', (at, said) => {
  expect(beijingTime(new Date(at))).toBe(said);
});

describe('a form', () => {
  const parse = (form: string) => Object.fromEntries(new URLSearchParams(form));

  test('carries the common parameters, its own, and the signature over all of them', () => {
    const form = signedForm(account, keys, { method: 'a.b.c', params: { code: 'x+y z&/=' } });
    const params = parse(form);
    expect(params).toMatchObject({ app_id: '2021000000000001', method: 'a.b.c', format: 'JSON', charset: 'utf-8', sign_type: 'RSA2', version: '1.0', code: 'x+y z&/=' }); // prettier-ignore
    expect(params['sign']).toBe(signRsa2(requestBaseString(params), privateKey));
    expect(params['timestamp']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(form).not.toContain('+');
  });

  test('hides its content when asked to, and signs the ciphertext', () => {
    const params = parse(signedForm(account, keys, { method: 'a.b.c', bizContent: { a: '中' }, encrypted: true }));
    expect(params['encrypt_type']).toBe('AES');
    expect(decryptContent(params['biz_content']!, keys.aesKey!).toString()).toBe('{"a":"中"}');
    expect(params['sign']).toBe(signRsa2(requestBaseString(params), privateKey));
  });

  test('is not made without the AES key that it needs', () => {
    const call = { method: 'a.b.c', bizContent: {}, encrypted: true };
    expect(() => signedForm(account, { ...keys, aesKey: undefined }, call)).toThrow(/needs aesKey/);
  });
});
