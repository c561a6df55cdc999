import { openProcess, type ProcessOptions } from './process.js';

// A worker that takes a lane and never gives it back. Its parent kills it.
const { kind, ...options } = JSON.parse(process.env['CHILD'] ?? '{}') as ProcessOptions & { kind: string };
const { lanes } = await openProcess(options);
lanes.declare({
  name: kind,
  concurrency: 1,
  sweepEvery: 60_000,
  due: async () => [],
  run: async ({ lane }) => {
    process.send?.(lane);
    return new Promise(() => undefined);
  },
});
await lanes.start();
await lanes.nudge(kind, { appId: 'app_1', lane: 'orphan' });
