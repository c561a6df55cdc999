import { AlipayProgram, type GatewayAnswer, gatewayAnswer } from '../testing/alipay-program.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

const TOKEN = 'alipay.system.oauth.token';
let sandbox: TestSandbox;
let program: AlipayProgram;
let certified: AlipayProgram;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  program = await AlipayProgram.register(sandbox, { mode: 'key' });
  certified = await AlipayProgram.register(sandbox, { mode: 'certificate' });
});
afterAll(() => sandbox.stop());

/** A login, signed, then changed: a `null` takes a parameter away. */
async function spoilt(changes: Record<string, string | null>, of = program): Promise<GatewayAnswer> {
  const parameters = of.signed(TOKEN, { grant_type: 'authorization_code', code: await of.login('ann') });
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) parameters.delete(name);
    else parameters.set(name, value);
  }
  return of.send(parameters);
}

const isSigned = ({ text, name, signature }: GatewayAnswer, by = program): boolean => {
  by.sdk().checkResponseSign(text, name, String(signature), '');
  return true; // else it throws
};

describe('the form of an answer', () => {
  test('is JSON that calls itself HTML, with status 200 and a trace id, the node before the signature', async () => {
    const { status, headers, text } = await spoilt({});
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html;charset=utf-8');
    expect(headers.get('trace_id')).toMatch(/^[0-9a-f]{32}$/);
    expect(text).toMatch(
      /^\{"alipay_system_oauth_token_response":\{[^ ]*"auth_start":"[\d -]+:[^ ]*\},"sign":"[^"]+"\}$/,
    );
  });

  test('has the number of the certificate between node and signature in certificate mode', async () => {
    const { text } = await spoilt({}, certified);
    expect(text).toMatch(/\},"alipay_cert_sn":"[0-9a-f]{32}","sign":"[^"]+"\}$/);
  });

  test('escapes slashes in the node, and signs it like that', async () => {
    const { access_token: token = '' } = await program.token('ann', ['auth_user']);
    const answer = await program.send(program.signed('alipay.user.info.share', { auth_token: token }));
    expect(answer.text).toContain('"avatar":"https:\\/\\/tfs.alipayobjects.com\\/images\\/partner\\/');
    expect(isSigned(answer)).toBe(true);
  });
});

describe('parameters', () => {
  const login = async (): Promise<URLSearchParams> =>
    program.signed(TOKEN, { grant_type: 'authorization_code', code: await program.login('ann') });
  const openId = async (sent: Promise<Response>): Promise<unknown> => (await gatewayAnswer(sent)).node.open_id;
  const url = (): string => `${sandbox.url}/gateway.do`;

  test('may come in the query, by GET or POST', async () => {
    expect(await openId(fetch(`${url()}?${(await login()).toString()}`))).toBeDefined();
    expect(await openId(fetch(`${url()}?${(await login()).toString()}`, { method: 'POST' }))).toBeDefined();
  });

  test('may come in both places', async () => {
    const [query, form] = [await login(), new URLSearchParams()];
    for (const name of ['code', 'grant_type']) {
      form.set(name, query.get(name) ?? '');
      query.delete(name);
    }
    expect(await openId(fetch(`${url()}?${query.toString()}`, { method: 'POST', body: form }))).toBeDefined();
  });

  test('may come as multipart, beside files that nobody signs', async () => {
    const form = new FormData();
    for (const [name, value] of await login()) form.set(name, value);
    form.set('file', new Blob(['bytes']), 'picture.png');
    expect(await openId(fetch(url(), { method: 'POST', body: form }))).toBeDefined();
  });

  test('may have empty values, whether the caller signed them or not', async () => {
    const unsigned = await login();
    unsigned.set('notify_url', '');
    expect((await program.send(unsigned)).node.open_id).toBeDefined();
    const code = await program.login('ann');
    const signed = program.signed(TOKEN, { grant_type: 'authorization_code', code, notify_url: '' });
    expect(signed.get('notify_url')).toBe('');
    expect((await program.send(signed)).node.open_id).toBeDefined();
  });

  test('are not read from a body of another type, nor from a broken one', async () => {
    const body = JSON.stringify(Object.fromEntries(await login()));
    for (const contentType of ['application/json', 'multipart/form-data', 'multipart/form-data; boundary=x']) {
      const sent = fetch(url(), { method: 'POST', body, headers: { 'content-type': contentType } });
      expect((await gatewayAnswer(sent)).node.sub_code).toBe('isv.missing-app-id');
    }
  });
});

describe('a call is refused', () => {
  const OTHERS_CODE = { code: '0'.repeat(32) };

  test.each([
    ['without method', { method: null }, '40001', 'isv.missing-method'],
    ['without signature', { sign: null }, '40001', 'isv.missing-signature'],
    ['without signature type', { sign_type: null }, '40001', 'isv.missing-signature-type'],
    ['without timestamp', { timestamp: null }, '40001', 'isv.missing-timestamp'],
    ['without version', { version: '' }, '40001', 'isv.missing-version'],
    ['without charset', { charset: null }, '40002', 'isv.invalid-charset'],
    ['in another charset', { charset: 'latin1' }, '40002', 'isv.invalid-charset'],
    ['in another format', { format: 'XML' }, '40002', 'isv.invalid-format'],
    ['with another signature type', { sign_type: 'MD5' }, '40002', 'isv.invalid-signature-type'],
    ['in another version', { version: '2.0' }, '40002', 'isv.invalid-version'],
    ['with a time in another form', { timestamp: '2026-01-02T03:04:05Z' }, '40002', 'isv.invalid-timestamp'],
    ['on a day that does not exist', { timestamp: '2026-02-30 03:04:05' }, '40002', 'isv.invalid-timestamp'],
    ['for an unknown method', { method: 'alipay.system.oauth.tokens' }, '40002', 'isv.invalid-method'],
    ['for a method of another form', { method: '"},"sign":"' }, '40002', 'isv.invalid-method'],
    ['with a parameter changed', OTHERS_CODE, '40002', 'isv.invalid-signature'],
    ['with a parameter added', { scope: 'all' }, '40002', 'isv.invalid-signature'],
    ['with a parameter removed', { code: null }, '40002', 'isv.invalid-signature'],
    ['with a signature that is none', { sign: 'x' }, '40002', 'isv.invalid-signature'],
    ['by an app in key mode that names a certificate', { app_cert_sn: 'x' }, '40002', 'isv.app-cert-not-exist'],
  ])('%s', async (_, changes: Record<string, string | null>, code, subCode) => {
    const answer = await spoilt(changes);
    expect(answer.node).toEqual({
      code,
      msg: code === '40001' ? 'Missing Required Arguments' : 'Invalid Arguments',
      sub_code: subCode,
      sub_msg: expect.stringMatching(/[\u4e00-\u9fff]/) as unknown,
    });
    expect(isSigned(answer)).toBe(true);
  });

  test.each([
    ['without its certificate', { app_cert_sn: null }, '40001', 'isv.missing-app-cert-sn'],
    ['without the root', { alipay_root_cert_sn: null }, '40001', 'isv.missing-alipay-root-cert-sn'],
    ['with another certificate', { app_cert_sn: '0'.repeat(32) }, '40002', 'isv.app-cert-not-exist'],
    ['with another root', { alipay_root_cert_sn: 'x' }, '40002', 'isv.invalid-alipay-root-cert-sn'],
    ['with a parameter changed', OTHERS_CODE, '40002', 'isv.invalid-signature'],
  ])('in certificate mode %s', async (_, changes: Record<string, string | null>, code, subCode) => {
    const answer = await spoilt(changes, certified);
    expect(answer.node).toMatchObject({ code, sub_code: subCode });
    expect(isSigned(answer, certified)).toBe(true);
  });

  test.each([
    ['of no app', { app_id: null }, '40001', 'isv.missing-app-id'],
    ['of an unknown app, whatever else is wrong', { app_id: '1', sign: null }, '40002', 'isv.invalid-app-id'],
  ])('%s, without a signature', async (_, changes: Record<string, string | null>, code, subCode) => {
    const { name, node, signature } = await spoilt(changes);
    expect(name).toBe('alipay_system_oauth_token_response');
    expect(node).toMatchObject({ code, sub_code: subCode });
    expect(signature).toBeUndefined();
  });

  test('on behalf of a merchant who gave no permission', async () => {
    const answer = await program.send(program.signed(TOKEN, { app_auth_token: 'x', grant_type: 'authorization_code' }));
    expect(answer.node).toMatchObject({ code: '20001', sub_code: 'aop.invalid-app-auth-token' });
  });

  test('without using up the code that it carries', async () => {
    const code = await program.login('ann');
    const parameters = program.signed(TOKEN, { grant_type: 'authorization_code', code });
    const changed = new URLSearchParams(parameters);
    changed.set('version', '1.1');
    expect((await program.send(changed)).node.sub_code).toBe('isv.invalid-version');
    expect((await program.send(parameters)).node.open_id).toBeDefined();
  });
});

test('a wrong signature is answered with the text that should have been signed, escaped for HTML', async () => {
  const { node } = await spoilt({ code: '<"&>', timestamp: '2026-01-02 03:04:05' });
  expect(node.sub_msg).toBe(
    '验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：' +
      `app_id=${program.platformAppId}&amp;charset=utf-8&amp;code=&lt;&quot;&amp;&gt;&amp;grant_type=authorization_code` +
      '&amp;method=alipay.system.oauth.token&amp;sign_type=RSA2&amp;timestamp=2026-01-02 03:04:05&amp;version=1.0',
  );
});

test('on demand errors come bare and unsigned, successes as ever', async () => {
  const { platformAppId } = program;
  const set = (errorAnswers: string): Promise<Fields> =>
    sandbox.account('alipay', { platformAppId, credentials: { errorAnswers } });
  await set('unsigned');
  const { name, node, signature } = await spoilt({ code: '0'.repeat(32) });
  expect({ name, signature }).toEqual({ name: 'error_response' });
  expect(node).toMatchObject({ code: '40002', sub_code: 'isv.invalid-signature' });
  expect(isSigned(await spoilt({}))).toBe(true);
  await set('signed');
});
