import { setTimeout as pause } from 'node:timers/promises';
import { aLane, aRecorder } from '../support/recorder.js';
import type { Stand } from '../support/stand.js';
import { until } from '../support/until.js';

/** What a process leaves behind that is told to stop. */
export function stopping(stand: () => Stand): void {
  test('a stop lets the running slice end, and the lane continues elsewhere', async () => {
    const first = await stand().process();
    const recorder = aRecorder(async (_, slice) => {
      while (!slice.over() && recorder.runs.length === 1) await pause(5);
      return recorder.runs.length === 1 ? { at: new Date() } : 'idle';
    });
    first.lanes.declare(recorder.kind);
    await first.lanes.start();
    await first.lanes.nudge(recorder.kind.name, aLane());
    await until('it runs', () => recorder.runs.length === 1);
    await first.lanes.close();
    // The slice ended by itself, long before its two seconds; the lane may have got a turn more before the end.
    expect(recorder.runs.every(({ end }) => end !== undefined)).toBe(true);
    const [run] = recorder.runs;
    expect(run!.end! - run!.start).toBeLessThan(2_000);

    const second = await stand().process();
    second.lanes.declare(recorder.kind);
    await second.lanes.start();
    await until('it continues', () => recorder.ended() === 2);
  });

  test('a stop hands its timers over: the lanes wake elsewhere and say when they want to run', async () => {
    const recorder = aRecorder();
    const [first, second] = [await stand().process({ work: false }), await stand().process()];
    for (const { lanes } of [first, second]) {
      lanes.declare(recorder.kind);
      await lanes.start();
    }
    await first.lanes.nudge(recorder.kind.name, aLane(), new Date(Date.now() + 3_600_000));
    await first.lanes.close();
    await until('it runs', () => recorder.ended() === 1);
  });

  test('a nudge after the end does no harm', async () => {
    const recorder = aRecorder();
    const { lanes } = await stand().process();
    lanes.declare(recorder.kind);
    await lanes.start();
    await lanes.close();
    await lanes.nudge(recorder.kind.name, aLane());
    expect(stand().log).toEqual([`a nudge of ${recorder.kind.name} is lost: the queues are not open`]);
    await expect(lanes.ping()).rejects.toThrow('the queues are not open');
  });
}
