import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PlatformError } from './errors.js';
import type { PlatformCall, PlatformRequest } from './platform-http.js';
import type { PlatformAccount } from './platform.js';
import { UndiciHttp } from './undici-http.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A real server on a free port that remembers what reached it. */
class Host {
  readonly requests: string[] = [];
  connections = 0;
  #server: Server;

  private constructor(handler: Handler) {
    this.#server = createServer((request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      handler(request, response);
    }).on('connection', () => (this.connections += 1));
  }

  static async start(handler: Handler): Promise<Host> {
    const host = new Host(handler);
    await new Promise<void>((resolve) => host.#server.listen(0, '127.0.0.1', resolve));
    return host;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

const answer =
  (text: string): Handler =>
  (_, response) =>
    void response.end(text);
const hang: Handler = () => undefined;

const accountIn = (mode: 'test' | 'live'): PlatformAccount => ({
  appId: 'app_1',
  id: 'pac_1',
  platform: 'wechat',
  platformAppId: 'wx0123456789abcdef',
  mode,
  credentials: {},
});

let platform: Host;
let sandbox: Host;
let calls: PlatformCall[];
const opened: UndiciHttp[] = [];

const httpWith = (sandboxUrl: string | undefined): UndiciHttp => {
  const http = new UndiciHttp({ sandboxUrl, onCall: (call) => calls.push(call) });
  opened.push(http);
  return http;
};

const get = (over: Partial<PlatformRequest> = {}): PlatformRequest => ({
  origin: platform.origin,
  method: 'GET',
  path: '/sns/x?secret=s3cret',
  operation: 'x',
  ...over,
});

const problemOf = async (sending: Promise<unknown>): Promise<unknown> => {
  const error: unknown = await sending.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PlatformError);
  return (error as PlatformError).code;
};

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function setHosts(onPlatform: Handler, onSandbox: Handler = answer('sandbox')): Promise<void> {
  [platform, sandbox] = await Promise.all([Host.start(onPlatform), Host.start(onSandbox)]);
}

beforeEach(() => {
  calls = [];
});

afterEach(async () => {
  await Promise.all([platform.stop(), sandbox.stop()]);
  await Promise.all(opened.splice(0).map((http) => http.close()));
});

describe('where a call goes', () => {
  beforeEach(() => setHosts(answer('platform')));

  test('a test account reaches the sandbox and nothing else, whatever host the call names', async () => {
    const { body } = await httpWith(sandbox.origin).send(accountIn('test'), get());
    expect(body.toString()).toBe('sandbox');
    expect(sandbox.requests).toEqual(['GET /sns/x?secret=s3cret']);
    expect(platform.requests).toEqual([]);
  });

  test('a live account reaches its platform and never the sandbox', async () => {
    const { body } = await httpWith(sandbox.origin).send(accountIn('live'), get());
    expect(body.toString()).toBe('platform');
    expect(sandbox.requests).toEqual([]);
  });

  test('a sandbox behind a path gets its calls under that path', async () => {
    await httpWith(`${sandbox.origin}/play/`).send(accountIn('test'), get());
    expect(sandbox.requests).toEqual(['GET /play/sns/x?secret=s3cret']);
  });

  test('without a sandbox a test account reaches nobody', async () => {
    expect(await problemOf(httpWith(undefined).send(accountIn('test'), get()))).toBe('platform_account_misconfigured');
    expect([...platform.requests, ...sandbox.requests]).toEqual([]);
  });

  test.each(['test', 'live'] as const)(
    'when SANDBOX_URL names the platform itself, a %s account is refused',
    async (mode) => {
      const http = httpWith(`${platform.origin}/`);
      expect(await problemOf(http.send(accountIn(mode), get()))).toBe('platform_account_misconfigured');
      expect(platform.requests).toEqual([]);
    },
  );
});

describe('what comes back', () => {
  test('is the status, the headers and the bytes, whatever they are', async () => {
    await setHosts((_, response) => {
      response.writeHead(503, { 'x-tt-logid': 'log-1' });
      response.write(Buffer.from([0xff, 0x00]));
      setImmediate(() => response.end(Buffer.from([0xfe])));
    });
    const { status, headers, body } = await httpWith(undefined).send(accountIn('live'), get());
    expect({ status, logid: headers['x-tt-logid'], body }).toEqual({
      status: 503,
      logid: 'log-1',
      body: Buffer.from([0xff, 0x00, 0xfe]),
    });
  });

  test('is a redirect itself, not what it points to', async () => {
    await setHosts((_, response) => void response.writeHead(302, { location: sandbox.origin }).end());
    const { status } = await httpWith(undefined).send(accountIn('live'), get());
    expect(status).toBe(302);
    expect(sandbox.requests).toEqual([]);
  });

  test('may be one MiB, but not a byte more', async () => {
    await setHosts((request, response) => void response.end(Buffer.alloc(2 ** 20 + Number(request.url!.slice(1)))));
    const http = httpWith(undefined);
    const { body } = await http.send(accountIn('live'), get({ path: '/0' }));
    expect(body.length).toBe(2 ** 20);
    expect(await problemOf(http.send(accountIn('live'), get({ path: '/1' })))).toBe('platform_unknown');
  });

  test('to a POST is for exactly the headers and the body that were given', async () => {
    await setHosts((request, response) => {
      void request.toArray().then((chunks: Buffer[]) => {
        response.end(JSON.stringify([request.headers['content-type'], Buffer.concat(chunks).toString()]));
      });
    });
    const post = get({ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"名":"值"}' });
    const { body } = await httpWith(undefined).send(accountIn('live'), post);
    expect(JSON.parse(body.toString())).toEqual(['application/json', '{"名":"值"}']);
  });
});

describe('what goes wrong', () => {
  test('a refused connection and an unknown host: certainly not sent', async () => {
    await setHosts(answer(''));
    const refused = get();
    await platform.stop();
    const http = httpWith(undefined);
    for (const request of [refused, { ...refused, origin: 'http://nowhere.invalid' }]) {
      expect(await problemOf(http.send(accountIn('live'), request))).toBe('platform_busy');
    }
    expect(calls.map(({ outcome }) => outcome)).toEqual(['not_sent', 'not_sent']);
  });

  test('no answer in time: unknown', async () => {
    await setHosts(hang);
    expect(await problemOf(httpWith(undefined).send(accountIn('live'), get({ timeout: 50 })))).toBe('platform_unknown');
    expect(platform.requests).toHaveLength(1);
  });

  test('an answer that does not end in time: unknown', async () => {
    await setHosts((_, response) => void response.write('{'));
    expect(await problemOf(httpWith(undefined).send(accountIn('live'), get({ timeout: 50 })))).toBe('platform_unknown');
  });

  test('a connection that breaks before or within the answer: unknown', async () => {
    await setHosts((request, response) => {
      if (request.url === '/within') response.writeHead(200, { 'content-length': 10 }).write('{');
      setImmediate(() => request.socket.destroy());
    });
    const http = httpWith(undefined);
    for (const path of ['/before', '/within']) {
      expect(await problemOf(http.send(accountIn('live'), get({ path })))).toBe('platform_unknown');
    }
  });

  test('a call whose time is up while it waits for a free connection was not sent', async () => {
    await setHosts(hang);
    const http = httpWith(undefined);
    const running = Array.from({ length: 256 }, () => problemOf(http.send(accountIn('live'), get())));
    await until(() => platform.requests.length === 256);

    expect(await problemOf(http.send(accountIn('live'), get({ path: '/late', timeout: 50 })))).toBe('platform_busy');
    await platform.stop();
    expect(new Set(await Promise.all(running))).toEqual(new Set(['platform_unknown']));
    expect(platform.requests).not.toContain('GET /late');
  });
});

test('calls in a row reuse their connections', async () => {
  await setHosts(answer('{}'));
  const http = httpWith(undefined);
  for (let i = 0; i < 20; i++) await http.send(accountIn('live'), get());
  // Two, as undici counts a connection as free one turn after its answer.
  expect(platform.connections).toBeLessThanOrEqual(2);
});

test('the observer learns who, what, how and how long, and never the path', async () => {
  await setHosts(answer('{}'));
  await httpWith(undefined).send(accountIn('live'), get());
  expect(calls).toEqual([
    {
      appId: 'app_1',
      accountId: 'pac_1',
      platform: 'wechat',
      operation: 'x',
      outcome: 'answered',
      status: 200,
      seconds: expect.any(Number) as number,
    },
  ]);
  expect(JSON.stringify(calls)).not.toContain('s3cret');
});
