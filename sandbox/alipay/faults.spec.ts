import { AlipayProgram } from '../testing/alipay-program.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

const DOWNLOAD = 'alipay.open.app.alipaycert.download';
const BAD_SIGNATURE = /验签失败/;
let sandbox: TestSandbox;
let program: AlipayProgram;
let certified: AlipayProgram;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  program = await AlipayProgram.register(sandbox, { mode: 'key' });
  certified = await AlipayProgram.register(sandbox, { mode: 'certificate' });
});
afterAll(() => sandbox.stop());
afterEach(() => fetch(`${sandbox.url}/_/faults`, { method: 'DELETE' }));

test.each(['key', 'certificate'])('a wrong signature is noticed in %s mode, and only for one call', async (mode) => {
  const one = mode === 'key' ? program : certified;
  await one.fault('wrong_signature');
  await expect(one.token('ann')).rejects.toThrow(BAD_SIGNATURE);
  expect(await one.token('ann')).toHaveProperty('open_id');
});

test('a fault can be for one method and for one mini-program', async () => {
  await program.fault('busy', { match: { platform: 'alipay', path: 'alipay.user.info.share' } });
  const token = await program.token('ann', ['auth_user']);
  expect(token).toHaveProperty('open_id');
  const share = { auth_token: token.access_token };
  expect(await program.call('alipay.user.info.share', share)).toHaveProperty('sub_code', 'isp.unknow-error');
  await program.fault('busy');
  expect(await certified.token('ann')).toHaveProperty('open_id');
});

test('a busy Alipay does nothing: the code still works', async () => {
  const code = await program.login('ann');
  await program.fault('busy');
  expect(await program.exchange(code)).toMatchObject({
    code: '20000',
    msg: 'Service Currently Unavailable',
    sub_code: 'isp.unknow-error',
  });
  expect(await program.exchange(code)).toHaveProperty('open_id');
});

test.each([
  ['20000', 'aop.unknow-error'],
  ['20001', 'aop.invalid-app-auth-token'],
  ['20001', 'aop.app-auth-token-time-out'],
  ['20001', 'aop.no-product-reg-by-partner'],
  ['40001', 'isv.missing-signature-key'],
  ['40002', 'isv.invalid-parameter'],
  ['40002', 'isv.invalid-encrypt'],
  ['40002', 'isv.suspected-attack'],
  ['40002', 'isv.forbidden-api'],
  ['40002', 'isv.app-cert-expired'],
  ['40002', 'isv.not-online-app'],
  ['40003', 'isv.missing-signature-config'],
  ['40003', 'isv.invalid-auth-relations'],
  ['40003', 'isv.invalid-app-state'],
  ['40004', 'ACQ.SYSTEM_ERROR'],
  ['40004', 'constructor'],
  ['40005', 'isv.app-call-limited'],
  ['40005', 'isv.method-call-limited'],
  ['40006', 'isv.insufficient-isv-permissions'],
  ['40006', 'isv.self-invoke-forbidden'],
  ['40006', 'isv.ip-forbidden'],
])('an error that has no cause here can be asked for, signed as ever: %s %s', async (code, subCode) => {
  await program.fault('code', { code: subCode });
  expect(await program.token('ann')).toMatchObject({ code, sub_code: subCode });
});

describe('a new key of Alipay', () => {
  test('in key mode is shown by the console, and the one before verifies nothing any more', async () => {
    await program.fault('rotate_key');
    await expect(program.token('ann')).rejects.toThrow(BAD_SIGNATURE);
    const renewed = await AlipayProgram.register(sandbox, {}, { platformAppId: program.platformAppId });
    expect(renewed.credentials.alipayPublicKey).not.toBe(program.credentials.alipayPublicKey);
    expect(renewed.credentials.appPrivateKey).toBe(program.credentials.appPrivateKey);
    expect(await renewed.token('ann')).toHaveProperty('open_id');
  });

  test('in certificate mode comes with a new number, by which its certificate can be fetched', async () => {
    await certified.fault('rotate_key');
    const code = await certified.login('ann');
    const parameters = certified.signed('alipay.system.oauth.token', { grant_type: 'authorization_code', code });
    const { text, node } = await certified.send(parameters);
    const { alipay_cert_sn: sn, sign } = JSON.parse(text) as { alipay_cert_sn: string; sign: string };
    expect(sn).not.toBe(certified.sdk().config.alipayCertSn);

    const fetched = (await certified.sdk().exec(DOWNLOAD, { bizContent: { alipay_cert_sn: sn } })) as Fields;
    const file = Buffer.from(String(fetched.alipay_cert_content), 'base64').toString();
    const renewed = certified.sdk({ alipayPublicCertContent: file });
    expect(renewed.config.alipayCertSn).toBe(sn);
    expect(renewed.rsaCheck(JSON.stringify(node).replaceAll('/', '\\/'), sign)).toBe(true);
    expect(certified.sdk().rsaCheck(JSON.stringify(node).replaceAll('/', '\\/'), sign)).toBe(false);
  });

  test('leaves the certificate before it to be fetched, and survives a restart', async () => {
    const before = certified.sdk().config.alipayCertSn;
    await sandbox.restart();
    const renewed = await AlipayProgram.register(sandbox, {}, { platformAppId: certified.platformAppId });
    expect(renewed.sdk().config.alipayCertSn).not.toBe(before);
    const answer = await renewed.call(DOWNLOAD, { bizContent: { alipay_cert_sn: before } });
    expect(Buffer.from(answer.alipay_cert_content ?? '', 'base64').toString()).toBe(
      certified.credentials.alipayCertificate,
    );
  });

  test('has no certificate to fetch in key mode, nor under an unknown number', async () => {
    const unknown = { code: '40002', sub_code: 'isv.alipay-cert-not-exist' };
    const alipay_cert_sn = certified.sdk().config.alipayCertSn;
    const renewed = await AlipayProgram.register(sandbox, {}, { platformAppId: program.platformAppId });
    expect(await renewed.call(DOWNLOAD, { bizContent: { alipay_cert_sn } })).toMatchObject(unknown);
    const other = await AlipayProgram.register(sandbox, {}, { platformAppId: certified.platformAppId });
    expect(await other.call(DOWNLOAD, { bizContent: { alipay_cert_sn: 'x' } })).toMatchObject(unknown);
    expect(await other.call(DOWNLOAD, {})).toMatchObject(unknown);
  });
});

test('an answer that got lost has used up the code', async () => {
  const code = await program.login('ann');
  await program.fault('timeout_after');
  const renewed = await AlipayProgram.register(sandbox, {}, { platformAppId: program.platformAppId });
  const parameters = renewed.signed('alipay.system.oauth.token', { grant_type: 'authorization_code', code });
  const url = `${sandbox.url}/gateway.do`;
  await expect(fetch(url, { method: 'POST', body: parameters, signal: AbortSignal.timeout(300) })).rejects.toThrow();
  expect(await renewed.exchange(code)).toMatchObject({ sub_code: 'isv.code-invalid' });
});
