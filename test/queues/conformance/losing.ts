import type { LaneRef } from '../../../src/queues/lane.js';
import { aLane, aRecorder, type Recorder } from '../support/recorder.js';
import type { Stand } from '../support/stand.js';
import { until } from '../support/until.js';

/** What survives when the store loses its data or goes away: everything, as the rows know what is due. */
export function losing(stand: () => Stand): void {
  /** Lanes that are due until they have run, and that a sweep finds. */
  const swept = (sweepEvery: number): Recorder & { due: Set<string>; asked: number[] } => {
    const due = new Set<string>();
    const asked: number[] = [];
    const recorder = aRecorder(
      ({ lane }) => {
        due.delete(lane);
        return 'idle';
      },
      {
        sweepEvery,
        due: async (limit): Promise<LaneRef[]> => {
          asked.push(Date.now());
          return [...due].slice(0, limit).map(aLane);
        },
      },
    );
    return { ...recorder, due, asked };
  };

  test('a queue that lost everything is refilled by the sweep', async () => {
    const recorder = swept(200);
    const api = await stand().process({ work: false });
    api.lanes.declare(recorder.kind);
    await api.lanes.start();
    for (let i = 0; i < 20; i += 1) {
      recorder.due.add(`lane-${i}`);
      await api.lanes.nudge(recorder.kind.name, aLane(`lane-${i}`));
    }
    await stand().wipe();
    expect((await api.lanes.counts()).map(({ count }) => count)).toEqual([0, 0]);

    const { lanes } = await stand().process();
    lanes.declare(recorder.kind);
    await lanes.start();
    await until('all lanes have run', () => recorder.due.size === 0);
    // And the emptied queue works on: also the running lane of a worker that saw its jobs vanish.
    await api.lanes.nudge(recorder.kind.name, aLane('after'));
    await until('a nudge runs', () => recorder.runs.some(({ ref }) => ref.lane === 'after'));
  });

  test('of all processes one sweeps at a time', async () => {
    const recorder = swept(100);
    for (let i = 0; i < 3; i += 1) {
      const { lanes } = await stand().process();
      lanes.declare(recorder.kind);
      await lanes.start();
    }
    await until('some sweeps', () => recorder.asked.length >= 15);
    // Three that did not know of each other would need a third of the time.
    expect(recorder.asked[14]! - recorder.asked[0]!).toBeGreaterThan(14 * 50);
  });

  test.each(['cut', 'frozen'] as const)(
    'while the store is %s, nudges neither throw nor hang; afterwards lanes run again',
    async (how) => {
      const { line } = stand();
      const recorder = swept(500);
      const { lanes } = await stand().process();
      lanes.declare(recorder.kind);
      await lanes.start();
      await lanes.nudge(recorder.kind.name, aLane('before'));
      await until('it runs', () => recorder.ended() === 1);

      if (how === 'cut') await line.cut();
      else line.freeze();
      const start = Date.now();
      const lost = Array.from({ length: 20 }, (_, i) => `lost-${i}`);
      for (const lane of lost) recorder.due.add(lane);
      await Promise.all(lost.map((lane) => lanes.nudge(recorder.kind.name, aLane(lane))));
      await lanes.nudge(recorder.kind.name, aLane('lost-0'));
      expect(Date.now() - start).toBeLessThan(5_000);
      await expect(lanes.ping()).rejects.toThrow();

      if (how === 'cut') await line.mend();
      else line.thaw();
      await until('the lost lanes run', () => recorder.due.size === 0);
      await lanes.nudge(recorder.kind.name, aLane('after'));
      await until('a nudge runs', () => recorder.runs.some(({ ref }) => ref.lane === 'after'));
      expect(stand().log).not.toEqual([]);
      expect(stand().log.join()).not.toContain('postgres://');
    },
  );
}
