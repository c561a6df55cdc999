import { randomUUID } from 'node:crypto';
import { PLATFORMS, Shop } from '../payments/support/shop.js';
import { aCode, aLogin, anApp, aProgram, ask, must, sandbox, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { consentWrites } from './support/consent-writes.js';
import { notificationWrites } from './support/notification-writes.js';
import { paymentWrites, type Sample, type Write } from './support/payment-writes.js';
import { subscriptionWrites } from './support/subscription-writes.js';
import { templateWrites } from './support/template-writes.js';
import { webhookWrites } from './support/webhook-writes.js';

describe('a write with an Idempotency-Key', () => {
  let minibase: Minibase;
  let app: TestApp;
  let shop: Promise<Shop> | undefined;
  beforeAll(async () => {
    minibase = await startMinibase();
    app = await anApp(minibase, ['wechat']);
  });
  afterAll(() => minibase.close());

  const send = ({ method, path, ...over }: Write, key: string) =>
    ask<Record<string, unknown>>(minibase.url, method, path, { ...over, key });
  const operator = (method: string, path: string, body?: unknown): Write => ({
    method,
    path,
    body,
    token: minibase.operatorToken,
  });
  const server = (method: string, path: string, body?: unknown): Write => ({
    method,
    path,
    body,
    token: app.secretKey,
  });
  const aUser = () => aLogin(minibase, app, `user-${randomUUID()}`);
  const aGameCode = async (user: string) => {
    const { platformAppId, id } = await aProgram(minibase, app.secretKey, 'wechat');
    const { code } = await sandbox<{ code: string }>(minibase, 'login', { platform: 'wechat', platformAppId, user });
    return { platformAppId, id, code };
  };
  /** Another mini-program would make the next login ambiguous. */
  const retire = (id: string) => must(minibase.url, 'DELETE', `/v1/platform-accounts/${id}`, { token: app.secretKey });

  const sold = paymentWrites(
    () => minibase,
    () => (shop ??= Shop.open(minibase, PLATFORMS)),
  );
  /** A first request of every kind. */
  const WRITES: Readonly<Record<string, () => Promise<Sample>>> = {
    ...sold,
    ...templateWrites(() => minibase),
    ...webhookWrites(() => minibase),
    ...consentWrites(() => minibase),
    ...notificationWrites(() => minibase),
    ...subscriptionWrites(() => minibase),
    createApp: async () => ({
      write: operator('POST', '/v1/apps', { name: 'Shop', mode: 'test' }),
      otherBody: { name: 'Another', mode: 'test' },
    }),
    updateApp: async () => ({
      write: operator('PATCH', `/v1/apps/${(await anApp(minibase, [])).appId}`, { name: 'Renamed' }),
      otherBody: { name: 'Renamed otherwise' },
    }),
    createApiKey: async () => ({
      write: operator('POST', `/v1/apps/${app.appId}/keys`, { name: 'server' }),
      otherBody: { name: 'other' },
    }),
    revokeApiKey: async () => {
      const path = `/v1/apps/${app.appId}/keys`;
      const { id } = await must<{ id: string }>(minibase.url, 'POST', path, { ...operator('', '', { name: 'x' }) });
      return { write: operator('DELETE', `${path}/${id}`) };
    },
    createPlatformAccount: async () => {
      const shop = await anApp(minibase, []);
      return {
        write: { ...server('POST', '/v1/platform-accounts', { platform: 'wechat' }), token: shop.secretKey },
        otherBody: { platform: 'wechat', name: 'other' },
      };
    },
    updatePlatformAccount: async () => ({
      write: server('PATCH', `/v1/platform-accounts/${app.programs.wechat.id}`, { name: 'Renamed' }),
      otherBody: { name: 'Renamed otherwise' },
    }),
    deletePlatformAccount: async () => {
      const { id } = await aProgram(minibase, app.secretKey, 'wechat');
      return { write: server('DELETE', `/v1/platform-accounts/${id}`) };
    },
    updateUser: async () => ({
      write: server('PATCH', `/v1/users/${(await aUser()).user.id}`, { metadata: { vip: 'gold' } }),
      otherBody: { metadata: { vip: 'no' } },
    }),
    mergeUser: async () => {
      const [from, into, third] = [await aUser(), await aUser(), await aUser()];
      return {
        write: server('POST', `/v1/users/${from.user.id}/merge`, { into: into.user.id }),
        otherBody: { into: third.user.id },
      };
    },
    eraseUser: async () => ({ write: server('DELETE', `/v1/users/${(await aUser()).user.id}`) }),
    login: async () => ({
      write: {
        method: 'POST',
        path: '/v1/auth/login',
        appId: app.appId,
        body: { platform: 'wechat', code: await aCode(minibase, app, 'ming') },
      },
      otherBody: { platform: 'wechat', code: 'other' },
    }),
    updateMe: async () => ({
      write: { method: 'PATCH', path: '/v1/me', token: (await aUser()).accessToken, body: { nickname: 'Ming' } },
      otherBody: { nickname: 'Hong' },
    }),
    putMe: async () => ({
      write: { method: 'PUT', path: '/v1/me', token: (await aUser()).accessToken, body: { nickname: 'Ming' } },
      otherBody: { nickname: 'Hong' },
    }),
    setMyPhone: async () => {
      const user = `user-${randomUUID()}`;
      const { accessToken: token } = await aLogin(minibase, app, user);
      const { platformAppId } = app.programs.wechat;
      const { code } = await sandbox<{ code: string }>(minibase, 'phone', {
        platform: 'wechat',
        platformAppId,
        user,
        form: 'code',
      });
      return {
        write: { method: 'POST', path: '/v1/me/phone', token, body: { platform: 'wechat', code } },
        otherBody: { platform: 'wechat', code: 'other' },
      };
    },
    linkMyIdentity: async () => {
      const { accessToken: token } = await aUser();
      const { code, platformAppId, id } = await aGameCode(`friend-${randomUUID()}`);
      retired.push(id);
      return {
        write: { method: 'POST', path: '/v1/me/identities', token, body: { platform: 'wechat', platformAppId, code } },
        otherBody: { platform: 'wechat', platformAppId, code: 'other' },
      };
    },
  };
  const retired: string[] = [];
  afterEach(async () => {
    for (const id of retired.splice(0)) await retire(id);
  });

  test.each(Object.keys(WRITES))('%s acts once, and answers the repeat as the first', async (name) => {
    const { write, lasting = (body) => body } = await WRITES[name]!();
    const key = randomUUID();
    const first = await send(write, key);
    expect({ status: first.status, problem: first.body['code'] }).toMatchObject({ problem: undefined });
    expect(first.headers.has('idempotent-replayed')).toBe(false);
    for (const again of [await send(write, key), await send(write, key)]) {
      expect([again.status, lasting(again.body)]).toEqual([first.status, lasting(first.body)]);
      expect(again.headers.get('idempotent-replayed')).toBe('true');
    }
  });

  test.each(Object.keys(WRITES))('%s with the key of another request is refused', async (name) => {
    const { write, otherBody } = await WRITES[name]!();
    const key = randomUUID();
    expect((await send(write, key)).status).toBeLessThan(300);
    const others = [{ ...write, path: `${write.path}?x=1` }];
    if (otherBody) others.push({ ...write, body: otherBody });
    for (const other of others) {
      expect(await send(other, key)).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    }
  });

  test.each([
    'createApp',
    'createApiKey',
    'createPlatformAccount',
    'updateUser',
    'login',
    'createPayment',
    'createProduct',
  ])('fifty %s at once act once; the others get the same answer or are told to wait', async (name) => {
    const { write } = await WRITES[name]!();
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(write, key)));
    const done = answers.filter(({ status }) => status < 300);
    const waiting = answers.filter(({ status }) => status >= 300);
    expect(done.length).toBeGreaterThanOrEqual(1);
    expect(new Set(done.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(done.filter(({ headers }) => !headers.has('idempotent-replayed'))).toHaveLength(1);
    for (const { status, body, headers } of waiting) {
      expect({ status, code: body['code'] }).toEqual({ status: 409, code: 'idempotency_in_progress' });
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await send(write, key)).body).toEqual(done[0]!.body);
  });

  test('a repeat of a new mini-program leaves only one at the sandbox too', async () => {
    const { write } = await WRITES['createPlatformAccount']!();
    const key = randomUUID();
    const { body } = await send(write, key);
    const away = await minibase.another({ sandboxUrl: 'http://127.0.0.1:9' });
    const again = await ask(away.url, write.method, write.path, { ...write, key });
    expect(again).toMatchObject({ status: 201, body });
    await away.close();
  });

  test('the table above holds every write, except those that are their own repeat', async () => {
    const document = await must<{ paths: Record<string, Record<string, { operationId: string }>> }>(
      minibase.url,
      'GET',
      '/openapi.json',
    );
    const writes = Object.values(document.paths).flatMap((item) =>
      Object.entries(item)
        .filter(([method]) => method !== 'get')
        .map(([, { operationId }]) => operationId),
    );
    // Tokens have a rule of their own, ending and trying something may be done twice, and the rest is in test/auth.
    const elsewhere = [
      'refreshTokens',
      'logout',
      'verifyPlatformAccount',
      'verifyMerchantAccount',
      'refreshPayment',
      'previewMessage',
      'previewInvoice',
      'previewMyInvoice',
      'refreshMyPayment',
      'eraseMe',
      'setMyProfile',
      'unlinkMyIdentity',
      'revokeMySession',
      'revokeMyOtherSessions',
    ];
    expect(writes.filter((id) => !elsewhere.includes(id)).sort()).toEqual(Object.keys(WRITES).sort());
  });
});
