import { Directory } from './directory.js';

/** A read that a test answers when it wants to. */
function aRead() {
  let answer!: (value: { name: string } | undefined) => void;
  let fail!: (error: Error) => void;
  let count = 0;
  const promise = new Promise<{ name: string } | undefined>((resolve, reject) => {
    answer = resolve;
    fail = reject;
  });
  const read = () => {
    count += 1;
    return promise;
  };
  return { read, answer, fail, count: () => count };
}

const never = () => Promise.reject(new Error('this should be known'));

describe('the directory', () => {
  test('reads once however many ask, and then knows', async () => {
    const directory = new Directory<{ name: string }>();
    const { read, answer, count } = aRead();
    const asking = [directory.get('a', read), directory.get('a', read), directory.get('a', read)];
    answer({ name: 'Ann' });
    expect(await Promise.all(asking)).toEqual([{ name: 'Ann' }, { name: 'Ann' }, { name: 'Ann' }]);
    expect(count()).toBe(1);
    expect(await directory.get('a', never)).toEqual({ name: 'Ann' });
  });

  test('what is forgotten while it is read answers those who wait and is not kept', async () => {
    const directory = new Directory<{ name: string }>();
    const before = aRead();
    const waiting = directory.get('a', before.read);
    directory.forget('a');
    const after = aRead();
    const later = directory.get('a', after.read);
    before.answer({ name: 'before' });
    expect(await waiting).toEqual({ name: 'before' });
    after.answer({ name: 'after' });
    expect(await later).toEqual({ name: 'after' });
    expect(await directory.get('a', never)).toEqual({ name: 'after' });
  });

  test('everything can be forgotten at once, also what is being read', async () => {
    const directory = new Directory<{ name: string }>();
    await directory.get('a', async () => ({ name: 'old' }));
    const slow = aRead();
    const waiting = directory.get('b', slow.read);
    directory.forgetAll();
    slow.answer({ name: 'old' });
    await waiting;
    expect(await directory.get('a', async () => ({ name: 'new' }))).toEqual({ name: 'new' });
    expect(await directory.get('b', async () => ({ name: 'new' }))).toEqual({ name: 'new' });
  });

  test('neither an absent value nor a failure is kept', async () => {
    const directory = new Directory<{ name: string }>();
    expect(await directory.get('a', async () => undefined)).toBeUndefined();
    const broken = aRead();
    const waiting = directory.get('a', broken.read);
    broken.fail(new Error('no connection'));
    await expect(waiting).rejects.toThrow('no connection');
    expect(await directory.get('a', async () => ({ name: 'Ann' }))).toEqual({ name: 'Ann' });
  });
});
