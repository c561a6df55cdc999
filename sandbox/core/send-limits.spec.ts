import type { Account } from './accounts.js';
import { SendLimits } from './send-limits.js';
import { SlidingWindow } from './sliding-window.js';
import { Table } from './store.js';

const app: Account = {
  ...{ platform: 'wechat', kind: 'program', platformAppId: 'wx1', credentials: {}, entity: 'default', unionid: true },
};
const ANY = { perSecond: null, perDay: null };

test('a window counts what happened within its length, at any instant', () => {
  const window = new SlidingWindow(1_000);
  const counts: number[] = [];
  for (let at = 0; at < 10_000; at += 7) {
    window.add(at);
    counts.push(window.count(at));
  }
  expect(Math.max(...counts)).toBe(143);
  expect(window.count(20_000)).toBe(0);
});

test('the highest rate is that of any second, not of one that a clock begins', () => {
  let now = 900;
  const limits = new SendLimits(
    () => now,
    new Table(
      () => now,
      () => undefined,
    ),
  );
  for (let send = 0; send < 10; send += 1, now += 20) limits.take(app, ANY);
  expect(limits.rates(app, ANY)).toMatchObject({ highest: 10 });
  now = 2_000;
  limits.take(app, ANY);
  expect(limits.rates(app, ANY)).toMatchObject({ highest: 10, today: 11 });
});

test('what is refused does not count against the limit', () => {
  let now = 0;
  const limits = new SendLimits(
    () => now,
    new Table(
      () => now,
      () => undefined,
    ),
  );
  const usual = { perSecond: 2, perDay: 5 };
  const answers: unknown[] = [];
  for (; now < 3_000; now += 250) answers.push(limits.take(app, usual) ?? 'ok');
  expect(answers.slice(0, 6)).toEqual(['ok', 'ok', 'second', 'second', 'ok', 'ok']);
  expect(answers.at(-1)).toBe('day');
});

test('the day begins at midnight in China', () => {
  let now = Date.parse('2026-06-01T15:59:59Z');
  const limits = new SendLimits(
    () => now,
    new Table(
      () => now,
      () => undefined,
    ),
  );
  const usual = { perSecond: null, perDay: 1 };
  expect([limits.take(app, usual), limits.take(app, usual)]).toEqual([undefined, 'day']);
  now += 1_000;
  expect(limits.take(app, usual)).toBeUndefined();
});
