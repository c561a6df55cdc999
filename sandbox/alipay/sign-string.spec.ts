import { AlipayAgreements, nodeOf } from '../testing/alipay-agreements.js';
import { AlipayProgram } from '../testing/alipay-program.js';
import { AlipayShop } from '../testing/alipay-shop.js';
import { TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
let shop: AlipayShop;
let agreements: AlipayAgreements;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  shop = await AlipayShop.open(sandbox);
  agreements = new AlipayAgreements(shop);
});
beforeEach(() => shop.receiver.forget());
afterAll(async () => {
  await sandbox.stop();
  await shop.close();
});

const refusalOf = async (signStr: unknown): Promise<unknown> => {
  const opened = await agreements.open(signStr);
  expect(opened.resultStatus).toBe('7002');
  return nodeOf(opened).sub_code;
};
const plain = (): string => decodeURIComponent(agreements.signStr(agreements.terms()));
const changed = (name: string, value: string): string => {
  const fields = new URLSearchParams(plain());
  fields.set(name, value);
  return encodeURIComponent(fields.toString());
};
const resigned = (name: string, value: string): string => {
  const fields = new URLSearchParams(plain());
  fields.set(name, value);
  return encodeURIComponent(shop.program.resigned(fields).toString());
};

test('a sign string is encoded twice, neither less nor more', async () => {
  expect(await refusalOf(plain())).toBe('isv.missing-app-id');
  expect(await refusalOf(encodeURIComponent(encodeURIComponent(plain())))).toBe('isv.missing-app-id');
  expect(await refusalOf('%')).toBe('isv.missing-app-id');
  expect(await refusalOf(undefined)).toBe('isv.missing-app-id');
  expect(await agreements.open(encodeURIComponent(plain()))).toMatchObject({
    resultStatus: '7000',
  });
});

test('a sign string may have blanks as plus signs', async () => {
  const signStr = encodeURIComponent(plain().replaceAll('%20', '+'));
  expect(signStr).toContain('%2B');
  expect(await agreements.open(signStr)).toMatchObject({ resultStatus: '7000' });
});

test('a sign string is signed by the mini-program, over all of it', async () => {
  expect(await refusalOf(changed('app_id', '2021000000000000'))).toBe('isv.invalid-app-id');
  expect(await refusalOf(changed('notify_url', 'https://example.com/'))).toBe('isv.invalid-signature');
  expect(await refusalOf(changed('sign', 'AAAA'))).toBe('isv.invalid-signature');
  expect(await refusalOf(changed('sign', ''))).toBe('isv.missing-signature');
  expect(await refusalOf(changed('sign_type', 'RSA'))).toBe('isv.invalid-signature-type');
  expect(await refusalOf(resigned('method', 'alipay.trade.app.pay'))).toBe('isv.invalid-method');
  expect(await refusalOf(resigned('notify_url', 'notify'))).toBe('isv.invalid-parameter');
});

test('a sign string names the certificates in certificate mode', async () => {
  const program = await AlipayProgram.register(sandbox, { mode: 'certificate' });
  const bizContent = agreements.terms();
  const made = program.sdk().sdkExecute('alipay.user.agreement.page.sign', { bizContent });
  const without = new URLSearchParams(made);
  without.delete('app_cert_sn');
  const refusal = await refusalOf(encodeURIComponent(program.resigned(without).toString()));
  expect(refusal).toBe('isv.missing-app-cert-sn');
  expect(await agreements.open(encodeURIComponent(made))).toMatchObject({ resultStatus: '7000' });
});

test('a sign string may be encrypted', async () => {
  const terms = agreements.terms();
  const encrypted = agreements.signStr(terms, { needEncrypt: true });
  expect(decodeURIComponent(encrypted)).toContain('encrypt_type=AES');
  expect(await agreements.open(encrypted)).toMatchObject({ resultStatus: '7000' });
});

test('a sign string must not say where to go afterwards: the person seems to have left', async () => {
  const signStr = agreements.signStr(agreements.terms(), { return_url: 'https://example.com/' });
  const opened = await agreements.open(signStr);
  expect(opened).toEqual({ resultStatus: '6001', result: '' });
});
