import type { LookupAddress } from 'node:dns';
import { HostResolver } from '../../src/webhooks/resolver.js';
import { anApp } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Webhooks } from './support/endpoints.js';
import { answering, Receiver } from './support/receiver.js';

/** The name server of somebody with bad intentions: each name has a list of answers, the last one for good. */
class ShiftyNames extends HostResolver {
  readonly answers = new Map<string, string[]>();
  readonly asked: string[] = [];

  override async resolve(hostname: string): Promise<LookupAddress[]> {
    this.asked.push(hostname);
    const answers = this.answers.get(hostname) ?? [];
    const address = answers.length > 1 ? answers.shift()! : answers[0]!;
    return [{ address, family: address.includes(':') ? 6 : 4 }];
  }
}

describe('webhooks to an address inside', () => {
  let minibase: Minibase;
  let names: ShiftyNames;
  let hooks: Webhooks;
  /** What must not be reached: a server on this machine, as a database or a metadata service would be. */
  let inside: Receiver;
  let outside: Receiver;
  beforeAll(async () => {
    names = new ShiftyNames();
    // 127.0.0.2 stands for the world outside, all other addresses of this machine for the inside.
    minibase = await startMinibase({ webhookAllow: ['127.0.0.2'] }, names);
  });
  beforeEach(async () => {
    hooks = new Webhooks(minibase, await anApp(minibase, []));
    [inside, outside] = [await Receiver.start(), await Receiver.start(answering(204), '127.0.0.2')];
  });
  afterEach(async () => {
    await inside.close();
    await outside.close();
  });
  afterAll(() => minibase.close());

  const refused = async (endpointId: string) => {
    const delivery = await hooks.untilDelivery(endpointId, 'was tried', ({ lastError }) => lastError !== null);
    expect(delivery).toMatchObject({ status: 'pending', attemptCount: 1, lastStatus: null });
    expect(inside.received).toEqual([]);
    return delivery.lastError;
  };

  test('are not registered for an address that says so itself', async () => {
    for (const host of ['127.0.0.1', '[::1]', '[::ffff:7f00:1]', '2130706433', '0.0.0.0', '169.254.169.254']) {
      const answer = await hooks.ask('POST', '/v1/webhook-endpoints', { url: `https://${host}:${inside.port}/` });
      expect([host, answer.status, answer.body.code]).toEqual([host, 422, 'webhook_url_refused']);
    }
  });

  test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.1', '169.254.169.254', 'fd00:ec2::254'])(
    'are not sent to a name that means %s; the attempt says why',
    async (address) => {
      const host = `evil-${address.replaceAll(/[^0-9a-f]/g, '-')}.test`;
      names.answers.set(host, [address]);
      const { id } = await hooks.endpoint(`https://${host}:${inside.port}/`);
      await hooks.happen();
      expect(await refused(id)).toBe(
        `address_refused: Webhooks cannot be sent to ${host} (${address}): it is not a public address.`,
      );
    },
  );

  test('are not sent when a name that was fine means another address the next time', async () => {
    names.answers.set('flips.test', ['127.0.0.2', '127.0.0.1']);
    outside.behaviour = answering(204, { connection: 'close' });
    const { id } = await hooks.endpoint(`http://flips.test:${outside.port}/`);
    await hooks.happen();
    await outside.until(1);
    await hooks.untilDelivery(id, 'is there', ({ status }) => status === 'succeeded');
    // Asked once: between the check and the connection there is no second question to answer differently.
    expect(names.asked.filter((name) => name === 'flips.test')).toHaveLength(1);
    await hooks.happen();
    expect(await refused(id)).toMatch(/^address_refused: .* \(127\.0\.0\.1\)/);
    expect(outside.received).toHaveLength(1);
  });

  test('are not sent where a redirect points', async () => {
    names.answers.set('fine.test', ['127.0.0.2']);
    for (const target of ['http://169.254.169.254/latest/meta-data/', `http://127.0.0.1:${inside.port}/`]) {
      outside.behaviour = answering(307, { location: target });
      const { id } = await hooks.endpoint(`http://fine.test:${outside.port}/`);
      await hooks.happen();
      const delivery = await hooks.untilDelivery(id, 'was tried', ({ lastStatus }) => lastStatus !== null);
      expect(delivery).toMatchObject({ lastStatus: 307, lastError: 'redirect_refused: redirects are not followed' });
    }
    expect(inside.received).toEqual([]);
    expect(names.asked).not.toContain('169.254.169.254');
  });

  test('are not sent through a proxy that the environment names', async () => {
    const before = { ...process.env };
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY'])
      process.env[name] = `http://127.0.0.1:${inside.port}`;
    names.answers.set('direct.test', ['127.0.0.2']);
    await hooks.endpoint(`http://direct.test:${outside.port}/`);
    await hooks.happen();
    await outside.until(1);
    expect(inside.received).toEqual([]);
    process.env = before;
  });
});
