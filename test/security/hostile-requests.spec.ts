import { randomUUID } from 'node:crypto';
import { anApp, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { faultsOfProblem } from './support/problems.js';
import { sendRaw } from './support/raw-request.js';

type Body = string | Uint8Array;

describe('hostile requests', () => {
  let minibase: Minibase;
  let app: TestApp;
  beforeAll(async () => {
    minibase = await startMinibase();
    app = await anApp(minibase, ['wechat']);
  });
  afterAll(() => minibase.close());

  interface Sent {
    readonly method?: string;
    readonly token?: string;
    readonly headers?: Record<string, string>;
    readonly body?: Body;
  }

  /** Fails unless the answer is a well-formed problem with that status and code. */
  async function refused(status: number, code: string, path: string, sent: Sent = {}): Promise<void> {
    const { method = 'GET', token = app.secretKey, headers = {}, body = null } = sent;
    const answer = await fetch(minibase.url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === null ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body,
    });
    const text = await answer.text();
    expect(faultsOfProblem(answer.status, answer.headers.get('content-type'), text)).toEqual([]);
    const problem = JSON.parse(text) as { code: string; requestId: string };
    expect({ status: answer.status, code: problem.code }).toEqual({ status, code });
    expect(answer.headers.get('x-request-id')).toBe(problem.requestId);
  }

  const patch = (body: Body, headers: Record<string, string> = {}): Sent => ({ method: 'PATCH', body, headers });
  const someUser = '/v1/users/usr_019a6b0c4d5e7f00a1b2c3d4e5f60718';

  test.each([
    ['a NUL in a value', '{"nickname":"a\\u0000b"}'],
    ['a NUL in a name', '{"metadata":{"a\\u0000":"b"}}'],
    ['half a surrogate pair in a value', '{"nickname":"a\\ud800b"}'],
    ['half a surrogate pair in a name', '{"metadata":{"\\udc00":"b"}}'],
    ['bytes that are not UTF-8', Buffer.from([...Buffer.from('{"nickname":"'), 0xff, 0xfe, ...Buffer.from('"}')])],
    ['an overlong encoding', Buffer.from([...Buffer.from('{"nickname":"'), 0xc0, 0xaf, ...Buffer.from('"}')])],
    ['__proto__', '{"__proto__":{"nickname":"x"}}'],
    ['constructor', '{"constructor":{"prototype":{"nickname":"x"}}}'],
    ['prototype, deeper', '{"metadata":{"prototype":"x"}}'],
    ['half of a document', '{"nickname":'],
    ['two documents', '{}{}'],
    ['nothing but blanks', '   '],
    ['brackets sixty thousand deep', `{"metadata":${'['.repeat(60_000)}${']'.repeat(60_000)}}`],
    ['objects thirty thousand deep', `{"metadata":${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}}`],
  ])('a body with %s is malformed, with and without an Idempotency-Key', async (_, body) => {
    await refused(400, 'malformed_body', someUser, patch(body));
    await refused(400, 'malformed_body', someUser, patch(body, { 'idempotency-key': randomUUID() }));
  });

  test('a body beyond 256 KiB is too large, one just below is judged by what it says', async () => {
    await refused(413, 'payload_too_large', someUser, patch(JSON.stringify({ nickname: 'x'.repeat(256 * 1024) })));
    await refused(400, 'validation_failed', someUser, patch(JSON.stringify({ nickname: 'x'.repeat(255 * 1024) })));
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'a',
  ])('a body of type %s is not accepted', async (type) => {
    await refused(415, 'unsupported_media_type', someUser, patch('{"nickname":"x"}', { 'content-type': type }));
  });

  test.each([
    ['/v1/users/%00', 'malformed_request'],
    ['/v1/events?streamId=%00', 'malformed_request'],
    ['/v1/users/%e0%a4%a', 'malformed_request'],
    ['/v1/users/%ff', 'malformed_request'],
    ["/v1/users/usr_'%20or%201=1--", 'user_not_found'],
    ['/v1/users/..%2f..%2fetc%2fpasswd', 'user_not_found'],
    ['/v1/events?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OQ', 'validation_failed'],
    ['/v1/events?limit=1e9', 'validation_failed'],
    ['/v1/events?limit=NaN', 'validation_failed'],
    ['/v1/events?limit=1&limit=2', 'validation_failed'],
    ['/v1/events?unknown=1', 'validation_failed'],
    ['/v1/users?phone=%2B86%27;drop', 'validation_failed'],
    ['/v1/nothing/here', 'not_found'],
    ['/', 'not_found'],
  ])('GET %s is %s', async (path, code) => {
    await refused(code.endsWith('not_found') ? 404 : 400, code, path);
  });

  test('ids and cursors of any length are refused, not looked up', async () => {
    await refused(404, 'not_found', `/v1/users/${'x'.repeat(201)}`);
    await refused(404, 'user_not_found', `/v1/users/${'x'.repeat(200)}`);
    await refused(400, 'validation_failed', `/v1/events?cursor=${'x'.repeat(8_000)}`);
  });

  test.each(['', ' ', 'a b', 'ключ', '…'.repeat(100)])('the Idempotency-Key "%s" is refused', async (key) => {
    const header = Buffer.from(key).toString('latin1');
    const body = JSON.stringify({ metadata: {} });
    await refused(400, 'validation_failed', someUser, patch(body, { 'idempotency-key': header }));
  });

  test.each(['PUT', 'OPTIONS', 'PROPFIND'])('%s, which no route knows, finds nothing', async (method) => {
    await refused(404, 'not_found', '/v1/users', { method });
  });

  const head = (...lines: string[]): string => [...lines, 'host: x', 'connection: close', '', ''].join('\r\n');

  test.each([
    ['what is not HTTP at all', 'hello\r\n\r\n', 400, 'malformed_request'],
    ['TRACE', head('TRACE /v1/users HTTP/1.1'), 404, 'not_found'],
    ['an invalid header name', head('GET / HTTP/1.1', 'a b: c'), 400, 'malformed_request'],
    ['a NUL in a header', head('GET / HTTP/1.1', 'x-app-id: a\0b'), 400, 'malformed_request'],
    ['two lengths', head('POST /v1/apps HTTP/1.1', 'content-length: 1', 'content-length: 2'), 400, 'malformed_request'],
    ['a negative length', head('POST /v1/apps HTTP/1.1', 'content-length: -1'), 400, 'malformed_request'],
    [
      'length and chunks at once',
      head('POST /v1/apps HTTP/1.1', 'content-length: 3', 'transfer-encoding: chunked'),
      400,
      'malformed_request',
    ],
    [
      'twenty kilobytes of headers',
      head('GET / HTTP/1.1', `x-filler: ${'x'.repeat(20_000)}`),
      431,
      'headers_too_large',
    ],
    ['a path of twenty kilobytes', head(`GET /v1/users/${'x'.repeat(20_000)} HTTP/1.1`), 431, 'headers_too_large'],
    ['an unknown version', head('GET / HTTP/9.9'), 400, 'malformed_request'],
  ])('%s gets a problem', async (_, bytes, status, code) => {
    const answer = await sendRaw(minibase.url, bytes);
    expect(faultsOfProblem(answer.status, answer.headers.get('content-type'), answer.body)).toEqual([]);
    expect(answer).toMatchObject({ status });
    expect(JSON.parse(answer.body)).toMatchObject({ code, requestId: answer.headers.get('x-request-id') });
  });

  test('after all that the server still serves', async () => {
    const answer = await fetch(`${minibase.url}/health/ready`);
    expect(answer.status).toBe(200);
  });
});
