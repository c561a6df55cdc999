import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { PlatformAccount } from '../platform.js';
import { encryptContent } from './alipay.cipher.js';
import type { AlipayKeys, CertificateSet } from './alipay.keyring.js';
import { readPhone } from './alipay.phone.js';
import { signRsa2 } from './alipay.signature.js';

const alipay = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const aesKey = randomBytes(16);
const keys: AlipayKeys = {
  appPrivateKey: stranger.privateKey,
  aesKey,
  alipayKey: alipay.publicKey,
  certificates: undefined,
};
const account: PlatformAccount = { appId: 'app_1', id: 'pac_1', platform: 'alipay', platformAppId: '2021000000000001', mode: 'test', credentials: {} }; // prettier-ignore

/** `res.response` of `my.getPhoneNumber`, as Alipay makes it. */
function fromAlipay(
  answer: object,
  { key = aesKey, signer = alipay.privateKey } = {},
): { response: string; sign: string } {
  const response = encryptContent(JSON.stringify(answer), key);
  return { response, sign: signRsa2(`"${response}"`, signer) };
}
const read = (envelope: unknown, over: Partial<AlipayKeys> = {}) =>
  readPhone(account, { ...keys, ...over }, typeof envelope === 'string' ? envelope : JSON.stringify(envelope));
const success = { code: '10000', msg: 'Success', mobile: '13800138000' };

test('a number is read', async () => {
  await expect(read(fromAlipay(success))).resolves.toEqual({ number: '+8613800138000', countryCode: '86' });
  await expect(
    read({ ...fromAlipay(success), sign_type: 'RSA2', encrypt_type: 'AES', charset: 'UTF-8' }),
  ).resolves.toMatchObject({ countryCode: '86' });
});

test('a number is refused when a single character of it changed', async () => {
  const { response, sign } = fromAlipay(success);
  for (const at of [0, 10, response.length - 3]) {
    const other = response[at] === 'A' ? 'B' : 'A';
    const changed = response.slice(0, at) + other + response.slice(at + 1);
    await expect(read({ response: changed, sign })).rejects.toMatchObject({ problem: 'platform_data_invalid' });
  }
});

test('a number is refused without a signature, with that of somebody else, or with one over the bare ciphertext', async () => {
  const { response } = fromAlipay(success);
  await expect(read({ response })).rejects.toMatchObject({ problem: 'platform_data_invalid', message: /not signed/ });
  await expect(read(fromAlipay(success, { signer: stranger.privateKey }))).rejects.toMatchObject({ problem: 'platform_data_invalid' }); // prettier-ignore
  await expect(read({ response, sign: signRsa2(response, alipay.privateKey) })).rejects.toMatchObject({ problem: 'platform_data_invalid' }); // prettier-ignore
});

test('a plain success is refused, even one that Alipay signed: a number comes encrypted', async () => {
  const response = JSON.stringify(success);
  const refused = { problem: 'platform_data_invalid' };
  await expect(read({ response })).rejects.toMatchObject(refused);
  await expect(read({ response, sign: signRsa2(response, alipay.privateKey) })).rejects.toMatchObject(refused);
});

test.each([
  ['40001', 'isv.missing-encrypt-key', 'platform_account_misconfigured'],
  ['40001', 'isv.missing-default-signature-type', 'platform_account_misconfigured'],
  ['40003', 'isv.invalid-auth-relations', 'user_refused'],
  ['40006', 'isv.insufficient-isv-permissions', 'platform_account_misconfigured'],
  ['20000', 'aop.unknow-error', 'platform_busy'],
])(
  'a refusal inside, %s %s, becomes %s: encrypted, plain and signed, plain and unsigned',
  async (code, subCode, problem) => {
    const refusal = { code, msg: 'words', subCode, subMsg: '文字' };
    const response = JSON.stringify(refusal);
    const expected = { problem, platformCode: subCode };
    await expect(read(fromAlipay(refusal))).rejects.toMatchObject(expected);
    await expect(read({ response, sign: signRsa2(response, alipay.privateKey) })).rejects.toMatchObject(expected);
    await expect(read({ response })).rejects.toMatchObject(expected);
  },
);

test('a refusal with a wrong signature is no refusal of Alipay', async () => {
  const response = JSON.stringify({ code: '20000', msg: '' });
  await expect(read({ response, sign: signRsa2(response, stranger.privateKey) })).rejects.toMatchObject({ problem: 'platform_data_invalid' }); // prettier-ignore
});

test('an account without the AES key, or with another, is told so', async () => {
  const misconfigured = { problem: 'platform_account_misconfigured', message: /aesKey/ };
  await expect(read(fromAlipay(success), { aesKey: undefined })).rejects.toMatchObject(misconfigured);
  await expect(read(fromAlipay(success, { key: randomBytes(16) }))).rejects.toMatchObject(misconfigured);
});

test('an account of Alipay may have no number, or one from abroad', async () => {
  await expect(read(fromAlipay({ ...success, mobile: '' }))).rejects.toMatchObject({ problem: 'user_refused' });
  await expect(read(fromAlipay({ code: '10000' }))).rejects.toMatchObject({ problem: 'user_refused' });
  await expect(read(fromAlipay({ ...success, mobile: '852-61234567' }))).resolves.toEqual({ number: '+85261234567', countryCode: '852' }); // prettier-ignore
});

test.each(['86-', '12345', '2380013800', '138001380001', '+8613800138000', '138 0013 8000', '852-6123-4567'])(
  'what is no number that we know is not passed on: %j',
  async (mobile) => {
    await expect(read(fromAlipay({ ...success, mobile }))).rejects.toMatchObject({
      problem: 'platform_answer_invalid',
    });
  },
);

test.each([
  '',
  'x',
  '[]',
  'null',
  '{}',
  '{"response":1}',
  '{"response":"","sign":"x"}',
  '"{}"',
  '{"response":"{}"}',
  '{"response":"{"}',
])('what is no answer of my.getPhoneNumber is refused: %j', async (envelope) => {
  await expect(read(envelope)).rejects.toMatchObject({ problem: 'platform_data_invalid' });
});

test('in certificate mode every certificate that is known may have signed', async () => {
  const renewed = new LRUCache<string, Promise<typeof alipay.publicKey>>({ max: 2 });
  const certificates = { renewed } as unknown as CertificateSet;
  const over = { alipayKey: stranger.publicKey, certificates };
  await expect(read(fromAlipay(success), over)).rejects.toMatchObject({ problem: 'platform_data_invalid' });
  renewed.set('1'.repeat(32), Promise.resolve(alipay.publicKey));
  await expect(read(fromAlipay(success), over)).resolves.toMatchObject({ number: '+8613800138000' });
});
