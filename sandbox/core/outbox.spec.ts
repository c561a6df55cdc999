import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Receiver } from '../testing/receiver.js';
import { SCHEDULE, stage } from '../testing/stage.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

const MERCHANT = { platform: 'stage', merchantId: 'm1' };
let sandbox: TestSandbox;
let receiver: Receiver;

beforeAll(async () => {
  [sandbox, receiver] = await Promise.all([TestSandbox.start([stage]), Receiver.start()]);
});
afterAll(() => Promise.all([sandbox.stop(), receiver.stop()]));
beforeEach(async () => {
  await sandbox.post('/_/reset', {});
  receiver.forget();
  receiver.answer = () => ({});
  await sandbox.merchant('stage', { ...MERCHANT, callbackOrigin: receiver.origin });
});

const call = (text: string, over: Fields = {}): Promise<Fields> =>
  sandbox.post('/stage/call', { merchantId: 'm1', url: `${receiver.origin}/callbacks/x?y=1`, text, ...over });
const outgoing = (): Promise<Fields[]> => sandbox.calls({ direction: 'out' });
/** Waits for all that is being sent; when the next try is due. */
const settled = (): Promise<number | null> => sandbox.moveClock(0, MERCHANT);

test('a callback is sent at once, and not again when it is accepted', async () => {
  await call('hello');
  expect(await settled()).toBeNull();
  expect(receiver.received).toMatchObject([
    {
      path: '/callbacks/x?y=1',
      headers: { 'content-type': 'application/json' },
      body: '{"text":"hello","amount":100,"signature":"of m1"}',
    },
  ]);
  expect(await outgoing()).toMatchObject([
    {
      ...MERCHANT,
      direction: 'out',
      method: 'POST',
      url: `${receiver.origin}/callbacks/x?y=1`,
      path: '/callbacks/x',
      operation: 'STAGE.NEWS',
      status: 200,
      try: 1,
      body: '{"text":"hello","amount":100,"signature":"of m1"}',
    },
  ]);
});

test("refused, it comes again on the sender's schedule in business time, built anew, and then never", async () => {
  receiver.answer = () => ({ status: 500, body: 'not now' });
  await call('hello');
  let next = await settled();
  let from = sandbox.now;
  for (const seconds of SCHEDULE) {
    expect(next).toBe(from + seconds * 1_000);
    from = Number(next);
    const before = receiver.received.length;
    await sandbox.moveClock(from - 1, MERCHANT);
    expect(receiver.received).toHaveLength(before);
    next = await sandbox.moveClock(from, MERCHANT);
    expect(receiver.received).toHaveLength(before + 1);
  }
  expect(next).toBeNull();
  expect(new Set(receiver.received.map(({ headers }) => headers['x-built'])).size).toBe(4);
  expect(await outgoing()).toMatchObject([1, 2, 3, 4].map((n) => ({ try: n, status: 500, answer: 'not now' })));
});

test('it also comes again when protocol time passes, without a request', async () => {
  receiver.answer = () => ({ status: 500 });
  await call('hello');
  await settled();
  sandbox.advance({ seconds: 15 });
  expect(await receiver.atLeast(2)).toHaveLength(2);
});

test('a long jump tries each callback once', async () => {
  receiver.answer = () => ({ status: 500 });
  await call('a');
  await call('b');
  await settled();
  expect(await sandbox.moveClock(sandbox.now + 86_400_000, MERCHANT)).toBe(sandbox.now + 86_400_000 + 30_000);
  expect(receiver.received).toHaveLength(4);
});

test('no answer in time, and no connection, count as failures', async () => {
  receiver.answer = () => 'silence';
  await call('hello');
  expect(await settled()).toBe(sandbox.now + 15_000);
  await sandbox.merchant('stage', { ...MERCHANT, callbackOrigin: 'http://127.0.0.1:9' });
  await call('hello', { url: 'http://127.0.0.1:9/' });
  await settled();
  expect((await outgoing()).map(({ error }) => error)).toEqual(['no answer within 2000 ms', 'ECONNREFUSED']);
});

test('a redirect is not followed', async () => {
  receiver.answer = () => ({ status: 302 });
  await call('hello');
  expect(await settled()).not.toBeNull();
  expect(receiver.received).toHaveLength(1);
});

test('what the answer says reaches the platform', async () => {
  receiver.answer = () => ({ body: 'number 5' });
  await call('refund');
  await settled();
  expect(await sandbox.get('/stage/notes')).toMatchObject({ notes: [{ text: 'refund: number 5' }] });
});

test.each([
  ['another origin', 'http://127.0.0.1:1/callbacks/x'],
  ['a url that only begins like it', 'same.example'],
  ['no url at all', 'nowhere'],
])('%s gets nothing, and the log of calls tells', async (_, url) => {
  await call('secret', { url: url === 'same.example' ? `${receiver.origin}.example/` : url });
  expect(await settled()).toBeNull();
  const [refused] = await outgoing();
  expect(refused?.error).toBe(`not sent: the account's callbackOrigin is ${receiver.origin}`);
  expect(refused).not.toHaveProperty('body');
  expect(receiver.received).toEqual([]);
});

test('an account without a callbackOrigin calls nobody', async () => {
  await sandbox.merchant('stage', { merchantId: 'm2' });
  await call('secret', { merchantId: 'm2' });
  await sandbox.moveClock(0, { platform: 'stage', merchantId: 'm2' });
  expect(await outgoing()).toMatchObject([{ error: 'not sent: the account was registered without a callbackOrigin' }]);
});

test('what was not accepted is sent again after a restart, when it is due', async () => {
  receiver.answer = () => ({ status: 500 });
  await call('hello');
  await settled();
  await sandbox.restart();
  expect(receiver.received).toHaveLength(1);
  receiver.answer = () => ({});
  expect(await sandbox.moveClock(sandbox.now + 15_000, MERCHANT)).toBeNull();
  expect(receiver.received).toHaveLength(2);
  await sandbox.restart();
  expect(await settled()).toBeNull();
  expect(receiver.received).toHaveLength(2);
});

test('a stop ends what is being sent, and the next start sends it again', async () => {
  receiver.answer = () => 'silence';
  await call('hello');
  await receiver.atLeast(1);
  await sandbox.restart();
  receiver.answer = () => ({});
  await receiver.atLeast(2);
  expect(await settled()).toBeNull();
  expect(await outgoing()).toMatchObject([{ try: 1, status: 200 }]);
});

test('killed at any moment, it sends what was not accepted, and does not send what was', async () => {
  receiver.answer = ({ body }) => (body.includes('"slow"') ? 'silence' : {});
  await call('done');
  await settled();
  await call('slow');
  await receiver.atLeast(2);
  receiver.answer = () => ({});
  const after = await sandbox.afterKill();
  expect(await after.moveClock(0, MERCHANT)).toBeNull();
  await after.stop();
  expect(receiver.received.slice(2).map(({ body }) => body)).toEqual([expect.stringContaining('"slow"')]);
});

test('a callback does not leave before the disk knows what it tells', async () => {
  const onDisk: string[] = [];
  receiver.answer = () => {
    onDisk.push(readFileSync(join(sandbox.dataDir, 'sandbox', 'state.jsonl'), 'utf8'));
    return {};
  };
  await call('news');
  await settled();
  expect(onDisk).toEqual([expect.stringContaining('"text":"news"')]);
});

test('a reset forgets callbacks, also those that are being sent', async () => {
  receiver.answer = () => 'silence';
  await call('hello');
  await receiver.atLeast(1);
  await sandbox.post('/_/reset', {});
  sandbox.advance({ minutes: 60 });
  await sandbox.restart();
  await sandbox.merchant('stage', { ...MERCHANT, callbackOrigin: receiver.origin });
  expect(await settled()).toBeNull();
  expect(receiver.received).toHaveLength(1);
  expect(await outgoing()).toEqual([]);
});

test('callbacks that get stuck do not hold up those of another account', async () => {
  await sandbox.merchant('stage', { merchantId: 'm2', callbackOrigin: receiver.origin });
  const match = { platform: 'stage', merchantId: 'm1' };
  await sandbox.post('/_/faults', { match, kind: 'delay', times: 200, milliseconds: 60_000 });
  await Promise.all(Array.from({ length: 200 }, () => call('stuck')));
  await call('quick', { merchantId: 'm2' });
  expect(await sandbox.moveClock(0, { platform: 'stage', merchantId: 'm2' })).toBeNull();
  expect(receiver.received.map(({ body }) => body)).toEqual([expect.stringContaining('"quick"')]);
});

test('hundreds at once all arrive, once', async () => {
  await Promise.all(Array.from({ length: 500 }, (_, n) => call(`n${n}`)));
  expect(await settled()).toBeNull();
  expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(500);
  expect(receiver.received).toHaveLength(500);
});
