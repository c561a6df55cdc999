import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { PlatformAccount } from '../platform.js';
import { AlipayKeyring } from './alipay.keyring.js';

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const base64 = (key: KeyObject, type: 'pkcs8' | 'spki') =>
  key.export({ format: 'der', type } as never).toString('base64');
const [app, alipay, other] = [pair(), pair(), pair()];

const holding = (appKey: KeyObject, id = 'pac_1'): PlatformAccount => ({
  appId: 'app_1',
  id,
  platform: 'alipay',
  platformAppId: '2021000000000001',
  mode: 'test',
  credentials: {
    mode: 'key',
    appPrivateKey: base64(appKey, 'pkcs8'),
    alipayPublicKey: base64(alipay.publicKey, 'spki'),
  },
});

test('keys are parsed once for the same credentials', () => {
  const keyring = new AlipayKeyring();
  expect(keyring.of(holding(app.privateKey))).toBe(keyring.of(holding(app.privateKey)));
});

test('changed credentials are in force with the next call, and so are those of another account', () => {
  const keyring = new AlipayKeyring();
  const before = keyring.of(holding(app.privateKey));
  expect(keyring.of(holding(other.privateKey)).appPrivateKey.equals(other.privateKey)).toBe(true);
  expect(keyring.of(holding(app.privateKey)).appPrivateKey).toBe(before.appPrivateKey);
  expect(keyring.of(holding(app.privateKey, 'pac_2'))).not.toBe(before);
});
