import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { OutgoingHttp } from './outgoing-http.js';

const REQUEST = { headers: { 'content-type': 'text/plain', 'x-mark': 'here' }, body: '汉字' };
const never = new AbortController().signal;
let server: Server;
let http: OutgoingHttp;
let served: ((socket: Socket, count: number) => string | undefined) | undefined;
let count = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume().once('end', () => {
      const body = served?.(request.socket, ++count);
      if (body !== undefined) response.end(body);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});
beforeEach(() => {
  http = new OutgoingHttp();
  count = 0;
});
afterEach(() => http.close());

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;

test('connections are kept', async () => {
  const sockets = new Set<Socket>();
  served = (socket) => (sockets.add(socket), 'ok');
  for (let n = 0; n < 3; n += 1)
    expect(await http.send('POST', url(), REQUEST, 1_000, never)).toEqual({ status: 200, body: 'ok' });
  expect(sockets.size).toBe(1);
});

test('a kept connection that the other side closed just then is no failure', async () => {
  served = (socket, n) => (n === 2 ? (socket.resetAndDestroy(), undefined) : 'ok');
  await http.send('POST', url(), REQUEST, 1_000, never);
  expect(await http.send('POST', url(), REQUEST, 1_000, never)).toEqual({ status: 200, body: 'ok' });
  expect(count).toBe(3);
});

test('a new connection that is closed is a failure', async () => {
  served = (socket) => (socket.resetAndDestroy(), undefined);
  expect(await http.send('POST', url(), REQUEST, 1_000, never)).toEqual({ body: '', error: 'ECONNRESET' });
  expect(count).toBe(1);
});

test('no answer in time, and an end from outside, are told apart', async () => {
  served = () => undefined;
  expect(await http.send('POST', url(), REQUEST, 50, never)).toEqual({ body: '', error: 'no answer within 50 ms' });
  expect(await http.send('POST', url(), REQUEST, 1_000, AbortSignal.timeout(50))).toEqual({
    body: '',
    error: 'aborted',
  });
});

test('of an endless answer only the start is read', async () => {
  served = () => 'x'.repeat(1_000_000);
  expect((await http.send('POST', url(), REQUEST, 1_000, never)).body).toHaveLength(65_536);
});
