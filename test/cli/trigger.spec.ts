import { bringAbout, type TriggerOptions } from '../../src/cli/trigger/trigger.js';
import { SCENES } from '../../src/cli/trigger/scenes.js';
import { StartError } from '../../src/common/start-error.js';
import { until } from '../queues/support/until.js';
import { anApp, must } from '../support/client.js';
import { eventsOf, type SeenEvent } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { type Payment, type Refund, Shop } from '../payments/support/shop.js';
import { Command } from './support/command.js';

describe('minibase trigger', () => {
  let minibase: Minibase;
  let shop: Shop;
  beforeAll(async () => {
    minibase = await startMinibase();
    shop = await Shop.open(minibase, ['wechat', 'alipay', 'douyin']);
  });
  afterAll(() => minibase.close());

  const bring = (type: string, over: Partial<TriggerOptions> = {}, said: string[] = []) =>
    bringAbout(
      type,
      { api: minibase.url, sandbox: minibase.sandboxUrl, key: shop.app.secretKey, amount: '990', ...over },
      (line) => said.push(line),
    );
  const refusal = async (type: string, over: Partial<TriggerOptions> = {}): Promise<string> =>
    bring(type, over).then(
      ({ id }) => `it happened: ${id}`,
      (error: unknown) => (error instanceof StartError ? error.line : 'no line for people'),
    );

  const QUICK = Object.entries(SCENES).flatMap(([type, scene]) =>
    'does' in scene && type !== 'refund.action_required' ? [type] : [],
  );
  test.each(QUICK)('makes %s happen, as it is then read among the events', async (type) => {
    const event = await bring(type);
    expect(event.type).toBe(type);
    const read = (await eventsOf(minibase, shop.app.secretKey)).find(({ id }) => id === event.id);
    expect(read).toEqual(event);
  });

  test.each(['wechat', 'alipay', 'douyin'])(
    'on %s: a payment, a refund that is refused, a wrong callback',
    async (platform) => {
      const [paid, failed] = await Promise.all([
        bring('payment.succeeded', { platform, amount: '1234', reference: `order-${platform}` }),
        bring('refund.failed', { platform }),
      ]);
      // Not at the same time: another payment's callback would take the fault.
      const parked = await bring('callback.parked', { platform });
      expect(paid.data).toMatchObject({ amount: 1234, reference: `order-${platform}`, platform, status: 'succeeded' });
      expect(failed.data).toMatchObject({ status: 'failed' });
      expect(parked.data).toMatchObject({ platform, problem: 'amount' });
    },
  );

  test.each(['wechat', 'alipay', 'douyin'])('on %s: messages that arrive, are refused or fail', async (platform) => {
    // One after the other: another message would take the fault.
    const sent = await bring('notification.sent', { platform });
    const refused = await bring('notification.refused', { platform });
    const failed = await bring('notification.failed', { platform });
    expect(sent.data).toMatchObject({ platform, status: 'sent', reason: null, broadcastId: null });
    expect(refused.data).toMatchObject({ platform, status: 'refused' });
    expect(['no_consent', 'user_refused']).toContain(refused.data['reason']);
    expect(failed.data).toMatchObject({ platform, status: 'failed', reason: 'data_refused' });
  });

  test('writes with the template that the app has, else makes one', async () => {
    const app = await anApp(minibase, ['wechat']);
    const { platformAppId } = app.programs.wechat;
    const made = await bring('notification.sent', { key: app.secretKey });
    expect(made.data).toMatchObject({ template: `trigger.${platformAppId}` });
    const token = app.secretKey;
    const before = await must<{ id: string }>(minibase.url, 'GET', `/v1/message-templates/trigger.${platformAppId}`, { token }); // prettier-ignore
    await must(minibase.url, 'PATCH', `/v1/message-templates/${before.id}`, { token, body: { key: 'order.paid' } });
    const said: string[] = [];
    const again = await bring('broadcast.completed', { key: app.secretKey, user: 'hong' }, said);
    expect(again.data).toMatchObject({ template: 'order.paid', status: 'completed' });
    expect(said).toEqual([
      expect.stringMatching(/^hong logs in on wechat: usr_\w+, a new user$/),
      'hong agrees to be written to',
      `Your server writes to all who have agreed (order.paid): ${again.stream.id}`,
    ]);
  });

  test('a person writes to a mini-program on Douyin, too; Alipay tells nothing of that', async () => {
    const { data } = await bring('push.received', { platform: 'douyin' });
    expect(data).toMatchObject({ platform: 'douyin', pushType: 'text' });
    expect(await refusal('push.received', { platform: 'alipay' })).toContain('not happen on alipay');
  });

  test('makes refund.action_required happen, which WeChat says after a minute', async () => {
    const { data: known } = (await shop.server<{ data: Refund[] }>('GET', '/v1/refunds?limit=100')).body;
    const event = bring('refund.action_required');
    await until('the refund is at the platform', async () => {
      const { data } = (await shop.server<{ data: Refund[] }>('GET', '/v1/refunds?limit=100')).body;
      return data.some(({ id, status }) => status === 'pending' && known.every((one) => one.id !== id));
    });
    await shop.advance(3_600);
    expect((await event).type).toBe('refund.action_required');
  });

  test('says what it does, and with which person', async () => {
    const said: string[] = [];
    const event: SeenEvent = await bring('payment.succeeded', { user: 'hong', platform: 'alipay' }, said);
    expect(said).toEqual([
      expect.stringMatching(/^hong logs in on alipay: usr_\w+, a new user$/),
      `Your server asks for 9.90 yuan on alipay: ${event.stream.id}`,
      expect.stringMatching(/^hong pays; the client is told \{.*\}$/),
    ]);
    expect(await refusal('user.created', { user: 'hong', platform: 'alipay' })).toContain('has been here before');
  });

  test('says in one line what is missing', async () => {
    const empty = await anApp(minibase, []);
    const poor = await anApp(minibase, ['wechat']);
    const live = await must<{ id: string }>(minibase.url, 'POST', '/v1/apps', {
      token: minibase.operatorToken,
      body: { name: 'Real', mode: 'live' },
    });
    const { secret } = await must<{ secret: string }>(minibase.url, 'POST', `/v1/apps/${live.id}/keys`, {
      token: minibase.operatorToken,
      body: { name: 'server' },
    });
    const wrong = `${shop.app.secretKey.slice(0, -4)}AAAA`;
    expect(await refusal('user.created', { key: empty.secretKey })).toContain('no active mini-program on wechat, alipay or douyin'); // prettier-ignore
    expect(await refusal('payment.pending', { key: poor.secretKey })).toContain('active merchant account');
    expect(await refusal('identity.linked', { key: poor.secretKey })).toContain('on fewer than 2 of wechat, alipay');
    expect(await refusal('payment.pending', { key: secret })).toContain('key of a live app');
    expect(await refusal('payment.pending', { key: wrong })).toContain('does not know this key');
    expect(await refusal('payment.pending', { key: 'sk_1' })).toContain('begins with mb_test_');
    expect(await refusal('payment.pending', { platform: 'qq' })).toContain('--platform must be one of');
    expect(await refusal('refund.rejected', { platform: 'wechat' })).toContain('not happen on wechat, but on douyin');
    expect(await refusal('payment.pending', { amount: '9.90' })).toContain('number of fen');
    expect(await refusal('payment.failed')).toContain('cannot be triggered');
    expect(await refusal('payment.nonsense')).toContain('--list');
    expect(await refusal('user.created', { sandbox: 'http://127.0.0.1:1' })).toContain('The sandbox at http://127.0.0.1:1 does not answer'); // prettier-ignore
    expect(await refusal('user.created', { api: 'http://127.0.0.1:1' })).toContain('The API at http://127.0.0.1:1 does not answer'); // prettier-ignore
  });

  test('is a command: the event on one channel, what is done on the other; or a list', async () => {
    const env = { MINIBASE_SECRET_KEY: shop.app.secretKey, PUBLIC_URL: minibase.url, SANDBOX_URL: minibase.sandboxUrl };
    const [paid, listed, refused] = [
      new Command(['trigger', 'payment.succeeded'], env),
      new Command(['trigger', '--list']),
      new Command(['trigger', 'payment.succeeded', '--key', 'mb_test_nonsense'], env),
    ];
    expect(await paid.ended).toEqual({ code: 0, signal: null });
    const event = JSON.parse(paid.output) as SeenEvent;
    expect(event.type).toBe('payment.succeeded');
    expect((await shop.server<Payment>('GET', `/v1/payments/${event.stream.id}`)).body.status).toBe('succeeded');
    expect(paid.errors).toContain('Your server asks for 9.90 yuan');
    expect(paid.output + paid.errors).not.toContain(shop.app.secretKey);
    expect(await listed.ended).toEqual({ code: 0, signal: null });
    expect(listed.output).toMatch(/^payment\.succeeded +a person pays$/m);
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(refused.errors.split('\n')).toHaveLength(2);
  });
});
