import type { Slice } from '../../../src/queues/lane.js';
import { nextMessage, startChild } from '../support/child.js';
import { aLane, aRecorder, type Run } from '../support/recorder.js';
import type { Stand } from '../support/stand.js';
import { until } from '../support/until.js';
import { setTimeout as pause } from 'node:timers/promises';

const SLICE_MS = 2_000;

/** Works until its slice is over, as a lane with endless rows does. */
const untilOver = async (slice: Slice): Promise<void> => {
  while (!slice.over()) await pause(5);
};

/** One worker, one flood, a lane that throws, and a lane whose worker was killed: ten seconds of life, watched once. */
export function working(stand: () => Stand): void {
  const flood = aRecorder(
    async ({ lane }, slice) => {
      if (lane !== 'flood') return 'idle';
      await untilOver(slice);
      return { at: new Date() };
    },
    { concurrency: 1 },
  );
  const broken = aRecorder(() => {
    if (broken.runs.length === 1) throw Object.assign(new Error('out of order'), { values: ['sk_secret'] });
    return 'idle';
  });
  const orphan = aRecorder();
  let log: string[];
  let nudgedAt: number;
  let killedAt: number;

  beforeAll(async () => {
    const child = startChild(stand(), 'stuck-worker.ts', { kind: orphan.kind.name });
    await nextMessage(child);
    const { lanes } = await stand().process();
    for (const { kind } of [flood, broken, orphan]) lanes.declare(kind);
    await lanes.start();
    killedAt = Date.now();
    child.kill('SIGKILL');
    await lanes.nudge(broken.kind.name, aLane('broken'));
    await lanes.nudge(flood.kind.name, aLane('flood'));
    await until('the flood runs', () => flood.runs.length === 1);
    nudgedAt = Date.now();
    for (const lane of ['a', 'b', 'c']) await lanes.nudge(flood.kind.name, aLane(lane));
    await until('the broken lane runs again', () => broken.runs.length > 1);
    await until('the orphan runs again', () => orphan.runs.length > 0);
    log = [...stand().log];
  });

  const ofFlood = (): Run[] => flood.runs.filter(({ ref }) => ref.lane === 'flood');

  test('a run has two seconds, then it is told to end', () => {
    const [first] = ofFlood();
    expect(first!.end! - first!.start).toBeGreaterThanOrEqual(SLICE_MS);
    expect(first!.end! - first!.start).toBeLessThan(SLICE_MS + 1_500);
  });

  test('a run that outlives its slice continues', () => {
    expect(ofFlood().length).toBeGreaterThan(2);
  });

  test('lanes alternate: under a flood of one, no other waits much longer than a slice', () => {
    for (const lane of ['a', 'b', 'c']) {
      const run = flood.runs.find(({ ref }) => ref.lane === lane);
      expect(run!.start - nudgedAt).toBeLessThan(2 * SLICE_MS);
    }
  });

  test('one lane never runs twice at once', () => {
    const runs = ofFlood();
    for (const [i, run] of runs.slice(1).entries()) expect(run.start).toBeGreaterThanOrEqual(runs[i]!.end!);
  });

  test('a lane that throws is logged, without what the error carries, and runs again after a pause', () => {
    expect(log).toContainEqual(`lane ${broken.kind.name} app_1/broken failed: Error: out of order`);
    expect(log.join()).not.toContain('sk_secret');
    const [first, second] = broken.runs;
    expect(second!.start - first!.end!).toBeGreaterThanOrEqual(4_900);
  });

  test("a killed worker's lane runs again within ten seconds", () => {
    expect(orphan.runs[0]!.ref).toEqual(aLane('orphan'));
    expect(orphan.runs[0]!.start - killedAt).toBeLessThan(10_000);
  });
}
