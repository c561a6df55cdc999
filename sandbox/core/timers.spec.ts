import { stage } from '../testing/stage.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

const MERCHANT = { platform: 'stage', merchantId: 'm1' };
const OTHER = { platform: 'stage', merchantId: 'm2' };
const HOUR = 3_600_000;
let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.start([stage]);
});
afterAll(() => sandbox.stop());
beforeEach(async () => {
  await sandbox.post('/_/reset', {});
  for (const { merchantId } of [MERCHANT, OTHER]) await sandbox.merchant('stage', { merchantId });
});

const plan = (text: string, at: number, over: Fields = {}): Promise<Fields> =>
  sandbox.post('/stage/note', { merchantId: 'm1', key: text, text, at, ...over });
const notes = async (): Promise<unknown> => (await sandbox.get('/stage/notes')).notes;

test('a timer runs when protocol time reaches it, before the next request is answered', async () => {
  await plan('later', sandbox.now + 60_000);
  sandbox.advance({ seconds: 59 });
  expect(await notes()).toEqual([]);
  sandbox.advance({ seconds: 1 });
  expect(await notes()).toEqual([{ text: 'later', at: sandbox.now }]);
  sandbox.advance({ minutes: 60 });
  expect(await notes()).toHaveLength(1);
});

test('moving business time runs what became due, in its order, and tells what comes next', async () => {
  const start = sandbox.now;
  await plan('second', start + 2 * HOUR);
  await plan('first', start + HOUR);
  await plan('third', start + 5 * HOUR);
  expect(await sandbox.moveClock(start, MERCHANT)).toBe(start + HOUR);
  expect(await sandbox.moveClock(start + 3 * HOUR, MERCHANT)).toBe(start + 5 * HOUR);
  expect(await notes()).toEqual([
    { text: 'first', at: start + 3 * HOUR },
    { text: 'second', at: start + 3 * HOUR },
  ]);
  expect(await sandbox.moveClock(start + 5 * HOUR, MERCHANT)).toBeNull();
});

test('the time of one account does not run the timers of another', async () => {
  await plan('of m2', sandbox.now + HOUR, { merchantId: 'm2' });
  expect(await sandbox.moveClock(sandbox.now + 2 * HOUR, MERCHANT)).toBeNull();
  expect(await notes()).toEqual([]);
  expect(await sandbox.moveClock(sandbox.now, MERCHANT, OTHER)).toBe(sandbox.now + HOUR);
  await sandbox.moveClock(sandbox.now + HOUR, OTHER);
  expect(await notes()).toHaveLength(1);
});

test('a key that comes again replaces, and a cancelled timer does not run', async () => {
  await plan('old', sandbox.now + HOUR, { key: 'k' });
  await plan('new', sandbox.now + 2 * HOUR, { key: 'k' });
  await plan('gone', sandbox.now + HOUR);
  await sandbox.post('/stage/cancel', { merchantId: 'm1', key: 'gone' });
  expect(await sandbox.moveClock(sandbox.now + HOUR, MERCHANT)).toBe(sandbox.now + 2 * HOUR);
  await sandbox.moveClock(sandbox.now + 2 * HOUR, MERCHANT);
  expect(await notes()).toEqual([{ text: 'new', at: sandbox.now + 2 * HOUR }]);
});

test('timers survive a restart, with what is due by then', async () => {
  await plan('soon', sandbox.now + 60_000);
  await plan('late', sandbox.now + HOUR);
  await sandbox.restart();
  sandbox.advance({ minutes: 2 });
  expect(await notes()).toMatchObject([{ text: 'soon' }]);
  await sandbox.restart();
  expect(await notes()).toMatchObject([{ text: 'soon' }]);
  expect(await sandbox.moveClock(sandbox.now + HOUR, MERCHANT)).toBeNull();
  expect(await notes()).toMatchObject([{ text: 'soon' }, { text: 'late' }]);
});

test('moved to the time that is told as the next, a timer is due, also one between two milliseconds', async () => {
  await plan('between', sandbox.now + 1_000.5);
  const next = await sandbox.moveClock(0, MERCHANT);
  expect(await sandbox.moveClock(Number(next), MERCHANT)).toBeNull();
  expect(await notes()).toHaveLength(1);
});

test('what a killed sandbox had planned runs in the next', async () => {
  await plan('soon', sandbox.now + 1_000);
  const after = await sandbox.afterKill();
  expect(await after.moveClock(sandbox.now + 1_000, MERCHANT)).toBeNull();
  expect(await after.get('/stage/notes')).toMatchObject({ notes: [{ text: 'soon' }] });
  await after.stop();
});

test('a timer may set itself again', async () => {
  const start = sandbox.now;
  await plan('again', start + 60_000);
  expect(await sandbox.moveClock(start + 60_000, MERCHANT)).toBe(start + 120_000);
  expect(await sandbox.moveClock(start + 120_000, MERCHANT)).toBe(start + 180_000);
  expect(await sandbox.moveClock(start + 180_000, MERCHANT)).toBeNull();
  expect(await notes()).toMatchObject([{ text: 'again 3' }, { text: 'again 2' }, { text: 'again 1' }]);
});

test('one that throws is dropped, and holds up nobody', async () => {
  await plan('fail', sandbox.now + 1_000);
  await plan('after', sandbox.now + 2_000);
  expect(await sandbox.moveClock(sandbox.now + HOUR, MERCHANT)).toBeNull();
  expect(await notes()).toMatchObject([{ text: 'after' }]);
});

test('a reset forgets them', async () => {
  await plan('never', sandbox.now + 1_000);
  await sandbox.post('/_/reset', {});
  sandbox.advance({ minutes: 1 });
  await sandbox.restart();
  expect(await notes()).toEqual([]);
});
