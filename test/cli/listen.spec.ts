import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { Forwarder } from '../../src/cli/listen/forwarder.js';
import { listenUntil, type ListenOptions } from '../../src/cli/listen/listen.js';
import { StartError } from '../../src/common/start-error.js';
import type { EventView } from '../../src/events/events.schemas.js';
import { newSigningSecret } from '../../src/webhooks/signature.js';
import { until } from '../queues/support/until.js';
import { aLogin, anApp, asServer, type TestApp } from '../support/client.js';
import { eventsOf, untilEvent } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { answering, Receiver } from '../webhooks/support/receiver.js';
import { Command } from './support/command.js';
import { Gateway } from './support/gateway.js';

let minibase: Minibase;
let app: TestApp;
let receiver: Receiver;
let dataDir: string;
beforeAll(async () => {
  minibase = await startMinibase();
  dataDir = await mkdtemp(join(tmpdir(), 'minibase-listen-'));
});
beforeEach(async () => {
  app = await anApp(minibase, ['wechat']);
  receiver = await Receiver.start();
});
afterEach(() => receiver.close());
afterAll(async () => {
  await minibase.close();
  await rm(dataDir, { recursive: true, force: true });
});

const SECRET = newSigningSecret('v1').secret;

/** Listens in this process, until `stop`. */
function listening(over: Partial<ListenOptions> = {}) {
  const stop = new AbortController();
  const lines: string[] = [];
  const options = {
    api: minibase.url,
    key: app.secretKey,
    forwardTo: receiver.url,
    secret: SECRET,
    since: '0',
    ...over,
  };
  const ended = listenUntil(stop.signal, options, (line) => lines.push(...line.split('\n')));
  // Who waits for a line sees why there is none.
  let failure: unknown;
  ended.catch((error: unknown) => (failure = error));
  const says = (text: string) =>
    until(
      text,
      () => {
        if (failure) throw failure as Error;
        return lines.some((line) => line.includes(text));
      },
      20_000,
    );
  return { lines, ended, says, stop: () => (stop.abort(), ended) };
}
const refusal = (over: Partial<ListenOptions>): Promise<string> =>
  listening(over).ended.then(
    () => 'it listened',
    (error: unknown) => (error instanceof StartError ? error.line : 'no line for people'),
  );
const events = () => eventsOf(minibase, app.secretKey);

describe('minibase listen', () => {
  test('as a command forwards signed what happens from now on, and goes on later where it stopped', async () => {
    await aLogin(minibase, app, 'before');
    await untilEvent(minibase, app.secretKey, 'user.created');
    const env = { MINIBASE_SECRET_KEY: app.secretKey, PUBLIC_URL: minibase.url, DATA_DIR: dataDir };
    const args = ['listen', '--forward-to', receiver.url];
    const first = await new Command(args, env).says('Forwarding the events of this test app');
    const [, secret = ''] = /handler: (whsec_\S+)/.exec(first.output) ?? [];
    await aLogin(minibase, app, 'ming');
    const [message] = await receiver.until(1);
    const [, told] = await untilEvent(minibase, app.secretKey, 'user.created', 2);
    expect(message!.id).toBe(told!.id);
    expect(new Webhook(secret).verify(message!.body, message!.headers)).toEqual({
      type: 'user.created',
      timestamp: (told as unknown as EventView).createdAt,
      data: told!.data,
    });
    expect(() => new Webhook(secret).verify(message!.body.replace('wechat', 'alipay'), message!.headers)).toThrow();
    await first.says('→ 204');
    expect(first.output).toMatch(new RegExp(`^20\\S+Z ${told!.id} user\\.created → 204 \\(\\d+ ms\\)$`, 'm'));

    first.child.kill('SIGINT');
    expect(await first.ended).toEqual({ code: 0, signal: null });
    const [, position = ''] = /--since (\d+)\n$/.exec(first.output) ?? [];
    expect(position).toBe(String(told!.position));
    await aLogin(minibase, app, 'meanwhile');
    const second = await new Command([...args, '--since', position], env).says('→ 204');
    second.child.kill('SIGTERM');
    expect(await second.ended).toEqual({ code: 0, signal: null });
    expect(receiver.received.map(({ id }) => id)).toEqual((await events()).slice(1).map(({ id }) => id));
    expect(second.output).toContain(secret);
    expect((await stat(join(dataDir, 'listen', `${app.appId}.json`))).mode & 0o777).toBe(0o600);
    for (const { output, errors } of [first, second]) expect(output + errors).not.toContain(app.secretKey);
  }, 60_000);

  test('as a command ends with one line when nobody knows the key', async () => {
    const wrong = `${app.secretKey.slice(0, -4)}AAAA`;
    const command = new Command(['listen', '--forward-to', receiver.url, '--api', minibase.url, '--key', wrong]);
    expect(await command.ended).toEqual({ code: 1, signal: null });
    expect(command.errors).toMatch(/^The API at \S+ does not know this key: .*\n$/);
    expect(command.output).toBe('');
  });

  test('forwards only the types that are named, in their order', async () => {
    const { user } = await aLogin(minibase, app);
    for (const nickname of ['Ming', 'Hong', 'Lan']) {
      await asServer(minibase, app, 'PATCH', `/v1/users/${user.id}`, { body: { nickname } });
    }
    await untilEvent(minibase, app.secretKey, 'user.updated', 3);
    const { stop } = listening({ events: 'user.updated, payment.created' });
    await receiver.until(3);
    await stop();
    const updated = (await events()).filter(({ type }) => type === 'user.updated');
    expect(receiver.received.map(({ id }) => id)).toEqual(updated.map(({ id }) => id));
  });

  test('finds the end of a long history, and waits for an API that has gone away', async () => {
    for (let count = 0; count < 7; count++) await aLogin(minibase, app, `person-${count}`);
    await untilEvent(minibase, app.secretKey, 'user.created', 7);
    const newest = (await events()).at(-1)!.position;
    const gateway = await Gateway.open(minibase.url);
    const { lines, says, stop } = listening({ since: 'now', api: gateway.url });
    await says(`after position ${newest} `);
    await gateway.goAway();
    await says('does not answer (');
    await aLogin(minibase, app, 'late');
    await gateway.comeBack();
    await receiver.until(1, 20_000);
    await stop();
    await gateway.goAway();
    expect(receiver.received).toHaveLength(1);
    expect(lines.filter((line) => line.includes('does not answer'))).toHaveLength(1);
    expect(lines).toContain('The API answers again.');
  });

  test('tries a failed forward again, and does not overtake it', async () => {
    let refusals = 1;
    receiver.behaviour = (...args) => answering(refusals-- > 0 ? 503 : 200)(...args);
    await aLogin(minibase, app, 'first');
    await aLogin(minibase, app, 'second');
    await untilEvent(minibase, app.secretKey, 'user.created', 2);
    const { lines, stop } = listening();
    const received = await receiver.until(3);
    await stop();
    const [one, two] = (await events()).map(({ id }) => id);
    expect(received.map(({ id }) => id)).toEqual([one, one, two]);
    expect(lines).toContainEqual(
      expect.stringMatching(new RegExp(`${one} user.created → 503 \\(\\d+ ms\\), again in 1 s$`)),
    );
    expect(lines.at(-1)).toMatch(/^Stopped\. To go on from here: --since \d+$/);
  });

  test('says in one line what cannot be', async () => {
    expect(await refusal({ forwardTo: 'localhost:8080' })).toContain('--forward-to must be an address');
    expect(await refusal({ forwardTo: 'http://me:pw@localhost' })).toContain('no user name');
    expect(await refusal({ events: 'user.created,user.creatd' })).toContain('there is no user.creatd');
    expect(await refusal({ since: 'yesterday' })).toContain('--since must be');
    expect(await refusal({ secret: 'hunter2' })).toContain('whsec_');
    expect(await refusal({ key: 'sk_1' })).toContain('begins with mb_test_');
    // Another server's address.
    expect(await refusal({ api: minibase.sandboxUrl })).toContain('GET /v1/events: ');
  });
});

describe('a forwarder', () => {
  const event: EventView = {
    id: `evt_${'0'.repeat(32)}`,
    type: 'user.created',
    position: 7,
    stream: { type: 'user', id: 'usr_1' },
    sequence: 1,
    object: { type: 'user', id: 'usr_1' },
    data: { userId: 'usr_1' },
    createdAt: '2026-11-20T08:00:00.000Z',
  };
  const forwardTo = async (url: string): Promise<string[]> => {
    const lines: string[] = [];
    const say = (line: string): void => void lines.push(line.replace(/^\S+ /, '').replace(/\d+ ms/, '… ms'));
    const forwarder = new Forwarder({ url: new URL(url), secret: SECRET, say, pauses: [5, 10] });
    await forwarder.forward(event, new AbortController().signal);
    await forwarder.close();
    return lines;
  };

  test('skips what fails again and again, and says how to get it', async () => {
    receiver.behaviour = answering(500);
    const failed = `${event.id} user.created → 500 (… ms)`;
    expect(await forwardTo(receiver.url)).toEqual([
      `${failed}, again in 0.005 s`,
      `${failed}, again in 0.01 s`,
      `${failed}, skipped after 3 tries; --since 6 begins with it`,
    ]);
  });

  test('follows no redirect', async () => {
    receiver.behaviour = (response, received, request) =>
      answering(request.url === '/elsewhere' ? 200 : 302, { location: '/elsewhere' })(response, received, request);
    expect((await forwardTo(receiver.url)).at(-1)).toContain('302, a redirect, which is not followed');
    expect(receiver.received).toHaveLength(3);
  });

  test('reads no more of an answer than anybody needs', async () => {
    let written = 0;
    receiver.behaviour = (response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(64 * 1_024);
      const write = (): void => {
        while (!response.destroyed && response.write(chunk)) written += chunk.length;
        if (!response.destroyed) response.once('drain', write);
      };
      write();
    };
    expect(await forwardTo(receiver.url)).toEqual([`${event.id} user.created → 200 (… ms)`]);
    expect(written).toBeLessThan(16 * 1_024 * 1_024);
  });

  test('says when nobody is there', async () => {
    await receiver.close();
    expect((await forwardTo('http://localhost:1/')).at(-1)).toContain('connection_failed: ECONNREFUSED');
    receiver = await Receiver.start();
  });
});
