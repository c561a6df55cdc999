import { aLane, aRecorder, type Recorder } from '../support/recorder.js';
import type { Stand } from '../support/stand.js';
import { until } from '../support/until.js';

/** Connections that the queues of one process have open at the store. */
export interface Connections {
  /** Of a process that only nudges. */
  readonly api: { least: number; most: number };
  /** Of one that works, with that many kinds. */
  worker(kinds: number): { least: number; most: number };
}

export function connecting(stand: () => Stand, expected: Connections): void {
  const loaded = async (work: boolean, kinds: number): Promise<number> => {
    await until('those of earlier tests are closed', async () => (await stand().connections()) === 0);
    const { lanes } = await stand().process({ work });
    const recorders: Recorder[] = Array.from({ length: kinds }, () => aRecorder());
    for (const { kind } of recorders) lanes.declare(kind);
    await lanes.start();
    const nudges = recorders.flatMap(({ kind }) =>
      Array.from({ length: 100 }, (_, i) => lanes.nudge(kind.name, aLane(`lane-${i}`))),
    );
    let most = 0;
    await until('all lanes have run', async () => {
      most = Math.max(most, await stand().connections());
      return !work || recorders.every(({ runs }) => runs.length >= 100);
    });
    await Promise.all(nudges);
    return Math.max(most, await stand().connections());
  };

  test('a process that only nudges opens as many as stated', async () => {
    const count = await loaded(false, 3);
    expect(count).toBeGreaterThanOrEqual(expected.api.least);
    expect(count).toBeLessThanOrEqual(expected.api.most);
  });

  test('a process that works opens as many as stated', async () => {
    const count = await loaded(true, 3);
    expect(count).toBeGreaterThanOrEqual(expected.worker(3).least);
    expect(count).toBeLessThanOrEqual(expected.worker(3).most);
  });

  test('a process that ended leaves none', async () => {
    const { lanes } = await stand().process();
    lanes.declare(aRecorder().kind);
    await lanes.start();
    await lanes.close();
    await until('all are closed', async () => (await stand().connections()) === 0);
  });
}
