import { AlipayProgram, type GatewayAnswer } from '../testing/alipay-program.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

const DOWNLOAD = 'alipay.open.app.alipaycert.download';
let sandbox: TestSandbox;
let program: AlipayProgram;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  program = await AlipayProgram.register(sandbox, { mode: 'certificate' });
});
afterAll(() => sandbox.stop());

const encrypted = (bizContent: Fields): Fields => ({ bizContent, needEncrypt: true });
const call = (params: Fields, changes: Record<string, string> = {}): Promise<GatewayAnswer> => {
  const parameters = program.signed(DOWNLOAD, params);
  for (const [name, value] of Object.entries(changes)) parameters.set(name, value);
  return program.send(program.resigned(parameters));
};
const currentNumber = (): string => program.sdk().config.alipayCertSn;

test("an encrypted call of Alipay's own SDK is answered encrypted, the quotes signed with the ciphertext", async () => {
  const params = encrypted({ alipay_cert_sn: currentNumber() });
  const { node, signature } = await call(params);
  expect(node).toEqual(expect.stringMatching(/^[\w+/]+=*$/));
  expect(program.sdk().rsaCheck(JSON.stringify(node), String(signature))).toBe(true);

  const { code, alipay_cert_content: content } = (await program.sdk().exec(DOWNLOAD, params)) as Fields;
  expect(code).toBe('10000');
  expect(Buffer.from(String(content), 'base64').toString()).toBe(program.credentials.alipayCertificate);
});

test('a refusal by the method is encrypted too', async () => {
  const params = encrypted({ alipay_cert_sn: 'unknown' });
  expect((await call(params)).text).not.toContain('isv.');
  expect(await program.sdk().exec(DOWNLOAD, params)).toMatchObject({ sub_code: 'isv.alipay-cert-not-exist' });
});

test.each([
  ['in another cipher', { encrypt_type: 'DES' }, '40002', 'isv.invalid-encrypt-type'],
  ['with another key', { biz_content: 'ILpoMowjIQjfYMR847rnFQ==' }, '40003', 'isv.decryption-error-unknown'],
  ['without saying so', { encrypt_type: '' }, '40001', 'isv.decryption-error-missing-encrypt-type'],
  ['over something else than JSON', { encrypt_type: '', biz_content: 'a=b' }, '40002', 'isv.illegal-json'],
  ['over a list', { encrypt_type: '', biz_content: '[]' }, '40002', 'isv.illegal-json'],
])('content that is encrypted %s is refused in plain text', async (_, changes, code, subCode) => {
  const answer = await call(encrypted({ alipay_cert_sn: 'x' }), changes);
  expect(answer.node).toMatchObject({ code, sub_code: subCode });
});

test('an app without an AES key can only speak plainly', async () => {
  const { platformAppId } = program;
  const { aesKey = '' } = program.credentials;
  await sandbox.account('alipay', { platformAppId, credentials: { aesKey: '' } });
  const answer = await call(encrypted({ alipay_cert_sn: 'x' }));
  expect(answer.node).toMatchObject({ code: '40001', sub_code: 'isv.missing-encrypt-key' });
  expect((await call({ bizContent: { alipay_cert_sn: currentNumber() } })).node).toHaveProperty('code', '10000');
  await sandbox.account('alipay', { platformAppId, credentials: { aesKey } });
});
