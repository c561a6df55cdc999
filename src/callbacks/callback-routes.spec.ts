import { fastify, type FastifyInstance } from 'fastify';
import type { RawCallback } from '../platforms/callback.js';
import { mountCallbacks } from './callback-routes.js';
import type { Received } from './intake.js';

const NOW = new Date('2026-11-20T10:00:00Z');

let server: FastifyInstance;
let url: string;
let received: Received;
const came: { accountId: string; raw: RawCallback }[] = [];

beforeAll(async () => {
  server = fastify();
  const receive = async (accountId: string, raw: RawCallback) => {
    came.push({ accountId, raw });
    return received;
  };
  mountCallbacks(server, { receive }, () => NOW);
  url = await server.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(() => void came.splice(0));
afterAll(() => server.close());

const queryOf = async (query: string) => {
  received = { kind: 'refused' };
  came.splice(0);
  await fetch(`${url}/callbacks/pac_1?${query}`);
  return came[0]?.raw.query;
};

test('a question about the address is answered in the words of the platform', async () => {
  received = { kind: 'check', reply: { status: 200, contentType: 'text/plain', body: 'echo 你好' } };
  const answer = await fetch(`${url}/callbacks/pac_1/push?signature=s&echostr=echo`);
  expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
    200,
    'text/plain',
    'echo 你好',
  ]);
  const raw = { method: 'GET', query: { signature: 's', echostr: 'echo' }, hint: 'push', receivedAt: NOW };
  expect(came).toMatchObject([{ accountId: 'pac_1', raw }]);
});

test('the query is decoded, and of a repeated name the first value counts', async () => {
  expect(await queryOf('signature=a%2Bb%3D&nonce=1+2&nonce=3&flag&signature=later')).toEqual({
    signature: 'a+b=',
    nonce: '1 2',
    flag: '',
  });
});

test('no query is an empty one, and a strange one does no harm', async () => {
  expect(await queryOf('')).toEqual({});
  const strange = (await queryOf('%E4%BD%A0=1&__proto__=x&%zz=1')) ?? {};
  expect(Object.entries(strange)).toEqual([
    ['你', '1'],
    ['__proto__', 'x'],
    ['%zz', '1'],
  ]);
});

test('of a query that no platform sends only some is kept', async () => {
  const many = Array.from({ length: 100 }, (_, index) => `n${index}=1`).join('&');
  expect(Object.keys((await queryOf(many)) ?? {})).toHaveLength(32);
  expect(await queryOf(`signature=s&long=${'x'.repeat(4_000)}`)).toEqual({ signature: 's' });
});
