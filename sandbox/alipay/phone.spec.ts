import { AlipayProgram } from '../testing/alipay-program.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
let program: AlipayProgram;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  program = await AlipayProgram.register(sandbox, { mode: 'key' });
});
afterAll(() => sandbox.stop());

/** What the client gets from `my.getPhoneNumber`, read as the text that it is. */
async function tap(over: Fields = {}, of = program): Promise<Record<string, string>> {
  const { platformAppId } = of;
  const { response } = await sandbox.post('/_/phone', { platform: 'alipay', platformAppId, user: 'ann', ...over });
  return JSON.parse(String(response)) as Record<string, string>;
}

const decrypted = (response = '', of = program): Fields => JSON.parse(of.sdk().aesDecrypt(response)) as Fields;

test.each(['key', 'certificate'])(
  'a number comes encrypted and signed, the quotes with it, in %s mode',
  async (mode) => {
    const one = mode === 'key' ? program : await AlipayProgram.register(sandbox, { mode });
    const { response = '', sign = '', ...rest } = await tap({ phone: '13800138000' }, one);
    expect(rest).toEqual({ sign_type: 'RSA2', encrypt_type: 'AES', charset: 'UTF-8' });
    expect(one.sdk().rsaCheck(`"${response}"`, sign)).toBe(true);
    expect(one.sdk().rsaCheck(response, sign)).toBe(false);
    expect(decrypted(response, one)).toEqual({ code: '10000', msg: 'Success', mobile: '13800138000' });
  },
);

test('a person keeps the number, and has one without giving any', async () => {
  await tap({ phone: '13900139000' });
  expect(decrypted((await tap()).response)).toHaveProperty('mobile', '13900139000');
  expect(decrypted((await tap({ user: 'bob' })).response).mobile).toMatch(/^1\d{10}$/);
});

test('an account without a number gives an empty one', async () => {
  expect(decrypted((await tap({ phone: '' })).response)).toEqual({ code: '10000', msg: 'Success', mobile: '' });
});

test.each([
  ['40003', 'isv.invalid-auth-relations'],
  ['40006', 'isv.insufficient-isv-permissions'],
  ['40002', 'isv.invalid-encrypt'],
  ['20000', 'aop.unknow-error'],
])('a refusal comes encrypted or plain, its fields in camel case: %s %s', async (code, error) => {
  const { response } = await tap({ error });
  expect(decrypted(response)).toMatchObject({ code, subCode: error, subMsg: expect.any(String) as unknown });
  const plain = await tap({ error, plain: true });
  expect(JSON.parse(plain.response ?? '')).toEqual(decrypted(response));
  expect(program.sdk().rsaCheck(plain.response ?? '', plain.sign ?? '')).toBe(true);
  expect(plain).not.toHaveProperty('encrypt_type');
});

test('without signature settings nothing is signed', async () => {
  const { sign, response } = await tap({ error: 'isv.missing-default-signature-type', plain: true });
  expect(sign).toBeUndefined();
  expect(JSON.parse(response ?? '')).toMatchObject({ code: '40001', subCode: 'isv.missing-default-signature-type' });
});

test('without an AES key there is only the plain complaint, whether the key is missing or said to be', async () => {
  const missing = { code: '40001', subCode: 'isv.missing-encrypt-key' };
  expect(JSON.parse((await tap({ error: 'isv.missing-encrypt-key' })).response ?? '')).toMatchObject(missing);
  const { platformAppId } = program;
  await sandbox.account('alipay', { platformAppId, credentials: { aesKey: '' } });
  expect(JSON.parse((await tap()).response ?? '')).toMatchObject(missing);
});
