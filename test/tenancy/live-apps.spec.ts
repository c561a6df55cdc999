import dns from 'node:dns';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { ask, must } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { accountsOf } from './support/accounts.js';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const { publicKey: theirKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: KeyObject) =>
  key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }) as string;

/** What a developer who goes live types in. None of it exists. */
const LIVE = {
  wechat: { platformAppId: 'wx00000000000000aa', credentials: { secret: 'f'.repeat(32) } },
  alipay: {
    platformAppId: '2021000000000001',
    credentials: { mode: 'key', appPrivateKey: pem(privateKey), alipayPublicKey: pem(theirKey) },
  },
  douyin: { platformAppId: 'tt00000000000000aa', credentials: { secret: 'f'.repeat(40) } },
} as const;
const HOSTS = {
  wechat: 'api.weixin.qq.com',
  alipay: 'openapi.alipay.com',
  douyin: 'developer.toutiao.com',
};
type Platform = keyof typeof LIVE;

describe('a live app', () => {
  let minibase: Minibase;
  let appId: string;
  let secretKey: string;
  const lookedUp: string[] = [];
  const { lookup } = dns;

  beforeAll(async () => {
    minibase = await startMinibase();
    const operator = { token: minibase.operatorToken };
    const app = await must<{ id: string }>(minibase.url, 'POST', '/v1/apps', {
      ...operator,
      body: { name: 'Live', mode: 'live' },
    });
    const key = await must<{ secret: string }>(minibase.url, 'POST', `/v1/apps/${app.id}/keys`, {
      ...operator,
      body: { name: 'x' },
    });
    [appId, secretKey] = [app.id, key.secret];
    // The one place where a test must not go on: the real platforms. Their names are noted and lead nowhere.
    dns.lookup = ((host: string, _: unknown, callback: (error: Error) => void) => {
      lookedUp.push(host);
      callback(Object.assign(new Error(`no address for ${host}`), { code: 'ENOTFOUND' }));
    }) as typeof lookup;
  });
  afterAll(async () => {
    dns.lookup = lookup;
    await minibase.close();
  });

  const accounts = () => accountsOf(minibase, secretKey);
  const sandboxCalls = async () => (await must<{ total: number }>(minibase.sandboxUrl, 'GET', '/_/calls')).total;

  test.each(Object.keys(LIVE) as Platform[])(
    'on %s gives its id and all credentials, or is refused',
    async (platform) => {
      for (const body of [
        {},
        { platformAppId: LIVE[platform].platformAppId },
        { credentials: LIVE[platform].credentials },
      ]) {
        const answer = await accounts().create({ platform, ...body });
        expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
      }
      expect(await accounts().list()).toEqual([]);
    },
  );

  test.each(Object.keys(LIVE) as Platform[])(
    'on %s calls the platform itself and never the sandbox',
    async (platform) => {
      const account = await accounts().made({ platform, ...LIVE[platform] });
      lookedUp.length = 0;
      const login = await ask(minibase.url, 'POST', '/v1/auth/login', { appId, body: { platform, code: 'a-code' } });
      expect(login).toMatchObject({ status: 503, body: { code: 'platform_busy', platformAccountId: account.id } });
      const { ok, checks } = await accounts().verify(account.id);
      expect(ok).toBe(false);
      expect(checks.some((check) => !check.ok && /could not be reached/.test(check.detail))).toBe(true);
      expect(new Set(lookedUp)).toContain(HOSTS[platform]);
      expect(lookedUp.filter((host) => !/\.(qq|alipay|toutiao|douyin)\.com$/.test(host))).toEqual([]);
      await accounts().patch(account.id, { credentials: LIVE[platform].credentials });
      expect(await sandboxCalls()).toBe(0);
      await accounts().remove(account.id);
    },
  );

  test('is not known to the sandbox, not even by its mini-program', async () => {
    const { id, platformAppId } = await accounts().made({ platform: 'wechat', ...LIVE.wechat });
    const asked = await ask(minibase.sandboxUrl, 'POST', '/_/login', {
      body: { platform: 'wechat', platformAppId, user: 'ming' },
    });
    expect(asked).toMatchObject({ status: 404, body: { error: 'account_unknown' } });
    await accounts().remove(id);
  });
});
