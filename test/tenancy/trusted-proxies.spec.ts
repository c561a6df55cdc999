import { randomBytes } from 'node:crypto';
import { LIMITS } from '../../src/tenancy/rate-limits.js';
import { aCode, anApp, ask, must, type LoggedIn, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

describe('the address of a caller', () => {
  let minibase: Minibase;
  let app: TestApp;
  beforeAll(async () => {
    minibase = await startMinibase();
    app = await anApp(minibase, ['wechat']);
  });
  afterAll(() => minibase.close());

  /** One server for each list of proxies; they end with the first. */
  const servers = new Map<string, Promise<{ url: string }>>();
  function behind(trustedProxies: readonly string[]): Promise<{ url: string }> {
    const list = trustedProxies.join();
    const server = servers.get(list) ?? minibase.another({ trustedProxies });
    servers.set(list, server);
    return server;
  }

  /** What the server takes for the address of who logs in with these headers: a session remembers it. */
  async function addressOf(trustedProxies: readonly string[], headers: Record<string, string>): Promise<unknown> {
    const server = await behind(trustedProxies);
    const body = { platform: 'wechat', code: await aCode(minibase, app, randomBytes(4).toString('hex')) };
    const over = { appId: app.appId, body, headers: { 'x-forwarded-for': '', ...headers } };
    const { accessToken: token } = await must<LoggedIn>(server.url, 'POST', '/v1/auth/login', over);
    const { data } = await must<{ data: { ip: string }[] }>(server.url, 'GET', '/v1/me/sessions', { token });
    return data[0]!.ip;
  }

  test.each([
    ['nobody is trusted', [], '203.0.113.7', '127.0.0.1'],
    ['another proxy is trusted', ['10.0.0.0/8'], '203.0.113.7', '127.0.0.1'],
    ['this proxy is trusted', ['127.0.0.1/32'], '203.0.113.7', '203.0.113.7'],
    ['it names an IPv6 address', ['127.0.0.1'], '2001:db8::7', '2001:db8::7'],
    ['the caller has invented the first of two', ['127.0.0.1/32'], '1.1.1.1, 203.0.113.7', '203.0.113.7'],
    ['two proxies are trusted', ['127.0.0.1/32', '10.0.0.0/8'], '203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['the middle one of three is not', ['127.0.0.1/32', '10.0.0.0/8'], '1.1.1.1, 203.0.113.7, 10.1.2.3', '203.0.113.7'],
  ])('when %s (%j says %s) is %s', async (_, trusted, forwarded, address) => {
    expect(await addressOf(trusted, { 'x-forwarded-for': forwarded })).toBe(address);
  });

  test('is not what other headers say', async () => {
    const headers = { 'x-real-ip': '1.1.1.1', forwarded: 'for=1.1.1.1', 'cf-connecting-ip': '1.1.1.1' };
    expect(await addressOf(['127.0.0.1/32'], { 'x-forwarded-for': '203.0.113.7', ...headers })).toBe('203.0.113.7');
  });

  test('cannot be invented to escape a limit', async () => {
    const server = await behind([]);
    const guess = (count: number) =>
      ask(server.url, 'POST', '/v1/auth/login', {
        appId: app.appId,
        ip: `198.51.100.${count}`,
        body: { platform: 'wechat', code: 'guess' },
      });
    const statuses: number[] = [];
    for (let count = 0; count <= LIMITS.refusedCodes.points; count++) statuses.push((await guess(count)).status);
    expect(statuses.slice(0, -1)).toEqual(Array(LIMITS.refusedCodes.points).fill(401));
    expect(statuses.at(-1)).toBe(429);
  });
});
