import { createSign } from 'node:crypto';
import { AlipayProgram } from '../testing/alipay-program.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

const TOKEN = '/v3/alipay/system/oauth/token';
const SHARE = '/v3/alipay/user/info/share';
const MINUTE = 60_000;
let sandbox: TestSandbox;
let programs: Record<string, AlipayProgram>;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  programs = {
    key: await AlipayProgram.register(sandbox, { mode: 'key' }),
    certificate: await AlipayProgram.register(sandbox, { mode: 'certificate' }),
  };
});
beforeEach(() => {
  sandbox.now = Date.now(); // the SDK takes the machine's time
});
afterAll(() => sandbox.stop());

const program = (mode = 'key'): AlipayProgram => programs[mode] as AlipayProgram;

describe.each(['key', 'certificate'])("Alipay's own SDK in %s mode", (mode) => {
  const login = async (): Promise<Fields> => ({
    grant_type: 'authorization_code',
    code: await program(mode).login('ann', ['auth_user']),
  });

  test('logs a person in, and checks the signature of the answer', async () => {
    const { data, responseHttpStatus } = await program(mode)
      .sdk()
      .curl<Fields>('POST', TOKEN, { body: await login() });
    expect(responseHttpStatus).toBe(200);
    expect(data).toMatchObject({ open_id: expect.any(String) as unknown, expires_in: 1_296_000 });
    expect(data).not.toHaveProperty('code');
  });

  test('speaks encrypted', async () => {
    const { data } = await program(mode)
      .sdk()
      .curl<Fields>('POST', TOKEN, { body: await login(), needEncrypt: true });
    expect(data).toHaveProperty('open_id');
  });

  test('reads a profile, whether the token comes in the query or in the body', async () => {
    const { data } = await program(mode)
      .sdk()
      .curl<Fields>('POST', TOKEN, { body: await login() });
    const auth_token = String(data.access_token);
    const inQuery = await program(mode).sdk().curl<Fields>('POST', SHARE, { query: { auth_token }, body: {} });
    const inBody = await program(mode).sdk().curl<Fields>('POST', SHARE, { body: { auth_token } });
    expect(inQuery.data).toMatchObject({ nick_name: 'ann', open_id: data.open_id });
    expect(inBody.data).toEqual(inQuery.data);
  });

  test('hears of a used code with its prefix, of a bad token without', async () => {
    const body = await login();
    await program(mode).sdk().curl('POST', TOKEN, { body });
    await expect(program(mode).sdk().curl('POST', TOKEN, { body })).rejects.toMatchObject({
      code: 'isv.code-invalid',
      responseHttpStatus: 400,
      links: [{ link: expect.any(String) as unknown, desc: expect.any(String) as unknown }],
    });
    await expect(
      program(mode)
        .sdk()
        .curl('POST', SHARE, { body: { auth_token: 'x' } }),
    ).rejects.toMatchObject({
      code: 'invalid-auth-token',
      responseHttpStatus: 401,
    });
  });

  test('is refused with another private key', async () => {
    const privateKey = program(mode === 'key' ? 'certificate' : 'key').credentials.appPrivateKey ?? '';
    const sdk = program(mode).sdk({ privateKey });
    await expect(sdk.curl('POST', TOKEN, { body: await login() })).rejects.toMatchObject({
      code: 'invalid-signature',
      responseHttpStatus: 401,
    });
  });

  test('notices a wrong signature and a new key', async () => {
    await program(mode).fault('wrong_signature');
    const badSignature = { code: 'response-signature-verify-error' };
    await expect(
      program(mode)
        .sdk()
        .curl('POST', TOKEN, { body: await login() }),
    ).rejects.toMatchObject(badSignature);
    await program(mode).fault('rotate_key');
    await expect(
      program(mode)
        .sdk()
        .curl('POST', TOKEN, { body: await login() }),
    ).rejects.toMatchObject(mode === 'key' ? badSignature : { code: 'response-alipay-sn-verify-error' });
    const { platformAppId } = program(mode);
    programs[mode] = await AlipayProgram.register(sandbox, {}, { platformAppId });
  });
});

/** A call that is put together by hand, so that any part can be wrong. */
interface Draft {
  nonce?: string;
  timestamp?: number | string;
  path?: string;
  method?: string;
  body?: string;
  /** What the signature is over instead of `body`. */
  signedBody?: string;
  headers?: Record<string, string>;
  authorization?: string;
}

async function send(draft: Draft = {}): Promise<{ status: number; code: unknown; headers: Headers; body: Fields }> {
  const { nonce = crypto.randomUUID(), timestamp = sandbox.now, path = TOKEN, method = 'POST' } = draft;
  const body = draft.body ?? JSON.stringify({ grant_type: 'authorization_code', code: await program().login('ann') });
  const parts = `app_id=${program().platformAppId},nonce=${nonce},timestamp=${timestamp}`;
  const merchant = draft.headers?.['alipay-app-auth-token'];
  const content = [parts, method, path, draft.signedBody ?? body, ...(merchant ? [merchant] : []), ''].join('\n');
  const sign = createSign('RSA-SHA256')
    .update(content)
    .sign(program().credentials.appPrivateKey ?? '', 'base64');
  const authorization = draft.authorization ?? `ALIPAY-SHA256withRSA ${parts},sign=${sign}`;
  const headers = { 'content-type': 'application/json', ...(authorization && { authorization }), ...draft.headers };
  const response = await fetch(`${sandbox.url}${path}`, { method, headers, ...(method === 'POST' && { body }) });
  const answer = (await response.json()) as Fields;
  return { status: response.status, code: answer.code, headers: response.headers, body: answer };
}

test('a call that is put together by hand succeeds', async () => {
  const { status, body, headers } = await send();
  expect({ status, openId: typeof body.open_id }).toEqual({ status: 200, openId: 'string' });
  expect(headers.get('alipay-signature')).toHaveLength(344);
});

test('a refusal is not signed', async () => {
  const { headers } = await send({ signedBody: 'x' });
  expect(headers.get('alipay-trace-id')).toMatch(/^[0-9a-f]{32}$/);
  expect(headers.get('alipay-signature')).toBeNull();
});

test.each<[string, Draft, number, string]>([
  ['without authorization', { authorization: '' }, 400, 'missing-timestamp'],
  ['with authorization of another kind', { authorization: 'Bearer x' }, 400, 'missing-timestamp'],
  ['without a time', { timestamp: '' }, 400, 'missing-timestamp'],
  ['with a time that is none', { timestamp: 'now' }, 400, 'illegal-timestamp'],
  ['over another body', { signedBody: '{}' }, 401, 'invalid-signature'],
  ['without a nonce', { nonce: '' }, 400, 'suspected-attack'],
  ['for an unknown method', { path: '/v3/alipay/system/oauth/tokens' }, 404, 'invalid-method'],
  ['for a method that v3 lacks', { path: '/v3/alipay/open/app/alipaycert/download' }, 404, 'invalid-method'],
  ['by GET', { method: 'GET', signedBody: '' }, 404, 'invalid-method'],
  ['with something else than JSON', { body: 'a=b' }, 400, 'illegal-json'],
  ['for another merchant', { headers: { 'alipay-app-auth-token': 'x' } }, 401, 'invalid-app-auth-token'],
  ['encrypted in another cipher', { headers: { 'alipay-encrypt-type': 'DES' } }, 400, 'invalid-encrypt-type'],
  ['encrypted with another key', { headers: { 'alipay-encrypt-type': 'AES' } }, 400, 'decryption-error-unknown'],
])('a call %s is refused', async (_, draft, status, code) => {
  expect(await send(draft)).toMatchObject({ status, code });
});

test('unknown apps, and missing certificates, are refused', async () => {
  const unknown = 'ALIPAY-SHA256withRSA app_id=1,nonce=n,timestamp=1,sign=x';
  expect(await send({ authorization: unknown })).toMatchObject({ status: 400, code: 'invalid-app-id' });
  const none = 'ALIPAY-SHA256withRSA nonce=n,timestamp=1,sign=x';
  expect(await send({ authorization: none })).toMatchObject({ status: 400, code: 'missing-app-id' });
  const app = `ALIPAY-SHA256withRSA app_id=${program('certificate').platformAppId},timestamp=1`;
  expect(await send({ authorization: `${app},sign=x` })).toMatchObject({ code: 'missing-app-cert-sn' });
  const certified = `${app},app_cert_sn=x,sign=x`;
  expect(await send({ authorization: certified })).toMatchObject({ code: 'missing-alipay-root-cert-sn' });
  const headers = { 'alipay-root-cert-sn': 'x' };
  expect(await send({ authorization: certified, headers })).toMatchObject({ code: 'app-cert-not-exist' });
});

test('a call may be ten minutes old, or early', async () => {
  for (const [age, status] of [
    [10 * MINUTE, 200],
    [-10 * MINUTE, 200],
    [10 * MINUTE + 1, 400],
    [-10 * MINUTE - 1, 400],
  ] as const)
    expect(await send({ timestamp: sandbox.now - age })).toMatchObject({ status });
});

test('a nonce counts once, as long as its time is good, but is not spent by a call that fails to prove itself', async () => {
  const draft = { nonce: 'once', timestamp: sandbox.now };
  expect(await send({ ...draft, signedBody: 'x' })).toMatchObject({ code: 'invalid-signature' });
  expect(await send(draft)).toMatchObject({ status: 200 });
  expect(await send(draft)).toMatchObject({ status: 400, code: 'suspected-attack' });
  sandbox.advance({ minutes: 10 });
  expect(await send(draft)).toMatchObject({ code: 'suspected-attack' });
});

test('faults come in the form of this protocol', async () => {
  await program().fault('busy', { match: { platform: 'alipay', path: 'alipay.system.oauth.token' } });
  expect(await send()).toMatchObject({ status: 500, code: 'unknow-error' });
  await program().fault('code', { code: 'isv.app-call-limited' });
  expect(await send()).toMatchObject({ status: 429, code: 'app-call-limited' });
  await program().fault('code', { code: 'isv.insufficient-isv-permissions' });
  expect(await send()).toMatchObject({ status: 403, code: 'insufficient-isv-permissions' });
});
