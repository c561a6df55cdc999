import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { newCertified } from './certificates.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await TestSandbox.start();
});
afterAll(() => sandbox.stop());

const register = async (credentials: Fields = {}, over: Fields = {}): Promise<Fields> => {
  const { credentials: shown } = await sandbox.merchant('wechat', { merchantId: '1600000001', credentials, ...over });
  return shown as Fields;
};
const newPublicKey = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }).toString();

test('a merchant that brings nothing gets all', async () => {
  const account = await sandbox.merchant('wechat');
  expect(account).toMatchObject({ kind: 'merchant', merchantId: expect.stringMatching(/^\d{10}$/) });
  expect(account.credentials).toEqual({
    serial: expect.stringMatching(/^[0-9A-F]{40}$/),
    privateKey: expect.stringContaining('BEGIN PRIVATE KEY'),
    apiV3Key: expect.stringMatching(/^[0-9A-Za-z]{32}$/),
    apiV2Key: expect.stringMatching(/^[0-9A-Za-z]{32}$/),
    publicKeyId: expect.stringMatching(/^PUB_KEY_ID_\d{28}$/),
    publicKey: expect.stringContaining('BEGIN PUBLIC KEY'),
  });
});

test('every merchant has the stock plans, and keeps the URL that hears of contracts that ended', async () => {
  const push = { url: 'http://127.0.0.1:3000/ended' };
  const account = await sandbox.merchant('wechat', { merchantId: '1600000005', push });
  expect(account.plans).toEqual([
    { planId: '100001', mode: 'notice' },
    { planId: '100002', mode: 'delayed' },
  ]);
  expect(account).toMatchObject({ push, callbackOrigin: 'http://127.0.0.1:3000' });
  expect((await sandbox.merchant('wechat', { merchantId: '1600000005' })).push).toEqual(push);
  const wrong = await sandbox.merchant('wechat', { merchantId: '1600000005', push: { mode: 'plain' } });
  expect(wrong.error).toBe('invalid_request');
});

test('registered again, also with what was shown, it keeps what it has', async () => {
  const first = await register();
  expect(await register()).toEqual(first);
  expect(await register({ ...first, verification: 'public_key' })).toEqual(first);
});

test('a key of its own replaces the pair that was made, and no private key is shown', async () => {
  const before = await register();
  const merchantPublicKey = newPublicKey();
  const apiV2Key = '192006250b4c09247ec02edce69f6a2d';
  const shown = await register({ merchantPublicKey, serial: 'ABCDEF0123', apiV2Key });
  expect(shown.apiV2Key).toBe(apiV2Key);
  expect(shown).toMatchObject({ serial: 'ABCDEF0123', publicKeyId: before.publicKeyId, apiV3Key: before.apiV3Key });
  expect(shown).not.toHaveProperty('privateKey');
  expect(await register({ merchantPublicKey })).toEqual(shown);
});

test('a key without a serial number always gets the same one', async () => {
  const merchantPublicKey = newPublicKey();
  const { serial } = await register({ merchantPublicKey });
  const elsewhere = await register({ merchantPublicKey }, { merchantId: '1600000002' });
  expect(elsewhere.serial).toBe(serial);
});

test('a certificate brings its serial number along', async () => {
  const { certificate, serial } = await newCertified('1600000001', sandbox.now);
  expect((await register({ merchantCertificate: certificate })).serial).toBe(serial);
});

test('a certificate that is made has its number in it and is good for five years', async () => {
  const { certificate, serial, publicKey } = await newCertified('1600000001', sandbox.now);
  const read = new X509Certificate(certificate);
  expect(read.serialNumber).toBe(serial);
  expect(read.publicKey.equals(createPublicKey(publicKey))).toBe(true);
  expect(read.verify(read.publicKey)).toBe(true);
  expect(Date.parse(read.validTo) - sandbox.now).toBe(5 * 365 * 86_400_000);
});

test('a merchant that has only platform certificates is shown no public key', async () => {
  const shown = await register({ verification: 'certificate' }, { merchantId: '1600000003' });
  expect(Object.keys(shown)).toEqual(['serial', 'privateKey', 'apiV3Key', 'apiV2Key']);
  expect(await register({ verification: 'migrating' }, { merchantId: '1600000003' })).toEqual({
    ...shown,
    publicKeyId: expect.stringMatching(/^PUB_KEY_ID_/),
    publicKey: expect.any(String),
  });
});

test.each([
  [{ apiV3Key: 'short' }],
  [{ apiV3Key: '中'.repeat(32) }],
  [{ merchantPublicKey: 'no key' }],
  [{ merchantCertificate: 'no certificate' }],
  [{ serial: 'not hexadecimal' }],
  [{ verification: 'sometimes' }],
  [{ apiV2Key: 'short' }],
  [{ key: 'v2' }],
])('refuses %j', async (credentials) => {
  const answer = await sandbox.merchant('wechat', { merchantId: '1600000004', credentials });
  expect(answer.error).toBe('invalid_request');
});
