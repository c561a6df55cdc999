import type { LookupAddress } from 'node:dns';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AddressRules } from './addresses.js';
import { HostResolver } from './resolver.js';
import { Sender } from './sender.js';
import { Targets } from './targets.js';

/** A name server that answers what the test says, and counts how often it is asked. */
class Names extends HostResolver {
  asked = 0;
  answer: () => string[] = () => ['127.0.0.1'];

  override async resolve(): Promise<LookupAddress[]> {
    this.asked += 1;
    return this.answer().map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  }
}

describe('the sender', () => {
  let server: Server;
  let answer: RequestListener;
  let requests: { method: string | undefined; url: string | undefined; headers: object; body: string }[];
  let connections = 0;
  let names: Names;
  let sender: Sender;
  const newSender = (allow: string[]) => new Sender(new Targets(new AddressRules(allow), names), { timeout: 400 });

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        requests.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
        answer(request, response);
      });
    });
    server.on('connection', () => (connections += 1));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  beforeEach(() => {
    [requests, connections, names] = [[], 0, new Names()];
    answer = (_, response) => response.writeHead(204).end();
    sender = newSender(['127.0.0.1']);
  });
  afterEach(() => sender.close());
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const port = () => (server.address() as AddressInfo).port;
  const send = (url: string, from = sender) =>
    from.send({
      url: new URL(url.replace('PORT', String(port()))),
      headers: { 'webhook-id': 'evt_1' },
      body: '{"a":1}',
    });

  test('posts the bytes and keeps its connections', async () => {
    answer = (_, response) => response.writeHead(201).end('thanks\u0000');
    for (let count = 0; count < 10; count += 1) {
      expect(await send('http://hook.test:PORT/a?b=c')).toMatchObject({ status: 201, error: null, text: 'thanks' });
    }
    expect(requests[0]).toMatchObject({ method: 'POST', url: '/a?b=c', body: '{"a":1}' });
    expect(requests[0]!.headers).toMatchObject({
      host: `hook.test:${port()}`,
      'content-length': '7',
      'webhook-id': 'evt_1',
    });
    // One that has just ended its exchange may not be free yet for the next.
    expect([requests.length, connections <= 2, names.asked]).toEqual([10, true, connections]);
  });

  test('ends an exchange that hangs, or drips, when its time is over', async () => {
    answer = () => undefined;
    const hanging = await send('http://hook.test:PORT');
    expect(hanging).toMatchObject({ status: null, error: 'timeout: no whole answer within 0.4 s' });
    expect(hanging.durationMs).toBeLessThan(1_500);
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100000' });
      const drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(drip));
    };
    const dripping = await send('http://hook.test:PORT');
    expect(dripping).toMatchObject({ status: 200, error: 'timeout: no whole answer within 0.4 s' });
    expect(dripping.text).toMatch(/^\.+$/);
    expect(dripping.durationMs).toBeLessThan(1_500);
    // The connections are gone: nothing of them comes into the next exchange.
    answer = (_, response) => response.writeHead(200).end('fine');
    expect(await send('http://hook.test:PORT')).toMatchObject({ status: 200, error: null, text: 'fine' });
  });

  test('reads no more than 64 KiB of an answer without end, and keeps 1 KiB', async () => {
    let written = 0;
    const closed = new Promise<void>((resolve) => {
      answer = (_, response) => {
        response.writeHead(200);
        const pour = () => {
          while (!response.destroyed && response.write(Buffer.alloc(16_384, 'x'))) written += 16_384;
        };
        response.on('drain', pour).on('close', resolve);
        pour();
      };
    });
    const sent = await send('http://hook.test:PORT');
    expect(sent).toMatchObject({ status: 200, error: null, text: 'x'.repeat(1_024) });
    await closed;
    // What the sockets of both sides hold beside it.
    expect(written).toBeLessThan(8 * 1024 * 1024);
  });

  test('does not follow a redirect', async () => {
    answer = (_, response) => response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
    expect(await send('http://hook.test:PORT')).toMatchObject({ status: 307, error: null });
    expect(requests).toHaveLength(1);
  });

  test('says what Retry-After asks for, and why a connection failed', async () => {
    answer = (_, response) => response.writeHead(503, { 'retry-after': '7' }).end();
    expect(await send('http://hook.test:PORT')).toMatchObject({ status: 503, retryAfter: '7' });
    expect(await send('http://hook.test:1')).toMatchObject({ status: null, error: 'connection_failed: ECONNREFUSED' });
    answer = (request) => request.socket.destroy();
    expect((await send('http://hook.test:PORT')).error).toMatch(/^connection_failed: /);
    names.answer = () => {
      throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    };
    expect(await send('http://nowhere.test:PORT')).toMatchObject({ error: 'dns_failed: ENOTFOUND' });
  });

  test.each([
    ['http://127.0.0.1:PORT', /127\.0\.0\.1/],
    ['http://[::1]:PORT', /::1/],
    ['http://[::ffff:7f00:1]:PORT', /7f00:1/],
    ['https://169.254.169.254/latest/meta-data/', /169\.254\.169\.254.*not a public address/],
    ['http://2130706433:PORT/', /127\.0\.0\.1/],
    ['http://0x7f.1:PORT/', /127\.0\.0\.1/],
  ])('reaches nothing inside by its address: %s', async (url, why) => {
    const strict = newSender([]);
    const sent = await send(url, strict);
    expect(sent).toMatchObject({ status: null, error: expect.stringMatching(/^address_refused: /) });
    expect(sent.error).toMatch(why);
    expect([requests.length, connections, names.asked]).toEqual([0, 0, 0]);
    await strict.close();
  });

  test.each([
    [['127.0.0.1']],
    [['::1']],
    [['169.254.169.254']],
    [['10.0.0.1']],
    [['::ffff:127.0.0.1']],
    [['93.184.216.34', '127.0.0.1']],
    [['2606:4700:4700::1111', 'fd00::1']],
  ])('reaches nothing inside by a name: %j', async (addresses) => {
    const strict = newSender([]);
    names.answer = () => addresses;
    const sent = await send('https://hook.test:PORT', strict);
    expect(sent.error).toMatch(
      /^address_refused: Webhooks cannot be sent to hook\.test \(.*\): it is not a public address/,
    );
    expect([requests.length, connections]).toEqual([0, 0]);
    await strict.close();
  });

  test('asks for the name once and connects to that answer, whatever the name says a moment later', async () => {
    const answers = [['127.0.0.1'], ['10.0.0.1']];
    names.answer = () => answers.shift() ?? ['127.0.0.1'];
    answer = (_, response) => response.writeHead(204, { connection: 'close' }).end();
    expect(await send('http://hook.test:PORT')).toMatchObject({ status: 204 });
    expect(names.asked).toBe(1);
    // A new connection asks anew, and is refused.
    expect((await send('http://hook.test:PORT')).error).toMatch(/^address_refused: /);
    expect([names.asked, requests.length, connections]).toEqual([2, 1, 1]);
  });

  test('sends plain http only to what is listed', async () => {
    names.answer = () => ['93.184.216.34'];
    expect((await send('http://hook.test:PORT')).error).toBe(
      'address_refused: Plain http does not go to hook.test (93.184.216.34): use https.',
    );
  });

  test('breaks off what is on its way when it is closed', async () => {
    answer = () => void sender.close();
    expect((await send('http://hook.test:PORT')).error).toMatch(/^stopped: /);
  });
});
