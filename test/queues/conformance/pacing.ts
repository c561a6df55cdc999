import { nextMessage, startChild } from '../support/child.js';
import type { Stand } from '../support/stand.js';
import type { Grant, TakerTask } from '../support/token-taker.js';

const BUCKET = { appId: 'app_1', lane: 'another' };

/** Token buckets: paces that hold whoever takes. */
export function pacing(stand: () => Stand): void {
  test('four processes that share a bucket never exceed its pace in any window, and use it up', async () => {
    const pace = { perSecond: 150, burst: 20 };
    const task: TakerTask = { pace, milliseconds: 2_000 };
    const children = Array.from({ length: 4 }, () => startChild(stand(), 'token-taker.ts', task));
    await Promise.all(children.map((child) => nextMessage(child)));
    for (const child of children) child.send('go');
    const grants = (await Promise.all(children.map((child) => nextMessage<Grant[]>(child)))).flat();
    for (const window of windowsOf(grants)) {
      expect(window.tokens).toBeLessThanOrEqual(pace.burst + (pace.perSecond * window.ms) / 1_000);
    }
    expect(grants.length).toBeGreaterThan(50);
    const total = grants.reduce((sum, { tokens }) => sum + tokens, 0);
    // On a machine with much else to do the takers themselves come late.
    expect(total).toBeGreaterThan((pace.burst + pace.perSecond * 2) * 0.6);
  });

  test('a bucket gives what it has, and says when the next token is there', async () => {
    const { buckets } = await stand().process();
    const pace = { perSecond: 1, burst: 10 };
    expect((await buckets.take(BUCKET, pace, 4)).taken).toBe(4);
    const rest = await buckets.take(BUCKET, pace, 100);
    expect(rest.taken).toBe(6);
    const wait = rest.retryAt.getTime() - Date.now();
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(1_000);
    expect((await buckets.take(BUCKET, pace, 1)).taken).toBe(0);
    // At `retryAt` there is one, and not two.
    while (Date.now() < rest.retryAt.getTime()) await new Promise(setImmediate);
    expect((await buckets.take(BUCKET, pace, 2)).taken).toBe(1);
  });

  test('a bucket that is new or unused for long is full and not more', async () => {
    const { buckets } = await stand().process();
    const pace = { perSecond: 1_000, burst: 3 };
    const bucket = { appId: 'app_2', lane: 'idle' };
    expect((await buckets.take(bucket, pace, 0)).taken).toBe(0);
    const start = Date.now();
    while (Date.now() - start < 20) await new Promise(setImmediate);
    const { taken, retryAt } = await buckets.take(bucket, pace, 5);
    expect(taken).toBe(3);
    expect(retryAt.getTime() - Date.now()).toBeLessThanOrEqual(1);
  });

  test('the buckets of two apps do not meet', async () => {
    const { buckets } = await stand().process();
    const pace = { perSecond: 0.01, burst: 1 };
    for (const appId of ['app_3', 'app_4']) expect((await buckets.take({ appId, lane: 'one' }, pace, 1)).taken).toBe(1);
    expect((await buckets.take({ appId: 'app_3', lane: 'one' }, pace, 1)).taken).toBe(0);
  });
}

/** Every window from one grant to another: the tokens in it, and how long it lasted at most. */
function* windowsOf(grants: readonly Grant[]): Generator<{ tokens: number; ms: number }> {
  const inOrder = [...grants].sort((a, b) => a.before - b.before);
  for (const [i, first] of inOrder.entries()) {
    let tokens = 0;
    let start = first.after;
    for (const last of inOrder.slice(i)) {
      tokens += last.tokens;
      start = Math.min(start, last.after);
      yield { tokens, ms: last.before - start };
    }
  }
}
