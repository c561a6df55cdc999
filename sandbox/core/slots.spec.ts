import { setImmediate } from 'node:timers/promises';
import { Slots } from './slots.js';

test('never more than its limit are in at once, and they come in their order', async () => {
  const slots = new Slots(3);
  const order: number[] = [];
  let inside = 0;
  let most = 0;
  const visits = Array.from({ length: 5_000 }, (_, n) =>
    slots.within(async () => {
      order.push(n);
      most = Math.max(most, ++inside);
      if (n % 100 === 0) await setImmediate();
      inside -= 1;
    }),
  );
  await Promise.all(visits);
  expect(most).toBe(3);
  expect(order).toEqual(Array.from({ length: 5_000 }, (_, n) => n));
});

test('one that fails gives its slot back', async () => {
  const slots = new Slots(1);
  await expect(slots.within(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await slots.within(() => Promise.resolve('in'))).toBe('in');
});
