import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { WECHAT_MERCHANT, WechatPayCredentials } from './pay.credentials.js';
import { WechatPaySettings } from './pay.settings.js';

const { merchant: foreign } = JSON.parse(readFileSync(new URL('./pay.vectors.json', import.meta.url), 'utf8')) as {
  merchant: { certificate: string };
};
const newPair = (modulusLength = 2048): { publicKey: string; privateKey: string } =>
  generateKeyPairSync('rsa', {
    modulusLength,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
const merchant = newPair();
const wechat = newPair();
const short = newPair(1024);

const byCertificate = { serial: '5F1C72E2A8931B72A2E13AF8DEE92471EB397115', privateKey: merchant.privateKey, apiV3Key: 'AES256Key-32Characters1234567890' }; // prettier-ignore
const publicKeyId = 'PUB_KEY_ID_0114232134912410000000000000';
const byPublicKey = { ...byCertificate, publicKeyId, publicKey: wechat.publicKey };

/** What is complained about, by field. */
const complaints = (credentials: object): Record<string, string> =>
  Object.fromEntries(
    (WechatPayCredentials.safeParse(credentials).error?.issues ?? []).map(({ path, message }) => [
      path.join('.'),
      message,
    ]),
  );

test.each([
  ['with certificates', byCertificate],
  ['with the public key', byPublicKey],
  ['with contracts', { ...byCertificate, apiV2Key: '192006250b4c09247ec02edce69f6a2d' }],
])('the credentials of a merchant %s are accepted as they are', (_, credentials) => {
  expect(WechatPayCredentials.parse(credentials)).toEqual(credentials);
});

test('a serial in small letters is read as WeChat Pay writes it', () => {
  const { serial } = WechatPayCredentials.parse({ ...byCertificate, serial: byCertificate.serial.toLowerCase() });
  expect(serial).toBe(byCertificate.serial);
});

test.each([
  ['in one line', merchant.privateKey.replaceAll('\n', '')],
  ['with its line breaks written out', merchant.privateKey.trim().replaceAll('\n', '\\n')],
])('a private key %s is read', (_, privateKey) => {
  expect(complaints({ ...byCertificate, privateKey })).toEqual({});
});

test('a merchant for whom the public key signs needs it', () => {
  expect(complaints({ ...byCertificate, verification: 'certificate' })).toEqual({});
  expect(complaints({ ...byPublicKey, verification: 'migrating' })).toEqual({});
  expect(complaints({ ...byCertificate, verification: 'public_key' })).toHaveProperty('publicKey');
});

test.each([
  ['privateKey', merchant.publicKey, /public key; the private key/],
  ['privateKey', foreign.certificate, /certificate; the private key/],
  ['privateKey', short.privateKey, /1024 bits/],
  ['privateKey', 'nonsense', /apiclient_key\.pem/],
  ['publicKey', wechat.privateKey, /private key; a public key/],
  ['publicKey', foreign.certificate, /certificates are downloaded/],
  ['publicKey', merchant.publicKey, /merchant's own/],
  ['publicKey', undefined, /give both/],
  ['publicKeyId', undefined, /give both/],
  ['publicKeyId', '0114232134912410000000000000', /PUB_KEY_ID_/],
  ['serial', '5F1C', /40/],
  ['apiV3Key', 'short', /32/],
  ['apiV2Key', 'short', /32/],
])('%s %j is complained about', (field, value, complaint) => {
  const found = complaints({ ...byPublicKey, [field]: value });
  expect(Object.keys(found)).toEqual([field]);
  expect(found[field]).toMatch(complaint);
  if (value !== undefined && value.length > 10) expect(found[field]).not.toContain(value.slice(30, 60) || value);
});

test('what the console gets of the keys are public halves', () => {
  const shown = WECHAT_MERCHANT.toConsole!({
    ...byPublicKey,
    apiV2Key: '192006250b4c09247ec02edce69f6a2d',
    verification: 'migrating',
  });
  expect(shown).toEqual({
    serial: byCertificate.serial,
    apiV3Key: byCertificate.apiV3Key,
    apiV2Key: '192006250b4c09247ec02edce69f6a2d',
    merchantPublicKey: merchant.publicKey,
    verification: 'migrating',
  });
  expect(WECHAT_MERCHANT.toConsole!({})).toEqual({});
  expect(WECHAT_MERCHANT.toConsole!({ privateKey: 'nonsense' })).toEqual({});
  expect(new X509Certificate(foreign.certificate).publicKey.type).toBe('public');
});

test.each([
  ['190000000', true],
  ['1900000001', true],
  ['19000000011', false],
  ['1900000a', false],
])('the merchant id %s is one: %s', (merchantId, fine) => {
  expect(WECHAT_MERCHANT.merchantId.safeParse(merchantId).success).toBe(fine);
});

test.each([
  [{}, true],
  [{ goodsTag: 'WXG', limitPay: ['no_credit'], attach: '附加', supportFapiao: true, profitSharing: false }, true],
  [{ limitPay: ['no_money'] }, false],
  [{ attach: '🎁' }, false],
  [{ attach: 'a'.repeat(129) }, false],
  [{ planId: '100001', displayAccount: '小明', debitMode: 'delayed' }, true],
  [{ planId: 'monthly' }, false],
  [{ displayAccount: '小'.repeat(33) }, false],
  [{ debitMode: '24_hours' }, false],
  [{ template: '1' }, false],
])('the settings %j are fine: %s', (settings, fine) => {
  expect(WechatPaySettings.safeParse(settings).success).toBe(fine);
});
