import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DouyinApi } from '../../src/platforms/douyin/api.js';
import { exchangeCodes } from '../../src/platforms/douyin/login.js';
import { clientToken } from '../../src/platforms/douyin/tokens.js';
import type { PlatformAccount } from '../../src/platforms/platform.js';
import { UndiciHttp } from '../../src/platforms/undici-http.js';
import { WechatApi } from '../../src/platforms/wechat/api.js';
import { exchangeCode } from '../../src/platforms/wechat/login.js';
import { stableToken } from '../../src/platforms/wechat/token.js';
import { problemOf } from './bench.js';

/** What the platforms are known to answer, or to insist on, beside what the sandbox plays. */

interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let server: Server;
let http: UndiciHttp;
let arrived: Arrived[];
let answer: unknown;

beforeAll(async () => {
  server = createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      const { method = '', url = '', headers } = request;
      arrived.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  http = new UndiciHttp({ sandboxUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
afterAll(async () => {
  await http.close();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  arrived = [];
});

const accountOn = (platform: 'wechat' | 'douyin', platformAppId: string): PlatformAccount => ({
  appId: 'app_1',
  id: 'pac_1',
  platform,
  platformAppId,
  mode: 'test',
  credentials: { secret: 's+c&ret' },
});

describe('WeChat', () => {
  const account = accountOn('wechat', 'wx0123456789abcdef');
  const login = () => exchangeCode(new WechatApi(http), account, { code: 'a+b' });

  test('is asked with GET and encoded values', async () => {
    answer = { openid: 'o1', session_key: 'k' };
    await login();
    expect(arrived).toMatchObject([
      {
        method: 'GET',
        url: '/sns/jscode2session?appid=wx0123456789abcdef&secret=s%2Bc%26ret&js_code=a%2Bb&grant_type=authorization_code',
        body: '',
      },
    ]);
  });

  test('may answer a success with errcode 0, as a number or as text, and with empty fields', async () => {
    for (const errcode of [0, '0']) {
      answer = { errcode, errmsg: 'ok', openid: 'o1', session_key: 'k', unionid: '' };
      expect(await login()).toEqual({ openid: 'o1', sessionKey: 'k' });
    }
  });

  test.each([{}, { openid: '' }, { openid: 7 }, [], null, 'text', { errcode: {} }])(
    'cannot mean %j as a login',
    async (body) => {
      answer = body;
      expect((await problemOf(login())).code).toBe('platform_answer_invalid');
    },
  );

  test('is asked for a stable token as JSON, never by force', async () => {
    answer = { access_token: 't', expires_in: 7_200 };
    expect(await stableToken(new WechatApi(http)).fetch(account)).toEqual({ token: 't', expiresInSeconds: 7_200 });
    expect(arrived[0]).toMatchObject({ method: 'POST', url: '/cgi-bin/stable_token' });
    expect(JSON.parse(arrived[0]!.body)).toEqual({
      grant_type: 'client_credential',
      appid: 'wx0123456789abcdef',
      secret: 's+c&ret',
      force_refresh: false,
    });
  });
});

describe('Douyin', () => {
  const account = accountOn('douyin', 'tt0123456789abcdef');
  const login = () => exchangeCodes(new DouyinApi(http), account, { code: 'c' });

  test('gets exactly application/json, and no field for a code that there is not', async () => {
    answer = { err_no: 0, err_tips: 'success', data: { openid: 'o1', session_key: 'k', anonymous_openid: '' } };
    expect(await login()).toEqual({ openid: 'o1', sessionKey: 'k' });
    expect(arrived[0]).toMatchObject({ method: 'POST', url: '/api/apps/v2/jscode2session' });
    expect(arrived[0]?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(arrived[0]!.body)).toEqual({ appid: 'tt0123456789abcdef', secret: 's+c&ret', code: 'c' });
  });

  test.each([
    ['err_no as text', { err_no: '40018', err_tips: 'bad code' }],
    ['the gateway’s form', { data: { error_code: 40018, description: 'bad code' }, extra: { error_code: 40018 } }],
    ['a code only in extra', { data: { error_code: 0 }, extra: { error_code: 40018, description: 'bad code' } }],
  ])('may refuse in other families’ forms: %s', async (_, body) => {
    answer = body;
    const error = await problemOf(login());
    expect(error).toMatchObject({ code: 'login_code_invalid', platformCode: '40018' });
    expect((error.cause as Error).message).toContain('bad code');
  });

  test.each([{}, { err_no: 0 }, { err_no: 0, data: {} }, { err_no: 0, data: 'x' }, null, { data: {} }])(
    'cannot mean %j as a login',
    async (body) => {
      answer = body;
      expect((await problemOf(login())).code).toBe('platform_answer_invalid');
    },
  );

  test('keeps its two worlds of names: the client token knows keys, not app ids', async () => {
    answer = { message: 'success', data: { access_token: 'clt.1', expires_in: 7_200, error_code: 0, description: '' } };
    expect(await clientToken(new DouyinApi(http)).fetch(account)).toEqual({ token: 'clt.1', expiresInSeconds: 7_200 });
    expect(arrived[0]?.url).toBe('/oauth/client_token/');
    expect(JSON.parse(arrived[0]!.body)).toEqual({
      client_key: 'tt0123456789abcdef',
      client_secret: 's+c&ret',
      grant_type: 'client_credential',
    });
  });
});
