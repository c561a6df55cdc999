import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';

/** What the bench tells the process that it wants to look into. */
export type ProfilerOrder = { readonly profile: 'start' } | { readonly profile: 'stop'; readonly file: string };

const INTERVAL_MICROSECONDS = 250;

// Loaded into our server by `--import`, before the server itself: profiles windows under load, not the start.
const session = new Session();
session.connect();

async function obey(order: ProfilerOrder): Promise<void> {
  if (order.profile === 'start') {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROSECONDS });
    await session.post('Profiler.start');
  } else {
    const { profile } = await session.post('Profiler.stop');
    await writeFile(order.file, JSON.stringify(profile));
  }
  process.send?.(order);
}

process.on('message', (order: ProfilerOrder) => void obey(order));
