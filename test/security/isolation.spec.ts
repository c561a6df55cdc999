import { examine } from '../../src/cli/doctor.js';
import { aLogin, aPrice, ask, must, type Answer } from '../support/client.js';
import { untilEvent } from '../support/events.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { type Payment, type Refund, Shop } from '../payments/support/shop.js';
import { documentOf, operationsOf, type Operation } from '../console/support/document.js';
import { faultsOfProblem } from './support/problems.js';

/** One app with everything that an app can have. */
interface Everything {
  readonly shop: Shop;
  readonly keyId: string;
  readonly sessionId: string;
  readonly price: { readonly id: string; readonly productId: string };
  readonly paid: Payment;
  readonly open: Payment;
  readonly refund: Refund;
  readonly callbackId: string;
}

describe('what belongs to one app', () => {
  let minibase: Minibase;
  let operations: Operation[];
  let ours: Everything;
  let theirs: Everything;
  /** Ids, names, numbers and tokens of the other app: none of them may show in an answer to us. */
  let marks: string[];

  beforeAll(async () => {
    minibase = await startMinibase();
    operations = operationsOf(await documentOf(minibase));
    ours = await everything('Our name');
    theirs = await everything('Their secret name');
    const { shop, keyId, sessionId, price, paid, open, refund, callbackId } = theirs;
    const { app, login } = shop;
    const merchant = shop.merchants.wechat!;
    marks = [
      ...[app.appId, app.secretKey, keyId, app.programs.wechat.id, app.programs.wechat.platformAppId],
      ...[login.user.id, login.identity.id, login.identity.openid, sessionId, 'Their secret name'],
      ...[merchant.id, merchant.merchantId, price.id, price.productId],
      ...[paid, open].flatMap(({ id, reference, attempts }) => [id, reference!, attempts[0]!.id, attempts[0]!.number]),
      ...[paid.attempts[0]!.platformTransactionId!, refund.id, refund.number, callbackId],
    ];
    expect(marks.every((mark) => typeof mark === 'string' && mark.length > 6)).toBe(true);
  });
  afterAll(() => minibase.close());

  async function everything(nickname: string): Promise<Everything> {
    const shop = await Shop.open(minibase);
    const { app, login } = shop;
    await shop.mine('PATCH', '/v1/me', { body: { nickname } });
    const first = async (path: string, token: string) =>
      (await must<{ data: { id: string }[] }>(minibase.url, 'GET', path, { token })).data[0]!.id;
    const price = await aPrice(minibase, app);
    const paid = await shop.paid({ reference: `${nickname} paid`.replaceAll(' ', '-'), metadata: { of: nickname } });
    const open = await shop.payment({ reference: `${nickname} open`.replaceAll(' ', '-'), subject: nickname });
    const { body: refund } = await shop.refund(paid.id, { amount: 100, reason: nickname });
    await untilEvent(minibase, app.secretKey, 'user.updated');
    return {
      ...{ shop, price, paid, open, refund },
      keyId: await first(`/v1/apps/${app.appId}/keys`, minibase.operatorToken),
      sessionId: await first('/v1/me/sessions', login.accessToken),
      callbackId: await first(`/v1/callbacks?objectId=${paid.id}`, app.secretKey),
    };
  }

  /** The path of an operation with real ids of that app. */
  function pathWith({ shop, keyId, sessionId, price, open, refund, callbackId }: Everything, { path }: Operation) {
    const { app, login, merchants } = shop;
    const ids: Readonly<Record<string, string>> = {
      apps: app.appId,
      keys: keyId,
      'platform-accounts': app.programs.wechat.id,
      'merchant-accounts': merchants.wechat!.id,
      users: login.user.id,
      identities: login.identity.id,
      sessions: sessionId,
      products: price.productId,
      prices: price.id,
      payments: open.id,
      refunds: refund.id,
      callbacks: callbackId,
    };
    return path.replace(/([^/]+)\/\{\w+\}/g, (_, noun: string) => {
      const id = ids[noun];
      if (!id) throw new Error(`no ${noun} in the shop: add one, so that ${path} is tried`);
      return `${noun}/${id}`;
    });
  }
  const exampleOf = ({ requestBody }: Operation): unknown =>
    Object.values(requestBody?.content?.['application/json']?.examples ?? {})[0]?.value;
  const call = (operation: Operation, shop: Everything, over: object): Promise<Answer> =>
    ask(minibase.url, operation.method, pathWith(shop, operation), { body: exampleOf(operation), ...over });
  const named = ({ method, path }: Operation): string => `${method} ${path}`;
  const of = (scheme: string | undefined) => operations.filter((operation) => operation.scheme === scheme);
  const leaksOf = (text: string): string[] => marks.filter((mark) => text.includes(mark));
  const leaks = (answer: Answer): string[] =>
    leaksOf(JSON.stringify(answer.body) + JSON.stringify([...answer.headers]));
  const credentials = ({ shop }: Everything): Record<string, string> => ({
    operator: minibase.operatorToken,
    secretKey: shop.app.secretKey,
    user: shop.login.accessToken,
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
        'verifyMerchantAccount',
        'updatePrice',
        'getPayment',
        'createAttempt',
        'cancelMyPayment',
        'refreshMyPayment',
        'rejectRefund',
        'rerunCallback',
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
    const token = ours.shop.app.secretKey;
    const path = `/v1/users/${ours.shop.login.user.id}/merge`;
    const merge = await ask(minibase.url, 'POST', path, { token, body: { into: theirs.shop.login.user.id } });
    expect(merge).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
    const platformAppId = theirs.shop.app.programs.wechat.platformAppId;
    const login = await ask(minibase.url, 'POST', '/v1/auth/login', {
      appId: ours.shop.app.appId,
      body: { platform: 'wechat', platformAppId, code: 'x' },
    });
    expect(login).toMatchObject({ status: 422, body: { code: 'platform_account_missing' } });
  });

  test('cannot be paid, sold, given back or named as payee through a body of another app', async () => {
    const { shop, price, open } = ours;
    const userId = shop.login.user.id;
    const payment = { userId, amount: 100, subject: 'Coffee' };
    const platformAppId = theirs.shop.app.programs.wechat.platformAppId;
    const merchant = theirs.shop.merchants.wechat!.id;
    const account = `/v1/platform-accounts/${shop.app.programs.wechat.id}`;
    const named = (path: string) => ({ code: 'validation_failed', errors: [{ path }] });
    const byServer: [string, string, object, number, object][] = [
      ['POST', '/v1/payments', { ...payment, userId: theirs.shop.login.user.id }, 404, { code: 'user_not_found' }],
      ['POST', '/v1/payments', { ...payment, platform: 'wechat', platformAppId }, 422, { code: 'platform_account_missing' }], // prettier-ignore
      ['POST', `/v1/payments/${open.id}/attempts`, { platform: 'wechat', platformAppId }, 422, { code: 'platform_account_missing' }], // prettier-ignore
      ['POST', '/v1/refunds', { paymentId: theirs.paid.id }, 404, { code: 'payment_not_found' }],
      ['POST', '/v1/prices', { productId: theirs.price.productId, amount: 1 }, 400, named('productId')],
      ['PATCH', account, { defaultMerchantAccountId: merchant }, 400, named('defaultMerchantAccountId')],
      ['POST', '/v1/platform-accounts', { platform: 'wechat', defaultMerchantAccountId: merchant }, 400, named('defaultMerchantAccountId')], // prettier-ignore
    ];
    for (const [method, path, body, status, refusal] of byServer) {
      const answer = await shop.server<object>(method, path, { body });
      expect([path, answer.status, answer.body]).toMatchObject([path, status, refusal]);
      // It may repeat what was asked for, and nothing else.
      expect(leaks(answer as Answer).filter((mark) => !JSON.stringify(body).includes(mark))).toEqual([]);
    }
    const bought = await shop.mine('POST', '/v1/me/payments', { body: { priceId: theirs.price.id } });
    expect(bought).toMatchObject({ status: 404, body: { code: 'price_not_found' } });
    expect((await shop.mine('POST', '/v1/me/payments', { body: { priceId: price.id } })).status).toBe(201);
  });

  test('is in no list by a filter either', async () => {
    const { paid, refund, shop } = theirs;
    for (const path of [
      `/v1/payments?userId=${shop.login.user.id}`,
      `/v1/payments?reference=${paid.reference}`,
      `/v1/refunds?paymentId=${paid.id}`,
      `/v1/callbacks?objectId=${paid.id}`,
      `/v1/callbacks?accountId=${shop.merchants.wechat!.id}`,
      `/v1/ledger-entries?sourceId=${refund.id}`,
      `/v1/ledger-entries?account=clearing:wechat:${shop.merchants.wechat!.id}`,
      `/v1/prices?productId=${theirs.price.productId}`,
    ]) {
      const answer = await ours.shop.server<{ data: object[]; nextCursor: null }>('GET', path);
      expect([path, answer.status, answer.body]).toEqual([path, 200, { data: [], nextCursor: null }]);
    }
    const { body: books } = await ours.shop.server<{ data: { account: string; balance: number }[] }>('GET', '/v1/balance'); // prettier-ignore
    expect(books.data.reduce((sum, { balance }) => sum + balance, 0)).toBe(0);
  });

  test('a callback for one app’s payment is not believed at the address of another', async () => {
    const { dataSource } = minibase.database;
    const calls = await must<{ calls: { url?: string; headers: Record<string, string>; body: string }[] }>(
      minibase.sandboxUrl,
      'GET',
      `/_/calls?direction=out&merchantId=${theirs.shop.merchants.wechat!.merchantId}`,
    );
    const sent = calls.calls.find(({ url }) => url?.includes(theirs.shop.merchants.wechat!.id))!;
    const { 'content-length': _, host: __, connection: ___, ...headers } = sent.headers;
    const before = await dataSource.query('select count(*) from callbacks');
    const path = `/callbacks/${ours.shop.merchants.wechat!.id}`;
    const answer = await fetch(minibase.url + path, { method: 'POST', headers, body: sent.body });
    expect([answer.status, leaksOf(await answer.text())]).toEqual([401, []]);
    expect(await dataSource.query('select count(*) from callbacks')).toEqual(before);
  });

  test('of one user of an app is not found with the token of another', async () => {
    const hong = await aLogin(minibase, ours.shop.app, 'hong');
    const token = hong.accessToken;
    const own = of('user').filter(({ path }) => path.startsWith('/v1/me/payments/{'));
    expect(own.map(({ operationId }) => operationId).sort()).toEqual(['cancelMyPayment', 'createMyAttempt', 'getMyPayment', 'refreshMyPayment']); // prettier-ignore
    for (const operation of own) {
      for (const id of [ours.open.id, ours.paid.id]) {
        const path = operation.path.replace('{id}', id);
        const answer = await ask(minibase.url, operation.method, path, { token, body: exampleOf(operation) });
        expect([path, answer.status, answer.body['code']]).toEqual([path, 404, 'payment_not_found']);
      }
    }
    const { body } = await ask(minibase.url, 'GET', '/v1/me/payments', { token });
    expect(body).toEqual({ data: [], nextCursor: null });
    const pried = await ask(minibase.url, 'GET', `/v1/me/payments?userId=${ours.shop.login.user.id}`, { token });
    expect(pried).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(await ours.shop.read(ours.open.id)).toMatchObject({ status: 'pending', closingSince: null });
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
