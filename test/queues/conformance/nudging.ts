import { setTimeout as pause } from 'node:timers/promises';
import type { LaneResult } from '../../../src/queues/lane.js';
import { aLane, aRecorder, type Recorder } from '../support/recorder.js';
import type { Stand } from '../support/stand.js';
import { until } from '../support/until.js';

/** What a nudge does, now or later, alone or among others. */
export function nudging(stand: () => Stand): void {
  const start = async (...recorders: Recorder[]) => {
    const { lanes } = await stand().process();
    for (const { kind } of recorders) lanes.declare(kind);
    await lanes.start();
    return lanes;
  };

  test('a nudge runs the lane, and nothing stays of it', async () => {
    const recorder = aRecorder();
    const lanes = await start(recorder);
    await lanes.nudge(recorder.kind.name, { appId: 'app_7', lane: 'wep_1:with/odd {signs}' });
    await until('it runs', () => recorder.ended() === 1);
    expect(recorder.runs[0]?.ref).toEqual({ appId: 'app_7', lane: 'wep_1:with/odd {signs}' });
    await until('no job is left', async () => Object.values(await lanes.boards()[0]!.getJobCounts()).every((n) => !n));
  });

  test('a process that does not work nudges those that do', async () => {
    const recorder = aRecorder();
    const api = await stand().process({ work: false });
    api.lanes.declare(recorder.kind);
    await api.lanes.start();
    await api.lanes.nudge(recorder.kind.name, aLane());
    expect(await api.lanes.counts()).toContainEqual({ queue: recorder.kind.name, state: 'waiting', count: 1 });
    expect(recorder.runs).toHaveLength(0);
    await start(recorder);
    await until('the worker runs it', () => recorder.ended() === 1);
  });

  test('a nudge for later runs the lane then and not before', async () => {
    const recorder = aRecorder();
    const lanes = await start(recorder);
    const at = new Date(Date.now() + 300);
    await lanes.nudge(recorder.kind.name, aLane(), at);
    await until('it runs', () => recorder.runs.length > 0);
    expect(recorder.runs[0]!.start - at.getTime()).toBeGreaterThanOrEqual(0);
    expect(recorder.runs[0]!.start - at.getTime()).toBeLessThan(5_000);
  });

  test('a nudge for later does not hold up one for now, and a lane has its run when it said that it wants one', async () => {
    const at = new Date(Date.now() + 2_000);
    const recorder = aRecorder(() => (Date.now() < at.getTime() ? { at } : 'idle'));
    const lanes = await start(recorder);
    await lanes.nudge(recorder.kind.name, aLane(), at);
    await lanes.nudge(recorder.kind.name, aLane());
    await until('it runs now', () => recorder.ended() === 1);
    expect(recorder.runs[0]!.start).toBeLessThan(at.getTime());
    await until('it runs then', () => recorder.ended() === 2);
    expect(recorder.runs[1]!.start).toBeGreaterThanOrEqual(at.getTime());
  });

  test('of several nudges for later the earliest counts', async () => {
    const recorder = aRecorder();
    const lanes = await start(recorder);
    for (const ms of [60_000, 200, 30_000]) await lanes.nudge(recorder.kind.name, aLane(), new Date(Date.now() + ms));
    expect(await until('it runs', () => recorder.ended() === 1)).toBeLessThan(15_000);
  });

  test('fifty nudges from four processes make at most three runs', async () => {
    let sent: Promise<unknown> = Promise.resolve();
    // The first run is under way until the last nudge is there.
    const recorder = aRecorder(() => sent.then(() => 'idle'));
    const lanes = await Promise.all([1, 2, 3, 4].map(() => start(recorder)));
    sent = Promise.all(Array.from({ length: 50 }, (_, i) => lanes[i % 4]!.nudge(recorder.kind.name, aLane())));
    await sent;
    await until('the queue is empty', () => isEmpty(recorder, lanes[0]!));
    expect(recorder.runs.length).toBeLessThanOrEqual(3);
  });

  test('nudges during a run cause exactly one more', async () => {
    let release!: (result: LaneResult) => void;
    const recorder = aRecorder(() =>
      recorder.runs.length === 1 ? new Promise<LaneResult>((resolve) => (release = resolve)) : 'idle',
    );
    const lanes = await start(recorder);
    await lanes.nudge(recorder.kind.name, aLane());
    await until('it runs', () => recorder.runs.length === 1);
    for (let i = 0; i < 5; i += 1) await lanes.nudge(recorder.kind.name, aLane());
    expect(recorder.runs).toHaveLength(1);
    release('idle');
    await until('the queue is empty', () => recorder.ended() > 1 && isEmpty(recorder, lanes));
    expect(recorder.runs).toHaveLength(2);
  });

  test('however nudges and runs meet, each row is worked when it is due and no lane runs twice at once', async () => {
    const table = new WorkedTable();
    const processes = await Promise.all([1, 2, 3].map(() => stand().process()));
    const recorder = aRecorder(({ lane }) => table.work(lane), { concurrency: 3 });
    for (const { lanes } of processes) {
      lanes.declare(recorder.kind);
      await lanes.start();
    }
    const end = Date.now() + 2_000;
    // A few nudges per lane, in each other's way, and then none any more that could make up for a lost one.
    const writer = async (i: number): Promise<void> => {
      for (let n = 0; Date.now() < end; n += 1) {
        const lane = `lane-${i}-${Math.floor(n / 4)}`;
        const due = Date.now() + (Math.random() < 0.6 ? 0 : Math.random() * 50);
        table.add(lane, due);
        await processes[(i + n) % 3]!.lanes.nudge(recorder.kind.name, aLane(lane), new Date(due));
        await pause(Math.random() * 12);
      }
    };
    await Promise.all(Array.from({ length: 9 }, (_, i) => writer(i)));
    await until('all rows are worked', () => table.open === 0);
    expect(table.overlaps).toBe(0);
    // What was lost would be found when stalled jobs are looked for, or by a sweep.
    expect(table.latest).toBeLessThan(2_400);
    expect(stand().log).toEqual([]);
  });
}

const isEmpty = async ({ kind }: Recorder, lanes: Awaited<ReturnType<Stand['process']>>['lanes']): Promise<boolean> =>
  (await lanes.counts()).every(({ queue, count }) => queue !== kind.name || count === 0);

/** Rows with due times, as a domain's table has them, and what may not happen to them. */
class WorkedTable {
  readonly #due = new Map<string, number[]>();
  readonly #running = new Set<string>();
  overlaps = 0;
  latest = 0;

  get open(): number {
    return [...this.#due.values()].flat().length;
  }

  add(lane: string, due: number): void {
    this.#due.set(lane, [...(this.#due.get(lane) ?? []), due]);
  }

  async work(lane: string): Promise<LaneResult> {
    if (this.#running.has(lane)) this.overlaps += 1;
    this.#running.add(lane);
    const now = Date.now();
    const rows = this.#due.get(lane) ?? [];
    const later = rows.filter((due) => due > now);
    this.#due.set(lane, later);
    for (const due of rows) if (due <= now) this.latest = Math.max(this.latest, now - due);
    // The answer is older than what is written meanwhile, as it is in a database.
    await pause(Math.random() < 0.5 ? 0 : Math.random() * 15);
    this.#running.delete(lane);
    return later.length > 0 ? { at: new Date(Math.min(...later)) } : 'idle';
  }
}
