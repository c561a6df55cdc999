import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { PlatformAccount } from '../platform.js';
import { UndiciHttp } from '../undici-http.js';
import { encryptContent } from './alipay.cipher.js';
import { AlipayGateway } from './alipay.gateway.js';
import { AlipayKeyring } from './alipay.keyring.js';
import { requestBaseString, signRsa2, verifiedContent } from './alipay.signature.js';

// What the sandbox, which keeps the rules, would never answer.

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const base64 = (key: KeyObject, type: 'pkcs8' | 'spki') =>
  key.export({ format: 'der', type } as never).toString('base64');
const app = pair();
const alipay = pair();
const stranger = pair();
const aesKey = Buffer.alloc(16, 3);

const account: PlatformAccount = {
  appId: 'app_1',
  id: 'pac_1',
  platform: 'alipay',
  platformAppId: '2021000000000001',
  mode: 'test',
  credentials: {
    mode: 'key',
    appPrivateKey: base64(app.privateKey, 'pkcs8'),
    alipayPublicKey: base64(alipay.publicKey, 'spki'),
    aesKey: aesKey.toString('base64'),
  },
};
const call = { method: 'alipay.user.thing.get', bizContent: { id: '1' } };
const Thing = z.object({ thing: z.string() });

let answer: { status?: number; body: string | Buffer };
let request: { headers: IncomingMessage['headers']; url: string; params: Record<string, string> };
let server: Server;
let http: UndiciHttp;
let gateway: AlipayGateway;

beforeAll(async () => {
  server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const params = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
      request = { headers: incoming.headers, url: incoming.url ?? '', params };
      outgoing.writeHead(answer.status ?? 200, { 'content-type': 'text/html;charset=utf-8' }).end(answer.body);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  http = new UndiciHttp({ sandboxUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  gateway = new AlipayGateway(http, new AlipayKeyring());
});
afterAll(async () => {
  await http.close();
  await new Promise((closed) => server.close(closed));
});

const signed = (node: string, { key = alipay.privateKey, over = node, more = '' } = {}) =>
  `{"alipay_user_thing_get_response":${node}${more},"sign":"${signRsa2(over, key)}"}`;
const ask = (body: string | Buffer, status?: number) => {
  answer = { body, ...(status === undefined ? {} : { status }) };
  return gateway.call(account, call, Thing);
};
const success = '{"code":"10000","msg":"Success","thing":"https:\\/\\/a.cn\\/支付宝"}';

test('a call arrives as Alipay wants it, signed over what arrived', async () => {
  await expect(ask(signed(success))).resolves.toEqual({ thing: 'https://a.cn/支付宝' });
  expect(request.url).toBe('/gateway.do');
  expect(request.headers['content-type']).toBe('application/x-www-form-urlencoded;charset=utf-8');
  expect(request.params).toMatchObject({ method: call.method, biz_content: '{"id":"1"}' });
  const { sign, ...params } = request.params;
  expect(verifiedContent(Buffer.from(requestBaseString(params)), sign!, app.publicKey)).toBeDefined();
});

test('an encrypted answer is verified with its quotes, then decrypted', async () => {
  const node = JSON.stringify(encryptContent(success, aesKey));
  await expect(ask(signed(node))).resolves.toEqual({ thing: 'https://a.cn/支付宝' });
  await expect(ask(signed(node, { over: node.slice(1, -1) }))).rejects.toMatchObject({ problem: 'platform_answer_invalid' }); // prettier-ignore
  const other = JSON.stringify(encryptContent(success, Buffer.alloc(16, 4)));
  await expect(ask(signed(other))).rejects.toMatchObject({ problem: expect.stringMatching(/misconfigured|answer_invalid/) as string }); // prettier-ignore
});

test('what was signed before its slashes were escaped verifies too', async () => {
  await expect(ask(signed(success, { over: success.replaceAll('\\/', '/') }))).resolves.toMatchObject({ thing: 'https://a.cn/支付宝' }); // prettier-ignore
});

test('an answer with the signature of somebody else is refused, success or not', async () => {
  const key = stranger.privateKey;
  const refused = { problem: 'platform_answer_invalid', message: /alipayPublicKey: compare/ };
  await expect(ask(signed(success, { key }))).rejects.toMatchObject(refused);
  await expect(ask(signed('{"code":"40004","sub_code":"x"}', { key }))).rejects.toMatchObject(refused);
});

test('an answer that names a certificate where a key is configured tells of the wrong mode', async () => {
  const body = signed(success, { key: stranger.privateKey, more: `,"alipay_cert_sn":"${'a'.repeat(32)}"` });
  await expect(ask(body)).rejects.toMatchObject({ message: /certificate mode/ });
});

test('a success without a signature is refused; a refusal without one is believed', async () => {
  const bare = (node: string, name = 'alipay_user_thing_get_response') => `{"${name}":${node}}`;
  const refusal = '{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-app-id","sub_msg":"无效"}';
  const invalid = { problem: 'platform_answer_invalid', message: /without a signature/ };
  await expect(ask(bare(success))).rejects.toMatchObject(invalid);
  await expect(ask(bare('{"thing":"a"}'))).rejects.toMatchObject(invalid);
  const believed = { problem: 'platform_account_misconfigured', platformCode: 'isv.invalid-app-id' };
  await expect(ask(bare(refusal))).rejects.toMatchObject(believed);
  await expect(ask(bare(refusal, 'error_response'))).rejects.toMatchObject(believed);
});

test('a sub_code is a refusal even beside the code of success', async () => {
  await expect(ask(signed('{"code":"10000","sub_code":"isv.code-invalid","thing":"a"}'))).rejects.toMatchObject({ problem: 'login_code_invalid' }); // prettier-ignore
});

test('the log never gets the call that Alipay quotes when our signature is wrong', async () => {
  const node =
    '{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-signature","sub_msg":"code=still-good"}';
  const error = await ask(signed(node)).catch((refused: unknown) => refused);
  expect(error).toMatchObject({
    problem: 'platform_account_misconfigured',
    message: /is not the one of appPrivateKey/,
  });
  expect(String((error as Error).cause)).toContain('isv.invalid-signature');
  expect(String((error as Error).cause)).not.toContain('still-good');
});

test.each([
  ['an error of a proxy', 'Bad Gateway', 502, 'platform_busy'],
  ['too many requests', '', 429, 'platform_rate_limited'],
  ['a page', '<html></html>', 200, 'platform_answer_invalid'],
  ['a redirect', '', 302, 'platform_answer_invalid'],
  ['an empty body', '', 200, 'platform_answer_invalid'],
  [
    'bytes that are no UTF-8',
    Buffer.from('{"error_response":{"code":"1\xff"}}', 'latin1'),
    200,
    'platform_answer_invalid',
  ],
  ['JSON that is none', '{"error_response":{code}}', 200, 'platform_answer_invalid'],
  ['a node of another shape', signed('{"code":"10000","thing":1}'), 200, 'platform_answer_invalid'],
  ['a node that is no object', signed('"plain"'), 200, 'platform_account_misconfigured'],
])('%s becomes a problem', async (_, body, status, problem) => {
  const error = await ask(body, status).catch((refused: unknown) => refused);
  expect(error).toMatchObject({ problem });
  expect((error as Error).cause).toBeUndefined();
});

test('credentials that are none are a problem of the account, by the name of the field only', async () => {
  const broken = { ...account, credentials: { mode: 'key', appPrivateKey: 'c2VjcmV0', alipayPublicKey: 'x' } };
  const error = await gateway.call(broken, call, Thing).catch((refused: unknown) => refused);
  expect(error).toMatchObject({
    problem: 'platform_account_misconfigured',
    message: /appPrivateKey: .*alipayPublicKey: /,
  });
  expect((error as Error).message).not.toContain('c2VjcmV0');
});
