import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { payloadOf } from '../../src/events/event-data.js';
import { EVENT_TYPES, type EventType } from '../../src/events/event-types.js';
import { PLATFORMS, Shop } from '../payments/support/shop.js';
import { until } from '../queues/support/until.js';
import { aLogin, anApp, asServer, asUser, must } from '../support/client.js';
import { eventsOf } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Webhooks } from './support/endpoints.js';
import { answering, Receiver, verify } from './support/receiver.js';

interface WebhookDocument {
  readonly webhooks: Record<string, { post: { requestBody: { content: { 'application/json': { schema: object } } } } }>;
}

const TYPES = [
  'user.created',
  'user.updated',
  'user.merged',
  'user.erased',
  'session.revoked',
  'payment.created',
  'payment.pending',
  'payment.succeeded',
  'payment.closed',
  'refund.created',
  'webhook_endpoint.disabled',
];

describe('what webhooks say', () => {
  let minibase: Minibase;
  let receiver: Receiver;
  let shop: Shop;
  let secret: string;
  let validators: Map<string, ValidateFunction>;
  beforeAll(async () => {
    minibase = await startMinibase();
    receiver = await Receiver.start();
    shop = await Shop.open(minibase, PLATFORMS);
    const hooks = new Webhooks(minibase, shop.app);
    ({ secret } = await hooks.endpoint(receiver.url));
    const { webhooks } = await must<WebhookDocument>(minibase.url, 'GET', '/openapi.json');
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    validators = new Map(
      Object.entries(webhooks).map(([type, { post }]) => [
        type,
        ajv.compile(post.requestBody.content['application/json'].schema),
      ]),
    );
    await sell();
    await comeAndGo();
    await loseAnEndpoint(hooks);
    const told = () => new Set(receiver.received.map(({ json }) => json.type));
    await until('every type was sent', async () => TYPES.every((type) => told().has(type)), 30_000);
  }, 90_000);
  afterAll(async () => {
    await minibase.close();
    await receiver.close();
  });

  /** A shop's day: payments on every platform, one paid twice, one canceled, refunds. */
  async function sell(): Promise<void> {
    for (const platform of PLATFORMS) {
      const payment = await shop.paid({ platform, reference: `order-${platform}` });
      const { body: refund } = await shop.refund(payment.id, { amount: 300, reason: 'Spilled' });
      await shop.untilSent(refund.id);
    }
    const late = await shop.payment({ platform: undefined });
    await shop.server('POST', `/v1/payments/${late.id}/attempts`, { body: { platform: 'wechat' } });
    const canceled = await shop.payment();
    await shop.server('POST', `/v1/payments/${canceled.id}/cancel`);
    await shop.until(canceled.id, 'closed');
  }

  /** People: new ones, changed ones, merged ones, gone ones. */
  async function comeAndGo(): Promise<void> {
    const people = [];
    for (const name of ['hong', 'jun', 'wei']) people.push(await aLogin(minibase, shop.app, name));
    const [hong, jun, wei] = people as [(typeof people)[number], (typeof people)[number], (typeof people)[number]];
    await asUser(minibase, hong, 'PATCH', '/v1/me', { body: { nickname: 'Hong' } });
    await asServer(minibase, shop.app, 'POST', `/v1/users/${jun.user.id}/merge`, { body: { into: hong.user.id } });
    await asUser(minibase, wei, 'POST', '/v1/auth/logout');
    await asServer(minibase, shop.app, 'DELETE', `/v1/users/${wei.user.id}`);
  }

  async function loseAnEndpoint(hooks: Webhooks): Promise<void> {
    const gone = await Receiver.start(answering(410));
    const { id } = await hooks.endpoint(gone.url, { events: ['user.merged'] });
    await hooks.ask('POST', `/v1/webhook-endpoints/${id}/test`);
    await gone.until(1);
    await gone.close();
  }

  test('is what the API document promises, for every message', () => {
    for (const message of receiver.received) {
      verify(secret, message);
      const { type } = message.json;
      const validate = validators.get(type);
      expect([type, validate?.(message.json), validate?.errors ?? null]).toEqual([type, true, null]);
      expect(payloadOf(type as EventType).safeParse(message.json).error?.issues ?? []).toEqual([]);
    }
    expect(receiver.received.length).toBeGreaterThanOrEqual(TYPES.length);
  });

  test('is what GET /v1/events says', async () => {
    const events = await eventsOf(minibase, shop.app.secretKey);
    const byId = new Map(receiver.received.map((message) => [message.id, message.json]));
    for (const { id, type, data } of events.filter((event) => event.type !== 'webhook.test')) {
      if (byId.has(id)) expect([id, byId.get(id)]).toMatchObject([id, { type, data }]);
    }
    expect(byId.size).toBeGreaterThan(15);
  });

  test('is described for every type of event, and refuses what does not belong there', () => {
    expect([...validators.keys()].sort()).toEqual(Object.keys(EVENT_TYPES).sort());
    const message = receiver.ofType('payment.succeeded')[0]!.json;
    const validate = validators.get('payment.succeeded')!;
    expect(validate(message)).toBe(true);
    expect(validate({ ...message, data: { ...message.data, phone: '13800000000' } })).toBe(false);
    expect(validate({ ...message, type: 'payment.created' })).toBe(false);
  });

  test('is told to nobody else: an app without endpoints makes no deliveries', async () => {
    const quiet = await anApp(minibase, ['wechat']);
    await aLogin(minibase, quiet, 'ming');
    await until('it is numbered', async () => (await eventsOf(minibase, quiet.secretKey)).length === 1);
    expect(await new Webhooks(minibase, quiet).deliveries()).toEqual([]);
  });
});
