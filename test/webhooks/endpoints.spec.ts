import { verify as verifySignature, createPublicKey } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { until } from '../queues/support/until.js';
import { anApp, type TestApp } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { type Endpoint, Webhooks } from './support/endpoints.js';
import { answering, Receiver, type Received, verify } from './support/receiver.js';

describe('webhook endpoints', () => {
  let minibase: Minibase;
  let app: TestApp;
  let hooks: Webhooks;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    app = await anApp(minibase, []);
    hooks = new Webhooks(minibase, app);
  });
  afterAll(() => minibase.close());

  const url = 'https://shop.example/hooks?shop=1';

  test('show their secret once, and their headers never', async () => {
    const created = await hooks.endpoint(url, {
      events: ['refund.failed', 'payment.succeeded', 'refund.failed'],
      description: 'Orders',
      headers: { Authorization: 'Bearer very-secret' },
      rateLimit: 50,
    });
    expect(created).toMatchObject({
      id: expect.stringMatching(/^wep_[0-9a-f]{32}$/),
      url,
      description: 'Orders',
      events: ['payment.succeeded', 'refund.failed'],
      ordered: false,
      signature: 'v1',
      publicKey: null,
      secret: expect.stringMatching(/^whsec_/),
      headers: { Authorization: expect.stringMatching(/^sha256:[0-9a-f]{16}$/) },
      rateLimit: 50,
      status: 'enabled',
    });
    const { secret, ...shown } = created;
    expect(await hooks.read(created.id)).toEqual(shown);
    const { body: list } = await hooks.ask<{ data: Endpoint[] }>('GET', '/v1/webhook-endpoints');
    expect(list.data).toEqual([shown]);
    const rows = await minibase.database.dataSource.query('select * from webhook_endpoints');
    for (const hidden of [secret.slice('whsec_'.length), 'very-secret'])
      expect(JSON.stringify(rows)).not.toContain(hidden);
  });

  test('are made once per Idempotency-Key, and the repeat shows the same secret', async () => {
    const first = await hooks.ask<Endpoint>('POST', '/v1/webhook-endpoints', { url }, 'hook-1');
    const again = await hooks.ask<Endpoint>('POST', '/v1/webhook-endpoints', { url }, 'hook-1');
    expect([first.status, again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 201, 'true']);
    expect(again.body).toEqual(first.body);
    const other = await hooks.ask('POST', '/v1/webhook-endpoints', { url, ordered: true }, 'hook-1');
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    const path = `/v1/webhook-endpoints/${first.body.id}/rotate-secret`;
    const [rotated, repeated] = [await hooks.ask<Endpoint>('POST', path, undefined, 'r'), await hooks.ask<Endpoint>('POST', path, undefined, 'r')]; // prettier-ignore
    expect(rotated.body.secret).toMatch(/^whsec_/);
    expect(rotated.body.secret).not.toBe(first.body.secret);
    expect(repeated.body.secret).toBe(rotated.body.secret);
  });

  test('can be changed in everything but their order and kind of signature', async () => {
    const { id } = await hooks.endpoint(url, { headers: { 'X-A': '1' } });
    const changed = await hooks.change(id, {
      url: 'https://other.example/',
      events: ['*', 'payment.closed'],
      description: 'New',
      rateLimit: 5,
      headers: {},
      status: 'paused',
    });
    expect(changed).toMatchObject({
      url: 'https://other.example/',
      events: ['*'],
      description: 'New',
      rateLimit: 5,
      headers: {},
      status: 'paused',
    });
    expect(await hooks.change(id, { rateLimit: null })).toEqual({
      ...changed,
      rateLimit: null,
      updatedAt: expect.any(String),
    });
    for (const body of [{ ordered: true }, { signature: 'v1a' }, { secret: 'x' }, { status: 'gone' }, { events: [] }]) {
      expect((await hooks.ask('PATCH', `/v1/webhook-endpoints/${id}`, body)).status).toBe(400);
    }
    expect(await hooks.ask('PATCH', `/v1/webhook-endpoints/${id}`, { url: 'https://10.0.0.1/' })).toMatchObject({
      status: 422,
      body: { code: 'webhook_url_refused' },
    });
  });

  test.each([
    ['https://10.0.0.1/', 'not a public address'],
    ['https://[fd00::1]/', 'not a public address'],
    ['http://169.254.169.254/latest/meta-data/', 'use https'],
    ['https://user:pass@shop.example/', 'headers'],
    ['gopher://shop.example/', 'https'],
  ])('are not made for %s', async (bad, why) => {
    const { status, body } = await hooks.ask<{ detail: string; errors: { path: string }[] }>('POST', '/v1/webhook-endpoints', { url: bad }); // prettier-ignore
    expect([status, body.code, body.errors[0]!.path]).toEqual([422, 'webhook_url_refused', 'url']);
    expect(body.detail).toContain(why);
  });

  test.each([
    { url, events: ['payment.exploded'] },
    { url, headers: { Host: 'x' } },
    { url, headers: { 'Webhook-Id': 'x' } },
    { url, rateLimit: 0 },
    { url, colour: 'red' },
    {},
  ])('are not made of %j', async (body) => {
    expect(await hooks.ask('POST', '/v1/webhook-endpoints', body)).toMatchObject({
      status: 400,
      body: { code: 'validation_failed' },
    });
  });

  test('are fifty of an app at most', async () => {
    const made = await Promise.allSettled(Array.from({ length: 60 }, () => hooks.endpoint(url)));
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(50);
    expect(await hooks.ask('POST', '/v1/webhook-endpoints', { url })).toMatchObject({
      status: 409,
      body: { code: 'webhook_endpoint_limit' },
    });
  });

  test('sign with both secrets for a day after a rotation, and with the new one alone afterwards', async () => {
    const receiver = await Receiver.start();
    const { id, secret: first } = await hooks.endpoint(receiver.url);
    const path = `/v1/webhook-endpoints/${id}/rotate-secret`;
    const { body: rotated } = await hooks.ask<Endpoint>('POST', path);
    const second = rotated.secret!;
    expect(Date.parse(rotated.previousSecretUntil!) - minibase.clock.now().getTime()).toBeGreaterThan(23.9 * 3_600_000);
    await hooks.happen();
    const [overlap] = await receiver.until(1);
    expect(overlap!.headers['webhook-signature']!.split(' ')).toHaveLength(2);
    for (const secret of [first, second]) new Webhook(secret).verify(overlap!.body, { ...overlap!.headers });
    const changed = overlap!.body.replace('nickname', 'nicknama');
    for (const secret of [first, second]) {
      expect(() => new Webhook(secret).verify(changed, { ...overlap!.headers })).toThrow('No matching signature');
    }
    minibase.clock.advance({ days: 1, seconds: 1 });
    await hooks.happen();
    const [, after] = await receiver.until(2);
    expect(after!.headers['webhook-signature']!.split(' ')).toHaveLength(1);
    verify(second, after!);
    expect(() => verify(first, after!)).toThrow();
    expect(await hooks.read(id)).toMatchObject({ previousSecretUntil: null });
    await receiver.close();
  });

  test('can sign with a key pair: only its public key is ever shown', async () => {
    const receiver = await Receiver.start();
    const created = await hooks.ask<Endpoint>(
      'POST',
      '/v1/webhook-endpoints',
      { url: receiver.url, signature: 'v1a' },
      'pair',
    );
    expect(created.body).toMatchObject({ publicKey: expect.stringMatching(/^whpk_[A-Za-z0-9+/]{43}=$/) });
    expect(JSON.stringify(created.body)).not.toMatch(/secret":"|whsk_/);
    const again = await hooks.ask<Endpoint>(
      'POST',
      '/v1/webhook-endpoints',
      { url: receiver.url, signature: 'v1a' },
      'pair',
    );
    expect(again.body).toEqual(created.body);
    const { body: rotated } = await hooks.ask<Endpoint>(
      'POST',
      `/v1/webhook-endpoints/${created.body.id}/rotate-secret`,
    );
    await hooks.happen();
    const [message] = await receiver.until(1);
    const signatures = message!.headers['webhook-signature']!.split(' ');
    const fits = (publicKey: string | null, { body }: Pick<Received, 'body'> = message!) =>
      signatures.some((text) => {
        const [version, signature = ''] = text.split(',');
        const x = Buffer.from(publicKey!.slice('whpk_'.length), 'base64').toString('base64url');
        const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
        const signed = `${message!.id}.${message!.headers['webhook-timestamp']}.${body}`;
        return version === 'v1a' && verifySignature(null, Buffer.from(signed), key, Buffer.from(signature, 'base64'));
      });
    expect(signatures).toHaveLength(2);
    expect([fits(created.body.publicKey), fits(rotated.publicKey)]).toEqual([true, true]);
    expect(fits(rotated.publicKey, { body: `${message!.body} ` })).toBe(false);
    await receiver.close();
  });

  test('are audited by the names of what was changed', async () => {
    const { id } = await hooks.endpoint('http://127.0.0.1:9/');
    await hooks.change(id, { status: 'paused' });
    for (const [verb, body] of [
      ['rotate-secret', undefined],
      ['recover', { since: new Date().toISOString() }],
      ['test', undefined],
    ] as const) {
      // prettier-ignore
      expect((await hooks.ask('POST', `/v1/webhook-endpoints/${id}/${verb}`, body)).status).toBeLessThan(300);
    }
    await hooks.ask('DELETE', `/v1/webhook-endpoints/${id}`);
    const log = await minibase.database.dataSource.query<{ action: string }[]>(
      `select action from audit_log where app_id = $1 and target = $2 order by id`,
      [app.appId, id],
    );
    expect(log.map(({ action }) => action.replace('webhook_endpoint.', ''))).toEqual(['create', 'update', 'rotate_secret', 'recover', 'delete']); // prettier-ignore
  });

  test('of another app are not there', async () => {
    const receiver = await Receiver.start(answering(500));
    const { id } = await hooks.endpoint(receiver.url);
    await hooks.happen();
    const [message] = await receiver.until(1);
    await until('it is made', async () => (await hooks.deliveries()).length === 1);
    const [delivery] = await hooks.deliveries();
    const other = new Webhooks(minibase, await anApp(minibase, []));
    const tries: [string, string, unknown?][] = [
      ['GET', `/v1/webhook-endpoints/${id}`],
      ['PATCH', `/v1/webhook-endpoints/${id}`, { status: 'disabled' }],
      ['DELETE', `/v1/webhook-endpoints/${id}`],
      ['POST', `/v1/webhook-endpoints/${id}/rotate-secret`],
      ['POST', `/v1/webhook-endpoints/${id}/test`],
      ['POST', `/v1/webhook-endpoints/${id}/recover`, { since: new Date().toISOString() }],
      ['GET', `/v1/webhook-deliveries/${delivery!.id}`],
      ['POST', `/v1/events/${message!.id}/redeliver`, {}],
    ];
    for (const [method, path, body] of tries)
      expect([path, (await other.ask(method, path, body)).status]).toEqual([path, 404]);
    for (const filter of ['', `endpointId=${id}`, `eventId=${message!.id}`])
      expect(await other.deliveries(filter)).toEqual([]);
    expect(await hooks.read(id)).toMatchObject({ status: 'enabled' });
    await receiver.close();
  });
});
