import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from './journal.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'journal-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('lines that come while a flush is under way go with the next one', async () => {
  const path = join(directory, 'lines');
  const journal = await Journal.rewrite(path, []);
  journal.append({ n: 1 });
  const first = journal.flushed();
  await Promise.resolve(); // the first flush has taken its lines
  journal.append({ n: 2 });
  const [second, third] = [journal.flushed(), journal.flushed()];
  expect(second).not.toBe(first);
  expect(third).toBe(second);
  await third;
  expect(await readFile(path, 'utf8')).toBe('{"n":1}\n{"n":2}\n');
  await journal.close();
});

test('after a write that failed, nothing is ever called flushed again', async () => {
  const journal = await Journal.rewrite(join(directory, 'lines'), []);
  await journal.file.close(); // as good as a disk that is gone
  journal.append({ n: 1 });
  await expect(journal.flushed()).rejects.toThrow();
  await expect(journal.flushed()).rejects.toThrow();
  journal.append({ n: 2 });
  await expect(journal.flushed()).rejects.toThrow();
});
