import { examine } from '../../src/cli/doctor.js';
import { documentOf, operationsOf, type Operation } from '../console/support/document.js';
import { aLogin, ask, must, type Answer } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { type Belongings, everything, exampleOf, marksOf, named, pathWith } from './support/belongings.js';
import { faultsOfProblem } from './support/problems.js';

describe('what belongs to one app', () => {
  let minibase: Minibase;
  let operations: Operation[];
  let ours: Belongings;
  let theirs: Belongings;
  /** None of them may show in an answer to us. */
  let marks: string[];

  beforeAll(async () => {
    minibase = await startMinibase();
    operations = operationsOf(await documentOf(minibase));
    ours = await everything(minibase, 'Our name');
    theirs = await everything(minibase, 'Their secret name');
    marks = [...marksOf(theirs), 'Their secret name'];
    expect(marks.every((mark) => typeof mark === 'string' && mark.length > 6)).toBe(true);
  });
  afterAll(() => minibase.close());

  const call = (operation: Operation, shop: Belongings, over: object): Promise<Answer> =>
    ask(minibase.url, operation.method, pathWith(shop, operation), { body: exampleOf(operation), ...over });
  const of = (scheme: string | undefined) => operations.filter((operation) => operation.scheme === scheme);
  const leaks = ({ body, headers }: Answer): string[] => {
    const text = JSON.stringify(body) + JSON.stringify([...headers]);
    return marks.filter((mark) => text.includes(mark));
  };
  const credentials = ({ shop }: Belongings): Record<string, string> => ({
    operator: minibase.operatorToken,
    secretKey: shop.app.secretKey,
    user: shop.login.accessToken,
  });

  test('is not found with the secret key or the token of another app, on any route', async () => {
    let tried = 0;
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
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(30);
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

  test('of one user of an app is not found with the token of another, on any route', async () => {
    const { accessToken: token } = await aLogin(minibase, ours.shop.app, 'hong');
    const own = of('user').filter(({ path }) => path.includes('{'));
    expect(own.length).toBeGreaterThan(5);
    for (const operation of own) {
      const answer = await call(operation, ours, { token });
      expect([named(operation), answer.status, answer.body['code']]).toEqual([
        named(operation),
        404,
        expect.stringMatching(/_not_found$/),
      ]);
    }
    for (const operation of own.filter(({ path }) => path.includes('/payments/'))) {
      const path = operation.path.replace('{id}', ours.paid.id);
      const answer = await ask(minibase.url, operation.method, path, { token, body: exampleOf(operation) });
      expect([path, answer.status, answer.body['code']]).toEqual([path, 404, 'payment_not_found']);
    }
    expect(await ours.shop.read(ours.open.id)).toMatchObject({ status: 'pending', closingSince: null });
    expect((await ours.shop.mine('GET', '/v1/me')).status).toBe(200);
  });

  test('of one user of an app is in no list, no export and no answer to another user', async () => {
    const { accessToken: token } = await aLogin(minibase, ours.shop.app, 'hong');
    const { login, person } = ours.shop;
    const { subscriptionId, invoiceId, mandateId, contract, grantId } = ours.recurring;
    const marksOfMing = [
      ...[login.user.id, login.identity.id, login.identity.openid, ours.sessionId, person],
      ...[ours.open.id, ours.paid.id, ours.paid.reference!],
      ...[subscriptionId, invoiceId, mandateId, ...contract, grantId],
    ];
    for (const operation of of('user').filter(({ method, path }) => method === 'GET' && !path.includes('{'))) {
      const answer = await call(operation, ours, { token });
      const text = JSON.stringify(answer.body);
      const found = marksOfMing.filter((mark) => text.includes(mark));
      expect([named(operation), answer.status, found]).toEqual([named(operation), 200, []]);
    }
    const { body } = await ask(minibase.url, 'GET', '/v1/me/payments', { token });
    expect(body).toEqual({ data: [], nextCursor: null });
    const pried = await ask(minibase.url, 'GET', `/v1/me/payments?userId=${login.user.id}`, { token });
    expect(pried).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });

  test('stays as it was, whatever others tried', async () => {
    const me = await must(minibase.url, 'GET', '/v1/me', { token: theirs.shop.login.accessToken });
    expect(me).toMatchObject({ id: theirs.shop.login.user.id, status: 'active', nickname: 'Their secret name' });
    const account = await must(minibase.url, 'GET', `/v1/platform-accounts/${theirs.shop.app.programs.wechat.id}`, {
      token: theirs.shop.app.secretKey,
    });
    expect(account).toMatchObject({ status: 'active' });
    expect(await theirs.shop.read(theirs.open.id)).toMatchObject({ status: 'pending', closingSince: null });
    expect(await theirs.shop.read(theirs.paid.id)).toMatchObject({ status: 'succeeded', amount: 990 });
    const refunds = await theirs.shop.server<{ data: object[] }>('GET', `/v1/refunds?paymentId=${theirs.paid.id}`);
    expect(refunds.body.data).toHaveLength(1);
    const { subscriptionId, mandateId } = theirs.recurring;
    const subscription = await theirs.shop.server('GET', `/v1/subscriptions/${subscriptionId}`);
    expect(subscription.body).toMatchObject({ status: 'active', cancelAt: null, pendingChange: null, pausedAt: null });
    const mandate = await theirs.shop.server('GET', `/v1/mandates/${mandateId}`);
    expect(mandate.body).toMatchObject({ status: 'active', isEnding: false });
    const features = await theirs.shop.mine<{ data: { feature: string }[] }>('GET', '/v1/me/entitlements');
    expect(features.body.data.map(({ feature }) => feature)).toEqual(['exports', 'pro']);
    expect(await examine(minibase.database.dataSource)).toEqual([]);
  });

  test('every operation is closed without a credential, and with each that is not its own', async () => {
    const closed = operations.filter(({ scheme }) => scheme !== undefined && scheme !== 'appId');
    for (const operation of closed) {
      const tokens = Object.entries(credentials(ours)).filter(([scheme]) => scheme !== operation.scheme);
      const tries = [
        {},
        { token: '' },
        { token: 'x' },
        { appId: ours.shop.app.appId },
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
    for (const appId of ['', 'app_x', 'app_019a6b0c4d5e7f00a1b2c3d4e5f60718', `${ours.shop.app.appId}x`]) {
      const answer = await ask(minibase.url, 'POST', '/v1/auth/login', {
        appId,
        body: { platform: 'wechat', code: 'x' },
      });
      expect([400, 404]).toContain(answer.status);
    }
  });

  test('a token of one app does not become one of another by naming that', async () => {
    const over = { token: ours.shop.login.accessToken, appId: theirs.shop.app.appId };
    const me = await must(minibase.url, 'GET', '/v1/me', over);
    expect(me).toMatchObject({ id: ours.shop.login.user.id });
    const foreign = ours.shop.login.refreshToken.replace(/[0-9a-f]{32}/, theirs.shop.app.appId.slice(4));
    const refreshed = await ask(minibase.url, 'POST', '/v1/auth/refresh', { body: { refreshToken: foreign } });
    expect(refreshed).toMatchObject({ status: 401, body: { code: 'refresh_token_invalid' } });
  });
});
