import { must } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

interface Capability {
  platform: string;
  capabilities: Record<string, boolean>;
  credentials: { properties?: Record<string, unknown>; oneOf?: unknown[]; anyOf?: unknown[] };
  secretFields: string[];
  merchantCredentials: Capability['credentials'];
  merchantSecretFields: string[];
  paymentSettings: Capability['credentials'];
  requiredPaymentSettings: string[];
}

describe('every answer', () => {
  let minibase: Minibase;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  afterAll(() => minibase.close());

  const paths = ['/health/live', '/v1/nothing', '/v1/me', '/openapi.json', '/metrics', '/v1/users/%ff'];

  test.each(paths)('of %s names the request as the caller did, or else by itself', async (path) => {
    const headers = { 'x-request-id': 'my-request.0001' };
    expect((await fetch(minibase.url + path, { headers })).headers.get('x-request-id')).toBe('my-request.0001');
    const own = await Promise.all(
      [1, 2].map(async () => (await fetch(minibase.url + path)).headers.get('x-request-id')),
    );
    expect(own[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(own[0]).not.toBe(own[1]);
  });

  test.each(['short', 'x'.repeat(65), 'with blank', 'semi;colon'])(
    'takes no name like "%s" for a request',
    async (given) => {
      const { headers } = await fetch(`${minibase.url}/health/live`, { headers: { 'x-request-id': given } });
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    },
  );

  test.each(['/health/live', '/v1/nothing', '/v1/me'])(
    'of %s is not to be guessed at, kept, or traced to a make',
    async (path) => {
      const { headers } = await fetch(minibase.url + path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.has('x-powered-by') || headers.has('server')).toBe(false);
    },
  );

  test('of the key set may be kept for a while', async () => {
    const { headers } = await fetch(`${minibase.url}/.well-known/jwks.json`);
    expect(headers.get('cache-control')).toBe('public, max-age=300');
  });

  test('to HEAD is that to GET without a body', async () => {
    const answer = await fetch(`${minibase.url}/health/live`, { method: 'HEAD' });
    expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 200, text: '' });
  });
});

describe('the capabilities', () => {
  let minibase: Minibase;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  afterAll(() => minibase.close());

  test('say what works where, to anybody', async () => {
    const { data } = await must<{ data: Capability[] }>(minibase.url, 'GET', '/v1/capabilities');
    expect(Object.fromEntries(data.map(({ platform, capabilities }) => [platform, capabilities]))).toEqual({
      wechat: { login: true, message: true, pay: true, phone: true, profile: true, recurring: true, verify: true },
      alipay: { login: true, message: true, pay: true, phone: true, profile: false, recurring: true, verify: true },
      douyin: { login: true, message: true, pay: true, phone: true, profile: true, recurring: true, verify: true },
    });
  });

  test('tell the credentials of each platform as JSON Schema, and which of them are secret', async () => {
    const { data } = await must<{ data: Capability[] }>(minibase.url, 'GET', '/v1/capabilities');
    for (const { credentials, secretFields } of data) {
      expect(secretFields.length).toBeGreaterThan(0);
      const text = JSON.stringify(credentials);
      for (const field of secretFields) expect(text).toContain(`"${field}"`);
      expect(text).toContain('"description"');
    }
  });

  test('tell the same of merchants, and which settings a payment must have', async () => {
    const { data } = await must<{ data: Capability[] }>(minibase.url, 'GET', '/v1/capabilities');
    const required = Object.fromEntries(data.map((one) => [one.platform, one.requiredPaymentSettings]));
    expect(required).toEqual({ wechat: [], alipay: [], douyin: ['goodsType', 'tagGroupId', 'imageList', 'orderPath'] });
    for (const { platform, merchantCredentials, merchantSecretFields, paymentSettings } of data) {
      // Alipay and Douyin sign with the keys of the mini-program.
      expect([platform, merchantSecretFields.length > 0]).toEqual([platform, platform === 'wechat']);
      const known = JSON.stringify(merchantCredentials);
      for (const field of merchantSecretFields) expect(known).toContain(`"${field}"`);
      for (const field of required[platform]!) expect(paymentSettings.properties).toHaveProperty(field);
    }
  });
});
