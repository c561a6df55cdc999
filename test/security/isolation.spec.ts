import { aLogin, anApp, ask, must, type Answer, type LoggedIn, type TestApp } from '../support/client.js';
import { untilEvent } from '../support/events.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { documentOf, operationsOf, type Operation } from '../console/support/document.js';
import { faultsOfProblem } from './support/problems.js';

/** One app with everything that an app can have. */
interface Shop {
  readonly app: TestApp;
  readonly keyId: string;
  readonly ming: LoggedIn;
  readonly sessionId: string;
}

describe('what belongs to one app', () => {
  let minibase: Minibase;
  let operations: Operation[];
  let ours: Shop;
  let theirs: Shop;
  /** Ids, names, numbers and tokens of the other app: none of them may show in an answer to us. */
  let marks: string[];

  beforeAll(async () => {
    minibase = await startMinibase();
    operations = operationsOf(await documentOf(minibase));
    ours = await aShop('Our name');
    theirs = await aShop('Their secret name');
    const { app, keyId, ming, sessionId } = theirs;
    const { id, platformAppId } = app.programs.wechat;
    marks = [
      app.appId,
      app.secretKey,
      keyId,
      id,
      platformAppId,
      ming.user.id,
      ming.identity.id,
      ming.identity.openid,
      sessionId,
      'Their secret name',
    ];
  });
  afterAll(() => minibase.close());

  async function aShop(nickname: string): Promise<Shop> {
    const app = await anApp(minibase, ['wechat']);
    const ming = await aLogin(minibase, app, 'ming');
    await must(minibase.url, 'PATCH', '/v1/me', { token: ming.accessToken, body: { nickname } });
    const { data: keys } = await must<{ data: { id: string }[] }>(minibase.url, 'GET', `/v1/apps/${app.appId}/keys`, {
      token: minibase.operatorToken,
    });
    const { data: sessions } = await must<{ data: { id: string }[] }>(minibase.url, 'GET', '/v1/me/sessions', {
      token: ming.accessToken,
    });
    await untilEvent(minibase, app.secretKey, 'user.updated');
    return { app, keyId: keys[0]!.id, ming, sessionId: sessions[0]!.id };
  }

  /** The path of an operation with real ids of that shop. */
  function pathWith({ app, keyId, ming, sessionId }: Shop, { path }: Operation): string {
    const ids: Readonly<Record<string, string>> = {
      apps: app.appId,
      keys: keyId,
      'platform-accounts': app.programs.wechat.id,
      users: ming.user.id,
      identities: ming.identity.id,
      sessions: sessionId,
    };
    return path.replace(/([^/]+)\/\{\w+\}/g, (_, noun: string) => {
      const id = ids[noun];
      if (!id) throw new Error(`no ${noun} in the shop: add one, so that ${path} is tried`);
      return `${noun}/${id}`;
    });
  }
  const exampleOf = ({ requestBody }: Operation): unknown =>
    Object.values(requestBody?.content?.['application/json']?.examples ?? {})[0]?.value;
  const call = (operation: Operation, shop: Shop, over: object): Promise<Answer> =>
    ask(minibase.url, operation.method, pathWith(shop, operation), { body: exampleOf(operation), ...over });
  const named = ({ method, path }: Operation): string => `${method} ${path}`;
  const of = (scheme: string | undefined) => operations.filter((operation) => operation.scheme === scheme);
  const leaks = (answer: Answer): string[] =>
    marks.filter((mark) => (JSON.stringify(answer.body) + JSON.stringify([...answer.headers])).includes(mark));
  const credentials = (shop: Shop): Record<string, string> => ({
    operator: minibase.operatorToken,
    secretKey: shop.app.secretKey,
    user: shop.ming.accessToken,
  });

  test('is not found with the secret key or the token of another app, on any route', async () => {
    const seen: string[] = [];
    for (const scheme of ['secretKey', 'user']) {
      const token = credentials(ours)[scheme]!;
      for (const operation of of(scheme).filter(({ path }) => path.includes('{'))) {
        const answer = await call(operation, theirs, { token });
        const { code } = answer.body as { code?: string };
        const echoed = pathWith(theirs, operation).split('/');
        expect([named(operation), answer.status, code]).toEqual([
          named(operation),
          404,
          expect.stringMatching(/_not_found$/),
        ]);
        // The refusal may name the id that was asked for, and nothing else of theirs.
        expect([named(operation), leaks(answer).filter((mark) => !echoed.includes(mark))]).toEqual([
          named(operation),
          [],
        ]);
        seen.push(operation.operationId);
      }
    }
    expect(seen).toEqual(
      expect.arrayContaining([
        'getPlatformAccount',
        'getUser',
        'mergeUser',
        'eraseUser',
        'revokeMySession',
        'unlinkMyIdentity',
      ]),
    );
  });

  test('is in no list, no export and no answer to anything else of another app', async () => {
    for (const scheme of ['secretKey', 'user']) {
      const token = credentials(ours)[scheme]!;
      for (const operation of of(scheme).filter(({ method, path }) => method === 'GET' && !path.includes('{'))) {
        const answer = await call(operation, ours, { token });
        expect([named(operation), answer.status, leaks(answer)]).toEqual([named(operation), 200, []]);
      }
    }
  });

  test('cannot be reached through a body either', async () => {
    const token = ours.app.secretKey;
    const path = `/v1/users/${ours.ming.user.id}/merge`;
    const merge = await ask(minibase.url, 'POST', path, { token, body: { into: theirs.ming.user.id } });
    expect(merge).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
    const platformAppId = theirs.app.programs.wechat.platformAppId;
    const login = await ask(minibase.url, 'POST', '/v1/auth/login', {
      appId: ours.app.appId,
      body: { platform: 'wechat', platformAppId, code: 'x' },
    });
    expect(login).toMatchObject({ status: 422, body: { code: 'platform_account_missing' } });
  });

  test('stays as it was, whatever others tried', async () => {
    const me = await must(minibase.url, 'GET', '/v1/me', { token: theirs.ming.accessToken });
    expect(me).toMatchObject({ id: theirs.ming.user.id, status: 'active', nickname: 'Their secret name' });
    const account = await must(minibase.url, 'GET', `/v1/platform-accounts/${theirs.app.programs.wechat.id}`, {
      token: theirs.app.secretKey,
    });
    expect(account).toMatchObject({ status: 'active' });
  });

  test('every operation is closed without a credential, and with each that is not its own', async () => {
    const closed = operations.filter(({ scheme }) => scheme !== undefined && scheme !== 'appId');
    for (const operation of closed) {
      const tokens = Object.entries(credentials(ours)).filter(([scheme]) => scheme !== operation.scheme);
      const tries = [
        {},
        { token: '' },
        { token: 'x' },
        { appId: ours.app.appId },
        ...tokens.map(([, token]) => ({ token })),
      ];
      for (const over of tries) {
        const answer = await call(operation, ours, over);
        const { code } = answer.body as { code?: string };
        expect([named(operation), answer.status, code]).toEqual([
          named(operation),
          401,
          expect.stringMatching(/^(unauthenticated|token_invalid)$/),
        ]);
        const type = answer.headers.get('content-type');
        expect(faultsOfProblem(answer.status, type, JSON.stringify(answer.body))).toEqual([]);
      }
    }
    expect(closed.length).toBeGreaterThan(25);
  });

  test('the app in X-App-Id opens the login and nothing else', async () => {
    expect(of('appId').map(({ operationId }) => operationId)).toEqual(['login']);
    for (const appId of ['', 'app_x', 'app_019a6b0c4d5e7f00a1b2c3d4e5f60718', `${ours.app.appId}x`]) {
      const answer = await ask(minibase.url, 'POST', '/v1/auth/login', {
        appId,
        body: { platform: 'wechat', code: 'x' },
      });
      expect([400, 404]).toContain(answer.status);
    }
  });

  test('a token of one app does not become one of another by naming that', async () => {
    const over = { token: ours.ming.accessToken, appId: theirs.app.appId };
    const me = await must(minibase.url, 'GET', '/v1/me', over);
    expect(me).toMatchObject({ id: ours.ming.user.id });
    const foreign = ours.ming.refreshToken.replace(/[0-9a-f]{32}/, theirs.app.appId.slice(4));
    const refreshed = await ask(minibase.url, 'POST', '/v1/auth/refresh', { body: { refreshToken: foreign } });
    expect(refreshed).toMatchObject({ status: 401, body: { code: 'refresh_token_invalid' } });
  });
});
