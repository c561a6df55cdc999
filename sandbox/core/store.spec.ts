import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Row, Store } from './store.js';

interface Note extends Row {
  readonly text: string;
}

let directory: string;
let now: number;
const open = (): Promise<Store> => Store.open(directory, () => now);
const file = (): string => join(directory, 'state.jsonl');

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'store-'));
  now = 1_000;
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function reopened(store: Store): Promise<Store> {
  await store.close();
  return open();
}

test('what was set is there after a restart, what was deleted is not', async () => {
  let store = await open();
  const notes = store.table<Note>('notes');
  notes.set('a', { text: 'kept' });
  notes.set('b', { text: 'gone' });
  notes.delete('b');

  store = await reopened(store);
  expect([...store.table<Note>('notes').entries()]).toEqual([['a', { text: 'kept' }]]);
  await store.close();
});

test('it is on the disk as soon as it is flushed, without a close', async () => {
  const store = await open();
  store.table<Note>('notes').set('a', { text: '汉字' });
  await store.flushed();
  expect(await readFile(file(), 'utf8')).toContain('汉字');
  await store.close();
});

test('many changes that are flushed together all arrive, in order', async () => {
  let store = await open();
  const notes = store.table<Note>('notes');
  await Promise.all(
    Array.from({ length: 500 }, async (_, n) => {
      notes.set(`k${n % 7}`, { text: String(n) });
      await store.flushed();
    }),
  );
  store = await reopened(store);
  const last = [...store.table<Note>('notes').entries()].map(([, { text }]) => Number(text));
  expect(last.sort((a, b) => a - b)).toEqual([493, 494, 495, 496, 497, 498, 499]);
  await store.close();
});

test('a last line that a crash tore off is dropped, the rest stays', async () => {
  let store = await open();
  store.table<Note>('notes').set('a', { text: 'whole' });
  await store.close();
  await appendFile(file(), '{"table":"notes","key":"b","row":{"te');

  store = await open();
  expect(store.table<Note>('notes').get('a')).toEqual({ text: 'whole' });
  expect(store.table<Note>('notes').get('b')).toBeUndefined();
  store.table<Note>('notes').set('c', { text: 'after' });
  store = await reopened(store);
  expect(store.table<Note>('notes').get('c')).toEqual({ text: 'after' });
  await store.close();
});

test('damage elsewhere stops the start and names the line, and the directory is free again', async () => {
  await writeFile(file(), '{"table":"notes","key":"a","row":{}}\nnonsense\n{"table":"notes","key":"b","row":{}}\n');
  await expect(open()).rejects.toThrow(/line 2 of .*state\.jsonl is damaged: move that file away/);
  await rm(file());
  await (await open()).close();
});

test('a start rewrites the file: one line for each row that is still to be kept', async () => {
  let store = await open();
  const notes = store.table<Note>('notes');
  for (let n = 0; n < 100; n += 1) notes.set('often', { text: String(n) });
  notes.set('short', { text: 'soon over', keepUntil: 1_500 });
  notes.set('long', { text: 'stays', keepUntil: 9_000 });
  now = 2_000;

  store = await reopened(store);
  const lines = (await readFile(file(), 'utf8')).trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines.join()).not.toContain('soon over');
  await store.close();
});

test('rows past keeping leave the memory while others come', async () => {
  const store = await open();
  const notes = store.table<Note>('notes');
  for (let n = 0; n < 20_000; n += 1) {
    notes.set(`k${n}`, { text: 'x', keepUntil: now + 100 });
    now += 1;
  }
  expect(notes.size).toBeLessThan(2_000);
  await store.close();
});

test('forgetting everything also holds after a restart', async () => {
  let store = await open();
  store.table<Note>('notes').set('a', { text: 'x' });
  store.forgetAll();
  store.table<Note>('notes').set('b', { text: 'y' });
  store = await reopened(store);
  expect([...store.table<Note>('notes').entries()].map(([key]) => key)).toEqual(['b']);
  await store.close();
});

test('a second one on the same directory is refused and told what to do, until the first is closed', async () => {
  const first = await open();
  await expect(open()).rejects.toThrow(/is in use by process \d+: stop it, or start with another DATA_DIR/);
  await first.close();
  await (await open()).close();
});

test.each([
  ['a process that is gone', '4194304999.1'],
  ['an earlier process that had the same number', `${process.pid}.1`],
])('what is left by %s does not hold', async (_, dead) => {
  await writeFile(join(directory, `claim.${dead}.left-over`), '');
  await writeFile(join(directory, `owner.${dead}.left-over`), '');
  const store = await open();
  await expect(open()).rejects.toThrow(/in use/);
  await store.close();
  expect(await readdir(directory)).toEqual(['state.jsonl']);
});

test('of many that start at once where one died, exactly one gets the directory', async () => {
  for (let round = 0; round < 20; round += 1) {
    await writeFile(join(directory, 'claim.4194304999.1.left-over'), '');
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => open()));
    const opened = results.filter((result) => result.status === 'fulfilled');
    expect(opened).toHaveLength(1);
    await opened[0]?.value.close();
  }
});
