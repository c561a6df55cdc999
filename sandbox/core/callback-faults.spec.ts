import { Receiver } from '../testing/receiver.js';
import { stage } from '../testing/stage.js';
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
  await sandbox.merchant('stage', { ...MERCHANT, callbackOrigin: receiver.origin });
});

const fault = (kind: string, over: Fields = {}): Promise<Fields> =>
  sandbox.post('/_/faults', { match: { platform: 'stage' }, kind, ...over });
const call = (text: string, over: Fields = {}): Promise<Fields> =>
  sandbox.post('/stage/call', { merchantId: 'm1', url: `${receiver.origin}/callbacks/x`, text, ...over });
const settled = (): Promise<number | null> => sandbox.moveClock(0, MERCHANT);
const outgoing = (): Promise<Fields[]> => sandbox.calls({ direction: 'out' });
const bodies = (): Fields[] => receiver.received.map(({ body }) => JSON.parse(body) as Fields);

test('drop: this try never leaves, the next one does', async () => {
  await fault('drop');
  await call('hello');
  const next = await settled();
  expect(next).toBe(sandbox.now + 15_000);
  expect(receiver.received).toEqual([]);
  expect(await sandbox.moveClock(Number(next), MERCHANT)).toBeNull();
  expect(await outgoing()).toMatchObject([
    { try: 1, fault: 'drop' },
    { try: 2, status: 200 },
  ]);
});

test('duplicate: the same bytes twice at once, and done', async () => {
  await fault('duplicate');
  await call('hello');
  expect(await settled()).toBeNull();
  expect(receiver.received).toHaveLength(2);
  expect(receiver.received[0]).toEqual(receiver.received[1]);
  expect(await outgoing()).toMatchObject([{ fault: 'duplicate' }, { fault: 'duplicate' }]);
});

test('delay: it arrives late', async () => {
  await fault('delay', { milliseconds: 200 });
  const began = performance.now();
  await call('hello');
  expect(await settled()).toBeNull();
  expect(performance.now() - began).toBeGreaterThanOrEqual(199);
  expect(receiver.received).toHaveLength(1);
});

test('delay: a move of the clock waits for a few seconds, and then says that something is under way', async () => {
  await fault('delay', { milliseconds: 60_000 });
  await call('hello');
  const began = performance.now();
  expect(await settled()).toBe(sandbox.now);
  expect(performance.now() - began).toBeLessThan(6_000);
  await sandbox.restart();
  expect(await settled()).toBeNull();
  expect(receiver.received).toHaveLength(1);
});

test('reorder: the next callback of the account overtakes it', async () => {
  await fault('reorder');
  await call('first');
  await call('second');
  expect(await settled()).toBeNull();
  expect(bodies()).toMatchObject([{ text: 'second' }, { text: 'first' }]);
});

test('reorder: when no other comes it is sent after two seconds', async () => {
  await fault('reorder');
  const began = performance.now();
  await call('only');
  expect(await settled()).toBeNull();
  expect(performance.now() - began).toBeGreaterThanOrEqual(1_990);
  expect(receiver.received).toHaveLength(1);
});

test.each([
  ['forge', 'forged'],
  ['wrong_signature', 'broken'],
])('%s: the genuine one follows on schedule, even if the false one was accepted', async (kind, signature) => {
  await fault(kind);
  await call('hello');
  expect(await sandbox.moveClock(Number(await settled()), MERCHANT)).toBeNull();
  expect(bodies()).toMatchObject([{ signature }, { signature: 'of m1' }]);
  expect(await outgoing()).toMatchObject([{ fault: kind, status: 200 }, { try: 2 }]);
});

test('wrong_amount: genuine but for the amount, and done once it is accepted', async () => {
  await fault('wrong_amount');
  await call('hello');
  expect(await settled()).toBeNull();
  expect(bodies()).toEqual([{ text: 'hello', amount: 101, signature: 'of m1' }]);
});

test.each([
  [{ path: '/callbacks/y' }, false],
  [{ path: '/callbacks/x/' }, true],
  [{ path: 'STAGE.NEWS' }, true],
  [{ operation: 'STAGE.NEWS' }, true],
  [{ operation: 'stage.call' }, false],
  [{ merchantId: 'm1' }, true],
  [{ merchantId: 'm2' }, false],
  [{ platformAppId: 'm1' }, false],
  [{ direction: 'out' }, true],
])('a fault for %j hits a callback of m1 to /callbacks/x: %s', async (match, hits) => {
  await fault('drop', { match: { platform: 'stage', ...match } });
  await call('hello');
  await settled();
  expect(receiver.received).toHaveLength(hits ? 0 : 1);
});

test('a fault of answers does not hit callbacks, nor the other way round', async () => {
  await fault('drop');
  await fault('busy');
  expect(await call('never')).toEqual({ busy: true });
  await call('hello');
  await settled();
  expect(await outgoing()).toMatchObject([{ fault: 'drop' }]);
  expect(await sandbox.get('/_/faults')).toEqual({ faults: [] });
});

test('calls are narrowed by direction, merchant and operation', async () => {
  await call('hello');
  await settled();
  for (const [filter, total] of [
    [{ direction: 'in' }, 1],
    [{ direction: 'out' }, 1],
    [{ merchantId: 'm1' }, 2],
    [{ merchantId: 'm2' }, 0],
    [{ operation: 'STAGE.NEWS' }, 1],
    [{ operation: 'stage.call' }, 1],
    [{ path: '/callbacks/x' }, 1],
  ] as const)
    expect(await sandbox.calls(filter)).toHaveLength(total);
});

test.each([
  ['wrong_signature', { direction: 'in' }, 'stage does not sign its answers'],
  ['drop', { direction: 'in' }, '"drop" is a fault of callbacks, not of calls'],
  ['busy', { direction: 'out' }, '"busy" is a fault of calls, not of callbacks'],
  ['rotate_key', {}, 'stage does not sign its answers'],
])('%s for %j is refused in words that help', async (kind, match, words) => {
  expect((await fault(kind, { match: { platform: 'stage', ...match } })).message).toContain(words);
});

test('a platform that sends no callbacks has none of their faults', async () => {
  const bare = await TestSandbox.start([(world) => ({ ...stage(world), code: 'bare', callbacks: undefined! })]);
  const answer = await bare.post('/_/faults', { match: { platform: 'bare' }, kind: 'forge' });
  expect(answer.message).toBe('"forge" is a fault of callbacks, and bare sends none here');
  await bare.stop();
});
