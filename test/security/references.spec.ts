import { documentOf, operationsOf, type Document, type Operation } from '../console/support/document.js';
import type { Payment, Refund } from '../payments/support/shop.js';
import { until } from '../queues/support/until.js';
import { aLogin, aPhoneProof, ask, must, type Answer } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { type Belongings, everything, marksOf, pathWith } from './support/belongings.js';

/** Members of bodies that name something: each is tried with what belongs to another app. */
const NAMING = /Id$|^into$|^reference$/;
/** Filters of lists that name nothing. */
const PLAIN_FILTERS = ['limit', 'cursor', 'status', 'type', 'streamType', 'platform', 'active', 'from', 'to'];

describe('what a request names', () => {
  let minibase: Minibase;
  let document: Document;
  let operations: Operation[];
  let ours: Belongings;
  let theirs: Belongings;
  let marks: string[];
  let phone: string;

  beforeAll(async () => {
    minibase = await startMinibase();
    document = await documentOf(minibase);
    operations = operationsOf(document);
    ours = await everything(minibase, 'Our name');
    theirs = await everything(minibase, 'Their secret name');
    const body = await aPhoneProof(minibase, theirs.shop.app, theirs.shop.person, 'wechat');
    phone = (await must<{ phone: string }>(minibase.url, 'POST', '/v1/me/phone', { token: theirs.shop.login.accessToken, body })).phone; // prettier-ignore
    marks = [...marksOf(theirs), 'Their secret name', phone];
  });
  afterAll(() => minibase.close());

  const tokenOf = ({ shop }: Belongings, { scheme }: Operation): string | undefined =>
    ({ secretKey: shop.app.secretKey, user: shop.login.accessToken })[scheme ?? ''];
  const operationOf = (name: string): Operation => operations.find(({ operationId }) => operationId === name)!;
  const leaks = ({ body, headers }: Answer, asked: unknown): string[] => {
    const text = JSON.stringify(body) + JSON.stringify([...headers]);
    // It may repeat what was asked for, and nothing else.
    return marks.filter((mark) => text.includes(mark) && !JSON.stringify(asked).includes(mark));
  };

  /** `createPayment.userId`, for every member of a body whose name is one for something that exists. */
  function namingMembers(): string[] {
    const membersOf = (schema: Record<string, unknown> = {}): string[] => {
      const ref = schema['$ref'] as string | undefined;
      if (ref) return membersOf(document.components.schemas[ref.split('/').at(-1)!]);
      const choices = (schema['anyOf'] ?? schema['oneOf'] ?? schema['allOf'] ?? []) as Record<string, unknown>[];
      return [...Object.keys((schema['properties'] as object | undefined) ?? {}), ...choices.flatMap(membersOf)];
    };
    return operations
      .filter(({ scheme }) => scheme !== 'operator')
      .flatMap(({ operationId, requestBody }) =>
        membersOf(requestBody?.content?.['application/json']?.schema)
          .filter((member) => NAMING.test(member))
          .map((member) => `${operationId}.${member}`),
      );
  }

  /** A body that names something of theirs, and what it comes to. */
  type Case = [body: () => Record<string, unknown>, status: number, code: string];
  const mine = () => ({ userId: ours.shop.login.user.id, amount: 100, subject: 'Coffee' });
  const theirProgram = () => theirs.shop.app.programs.wechat.platformAppId;
  const onTheirProgram = () => ({ platform: 'wechat', platformAppId: theirProgram() });
  const theirMerchant = () => theirs.shop.merchants.wechat!;
  const CASES: Readonly<Record<string, Case>> = {
    'createPlatformAccount.defaultMerchantAccountId': [
      () => ({ platform: 'wechat', defaultMerchantAccountId: theirMerchant().id }),
      400,
      'validation_failed',
    ],
    'updatePlatformAccount.defaultMerchantAccountId': [
      () => ({ defaultMerchantAccountId: theirMerchant().id }),
      400,
      'validation_failed',
    ],
    'login.platformAppId': [() => ({ ...onTheirProgram(), code: 'x' }), 422, 'platform_account_missing'],
    'linkMyIdentity.platformAppId': [() => ({ ...onTheirProgram(), code: 'x' }), 422, 'platform_account_missing'],
    'setMyPhone.platformAppId': [() => ({ ...onTheirProgram(), code: 'x' }), 422, 'platform_account_missing'],
    'setMyProfile.platformAppId': [
      () => ({ ...onTheirProgram(), rawData: '{}', signature: 'a'.repeat(40) }),
      422,
      'platform_account_missing',
    ],
    'mergeUser.into': [() => ({ into: theirs.shop.login.user.id }), 404, 'user_not_found'],
    'createPrice.productId': [() => ({ productId: theirs.price.productId, amount: 1 }), 400, 'validation_failed'],
    'createPayment.userId': [() => ({ ...mine(), userId: theirs.shop.login.user.id }), 404, 'user_not_found'],
    'createPayment.platformAppId': [() => ({ ...mine(), ...onTheirProgram() }), 422, 'platform_account_missing'],
    'createAttempt.platformAppId': [() => onTheirProgram(), 422, 'platform_account_missing'],
    'createMyAttempt.platformAppId': [() => onTheirProgram(), 422, 'platform_account_missing'],
    'createMyPayment.priceId': [() => ({ priceId: theirs.price.id }), 404, 'price_not_found'],
    'createMyPayment.platformAppId': [
      () => ({ priceId: ours.price.id, ...onTheirProgram() }),
      422,
      'platform_account_missing',
    ],
    'reportMyMessageConsents.platformAppId': [
      () => ({ ...onTheirProgram(), results: {} }),
      422,
      'platform_account_missing',
    ],
    'createNotification.platformAppId': [
      () => ({
        to: { userId: ours.shop.login.user.id },
        ...{ template: 'our.name', data: { item: 'Coffee' } },
        ...onTheirProgram(),
      }),
      422,
      'platform_account_missing',
    ],
    'previewMessage.platformAppId': [() => onTheirProgram(), 422, 'platform_account_missing'],
    'importMessageTemplates.platformAppId': [() => onTheirProgram(), 422, 'platform_account_missing'],
    'createSubscription.userId': [
      () => ({ userId: theirs.shop.login.user.id, priceId: ours.recurring.priceId, platform: 'wechat' }),
      404,
      'user_not_found',
    ],
    'createSubscription.priceId': [
      () => ({ userId: ours.shop.login.user.id, priceId: theirs.recurring.priceId, platform: 'wechat' }),
      404,
      'price_not_found',
    ],
    'createSubscription.platformAppId': [
      () => ({ userId: ours.shop.login.user.id, priceId: ours.recurring.priceId, ...onTheirProgram() }),
      422,
      'platform_account_missing',
    ],
    'createMySubscription.priceId': [
      () => ({ priceId: theirs.recurring.priceId, platform: 'wechat' }),
      404,
      'price_not_found',
    ],
    'createMySubscription.platformAppId': [
      () => ({ priceId: ours.recurring.priceId, ...onTheirProgram() }),
      422,
      'platform_account_missing',
    ],
    'changeSubscription.priceId': [() => ({ priceId: theirs.recurring.priceId }), 404, 'price_not_found'],
    'changeMySubscription.priceId': [() => ({ priceId: theirs.recurring.priceId }), 404, 'price_not_found'],
    'previewInvoice.subscriptionId': [
      () => ({ subscriptionId: theirs.recurring.subscriptionId }),
      404,
      'subscription_not_found',
    ],
    'previewMyInvoice.subscriptionId': [
      () => ({ subscriptionId: theirs.recurring.subscriptionId }),
      404,
      'subscription_not_found',
    ],
    'payInvoice.platformAppId': [() => onTheirProgram(), 422, 'platform_account_missing'],
    'payMyInvoice.platformAppId': [() => onTheirProgram(), 422, 'platform_account_missing'],
    'recordUsage.userId': [
      () => ({ eventId: 'the-second-export', userId: theirs.shop.login.user.id, feature: 'exports' }),
      404,
      'user_not_found',
    ],
    'redeliverEvent.endpointId': [() => ({ endpointId: theirs.endpointId }), 404, 'webhook_endpoint_not_found'],
    'createRefund.paymentId': [() => ({ paymentId: theirs.paid.id, amount: 1 }), 404, 'payment_not_found'],
    'createRefund.attemptId': [
      () => ({ paymentId: ours.paid.id, attemptId: theirs.paid.attempts[0]!.id, amount: 1 }),
      409,
      'payment_not_paid',
    ],
  };

  /** These mean nothing of theirs: every app has its own; see the last tests. */
  const OWN = [
    'createPlatformAccount.platformAppId',
    'createMerchantAccount.merchantId',
    'createPayment.reference',
    'createRefund.reference',
    'recordUsage.eventId',
  ];

  test('in a body has a case here, whatever it is', () => {
    expect(namingMembers().sort()).toEqual([...OWN, ...Object.keys(CASES)].sort());
  });

  test.each(Object.keys(CASES))('%s of another app is not there', async (name) => {
    const [bodyOf, status, code] = CASES[name]!;
    const operation = operationOf(name.split('.')[0]!);
    const body = bodyOf();
    const over = operation.scheme === 'appId' ? { appId: ours.shop.app.appId } : { token: tokenOf(ours, operation) };
    const answer = await ask(minibase.url, operation.method, pathWith(ours, operation), { ...over, body });
    expect([answer.status, answer.body['code'], leaks(answer, body)]).toEqual([status, code, []]);
  });

  const filtersOf = ({ parameters = [] }: Operation): string[] =>
    parameters.filter((one) => one.in === 'query' && !PLAIN_FILTERS.includes(one.name)).map(({ name }) => name);
  const FILTERS: Readonly<Record<string, () => string[]>> = {
    'listUsers.phone': () => [phone],
    'listMessageConsentEntries.userId': () => [theirs.shop.login.user.id],
    'listMessageConsentEntries.openid': () => [theirs.shop.login.identity.openid],
    'listMessageConsentEntries.template': () => ['their.secret.name'],
    'listNotifications.userId': () => [theirs.shop.login.user.id],
    'listNotifications.template': () => ['their.secret.name'],
    'listNotifications.broadcastId': () => [theirs.broadcastId],
    'listEvents.streamId': () => [theirs.paid.id, theirs.shop.login.user.id],
    'listPrices.productId': () => [theirs.price.productId],
    'listWebhookDeliveries.endpointId': () => [theirs.endpointId],
    'listWebhookDeliveries.eventId': () => [theirs.eventId],
    'listPayments.userId': () => [theirs.shop.login.user.id],
    'listPayments.reference': () => [theirs.paid.reference!, theirs.open.reference!],
    'listSubscriptions.userId': () => [theirs.shop.login.user.id],
    'listSubscriptions.productId': () => [theirs.recurring.productId],
    'listMySubscriptions.productId': () => [theirs.recurring.productId],
    'listInvoices.userId': () => [theirs.shop.login.user.id],
    'listInvoices.subscriptionId': () => [theirs.recurring.subscriptionId],
    'listMyInvoices.subscriptionId': () => [theirs.recurring.subscriptionId],
    'listMandates.userId': () => [theirs.shop.login.user.id],
    'listRefunds.paymentId': () => [theirs.paid.id],
    'listRefunds.reference': () => ['Their-secret-name-back'],
    'listCallbacks.accountId': () => [theirMerchant().id],
    'listCallbacks.objectId': () => [theirs.paid.id],
    'listLedgerEntries.sourceId': () => [theirs.paid.id],
    'listLedgerEntries.account': () => [`clearing:wechat:${theirMerchant().id}`],
  };

  test('in a filter has a case here, finds it in its own app, and nothing in another', async () => {
    const filters = operations.flatMap((one) => filtersOf(one).map((filter) => `${one.operationId}.${filter}`));
    expect(filters.sort()).toEqual(Object.keys(FILTERS).sort());
    for (const [name, values] of Object.entries(FILTERS)) {
      const [operationId, filter] = name.split('.') as [string, string];
      const operation = operationOf(operationId);
      for (const value of values()) {
        const path = `${operation.path}?${filter}=${encodeURIComponent(value)}`;
        const list = (of: Belongings) =>
          ask<{ data: object[] }>(minibase.url, 'GET', path, { token: tokenOf(of, operation) });
        expect([path, (await list(theirs)).body.data.length > 0]).toEqual([path, true]);
        const answer = await list(ours);
        expect([path, answer.status, answer.body.data, leaks(answer as Answer<never>, path)]).toEqual([
          path,
          200,
          [],
          [],
        ]);
      }
    }
  });

  test('by a reference is its own in each app', async () => {
    const reference = theirs.paid.reference!;
    const payment = await ours.shop.server('POST', '/v1/payments', { body: { ...mine(), reference } });
    expect([payment.status, payment.body.id === theirs.paid.id]).toEqual([201, false]);
    const back = { amount: 1, reference: 'Their-secret-name-back' };
    const refund = await ours.shop.refund(ours.paid.id, back);
    expect([refund.status, refund.body.id === theirs.refund.id]).toEqual([201, false]);
    expect(leaks(refund as Answer<never>, back)).toEqual([]);
  });

  test('inside a change that is previewed is not there', async () => {
    const body = { subscriptionId: ours.recurring.subscriptionId, change: { priceId: theirs.recurring.priceId } };
    for (const preview of [
      ours.shop.server('POST', '/v1/invoices/preview', { body }),
      ours.shop.mine('POST', '/v1/me/invoices/preview', { body }),
    ]) {
      const answer = await preview;
      expect([answer.status, answer.body.code, leaks(answer as Answer<never>, body)]).toEqual([
        404,
        'price_not_found',
        [],
      ]);
    }
  });

  test('by the id of a use is its own in each app', async () => {
    // Both apps have counted three under this id; a repeat counts nothing, and another app's is not met.
    const { usageId: eventId } = theirs.recurring;
    const body = { eventId, userId: ours.shop.login.user.id, feature: 'exports', quantity: 3 };
    const used = await ours.shop.server<{ used: number }>('POST', '/v1/usage', { body });
    expect([used.status, used.body.used]).toEqual([200, 3]);
  });

  test('by an Idempotency-Key is its own for each app, each key of an app and each user', async () => {
    const key = 'the-same-key';
    const idsOf = async (asks: (() => Promise<Answer<{ id?: string }>>)[]): Promise<void> => {
      const answers: Answer<{ id?: string }>[] = [];
      for (const one of asks) answers.push(await one());
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
      expect(answers.map(({ headers }) => headers.get('idempotent-replayed'))).toEqual(answers.map(() => null));
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(answers.length);
    };
    const body = { name: 'Coffee' };
    const path = `/v1/apps/${ours.shop.app.appId}/keys`;
    const second = await must<{ secret: string }>(minibase.url, 'POST', path, {
      token: minibase.operatorToken,
      body: { name: 'second' },
    });
    await idsOf([
      () => theirs.shop.server('POST', '/v1/products', { body, key }),
      () => ours.shop.server('POST', '/v1/products', { body, key }),
      () => ask(minibase.url, 'POST', '/v1/products', { token: second.secret, body, key }),
    ]);
    const hong = await aLogin(minibase, ours.shop.app, 'hong');
    const order = { priceId: ours.price.id };
    const pay = (token: string) => ask(minibase.url, 'POST', '/v1/me/payments', { token, body: order, key: 'mine' });
    await idsOf([() => pay(ours.shop.login.accessToken), () => pay(hong.accessToken)]);
  });

  /** The callback that told of their payment, as it was sent. */
  async function theirCallback() {
    const path = `/_/calls?direction=out&merchantId=${theirMerchant().merchantId}`;
    const { calls } = await must<{ calls: { url?: string; headers: Record<string, string>; body: string }[] }>(
      minibase.sandboxUrl,
      'GET',
      path,
    );
    const sent = calls.find(({ url }) => url?.includes(theirMerchant().id))!;
    const { 'content-length': _, host: __, connection: ___, ...headers } = sent.headers;
    return { method: 'POST', headers, body: sent.body };
  }
  const kept = () => minibase.database.dataSource.query<object[]>('select app_id, status, object_id from callbacks');

  test('by a callback at the address of another app is not believed', async () => {
    const before = await kept();
    const answer = await fetch(`${minibase.url}/callbacks/${ours.shop.merchants.wechat!.id}`, await theirCallback());
    expect(answer.status).toBe(401);
    expect(await kept()).toEqual(before);
  });

  test('by an id of a platform that two apps have is each app’s own affair', async () => {
    const { shop } = ours;
    const program = await shop.server<{ id: string }>('POST', '/v1/platform-accounts', { body: onTheirProgram() });
    const body = { platform: 'wechat', merchantId: theirMerchant().merchantId };
    const merchant = await shop.server<{ id: string }>('POST', '/v1/merchant-accounts', { body });
    expect([program.status, merchant.status]).toEqual([201, 201]);
    expect([leaks(program as Answer<never>, onTheirProgram()), leaks(merchant as Answer<never>, body)]).toEqual([
      [],
      [],
    ]);
    // Keys that are the same too make a callback genuine, and yet it tells of no payment of ours.
    const answer = await fetch(`${minibase.url}/callbacks/${merchant.body.id}`, await theirCallback());
    expect(answer.status).toBe(200);
    await until('it is parked', async () => {
      const list = `/v1/callbacks?accountId=${merchant.body.id}`;
      const { data } = (await shop.server<{ data: { status: string; problem: string }[] }>('GET', list)).body;
      return data.length === 1 && data[0]!.status === 'parked' && data[0]!.problem === 'unknown_payment';
    });
    const paid = await theirs.shop.paid({ reference: 'after-all' });
    expect(paid.status).toBe('succeeded');
  });

  test('stays as it was, whatever others have named', async () => {
    const { shop, open, paid, refund } = theirs;
    expect((await shop.read(open.id)).attempts).toHaveLength(1);
    expect(await shop.read(paid.id)).toMatchObject<Partial<Payment>>({ status: 'succeeded', amount: 990 });
    const { body } = await shop.server<{ data: Refund[] }>('GET', `/v1/refunds?paymentId=${paid.id}`);
    expect(body.data.map(({ id }) => id)).toEqual([refund.id]);
  });
});
