import { mkdir, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { claim, DirectoryInUse } from '../../src/database/embedded/directory-claim.js';
import { newFolder, removeFolders } from './support/folders.js';

afterAll(removeFolders);

test('of many at the same time one gets the directory', async () => {
  const directory = await newFolder();
  const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => claim(directory)));
  const winners = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  expect(winners).toHaveLength(1);
  expect(errors.every((error) => error instanceof DirectoryInUse && error.pid === process.pid)).toBe(true);
  await winners[0]?.release();
});

test('what is released can be claimed again, and nothing is left behind', async () => {
  const directory = await newFolder();
  await (await claim(directory)).release();
  await (await claim(directory)).release();
  expect(await readdir(directory)).toEqual([]);
});

test('a path longer than a socket address is claimed where it is', async () => {
  const directory = path.join(await newFolder(), 'deep'.repeat(20), 'deeper'.repeat(20));
  await mkdir(directory, { recursive: true });
  const held = await claim(directory);
  expect(await readdir(directory)).toHaveLength(1);
  await expect(claim(directory)).rejects.toThrow(DirectoryInUse);
  await held.release();
});

test('an owner that is too busy to answer is an owner all the same', async () => {
  const directory = await newFolder();
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(path.join(directory, 'owner-4711-00.sock'), resolve));
  await expect(claim(directory)).rejects.toMatchObject({ pid: 4711 });
  await new Promise((resolve) => silent.close(resolve));
});
