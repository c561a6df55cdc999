import type { LaneKind, LaneRef, LaneResult, Slice } from '../../../src/queues/lane.js';

export interface Run {
  readonly ref: LaneRef;
  readonly start: number;
  end: number | undefined;
}

/** A kind of lanes that writes down its runs, by the clock of the test. */
export interface Recorder {
  readonly kind: LaneKind;
  readonly runs: Run[];
  /** How many runs have ended. */
  ended(): number;
}

export const aLane = (lane = 'lane'): LaneRef => ({ appId: 'app_1', lane });

/** Kinds get a name of their own, so that tests do not meet. */
export function aRecorder(
  run: (lane: LaneRef, slice: Slice) => LaneResult | Promise<LaneResult> = () => 'idle',
  over: Partial<LaneKind> = {},
): Recorder {
  const runs: Run[] = [];
  const kind: LaneKind = {
    name: `kind-${(names += 1)}`,
    concurrency: 4,
    sweepEvery: 600_000,
    due: async () => [],
    run: async (ref, slice) => {
      const entry: Run = { ref, start: Date.now(), end: undefined };
      runs.push(entry);
      try {
        return await run(ref, slice);
      } finally {
        entry.end = Date.now();
      }
    },
    ...over,
  };
  return { kind, runs, ended: () => runs.filter(({ end }) => end !== undefined).length };
}

let names = 0;
