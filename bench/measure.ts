import { drive, type Script } from './load.js';
import type { Options } from './options.js';
import type { Path } from './paths.js';
import type { Side, SideName, Stand } from './stand.js';

/** One measured window of one side. */
export interface Sample {
  readonly requests: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Milliseconds of the server process's processor time, all its threads. */
  readonly cpu: number;
}

/** Windows that followed each other at once: what disturbs one of a pair, likely disturbs the other. */
export type Round = Readonly<Record<SideName, Sample>>;

const CONNECTIONS = 32;
const WARM_UP_BATCH = 500;
const WARM_UP_REQUESTS = 6_000;

/** Warms both sides up, then lets them take turns. `around` runs each window of ours. */
export async function measure(
  path: Path,
  stand: Stand,
  options: Options,
  around: Around = (window) => window(),
): Promise<Round[]> {
  const runners = { ours: await warmUp(path, stand.ours, stand, options), bare: await warmUp(path, stand.bare, stand, options) }; // prettier-ignore
  const rounds: Round[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const run = { ours: () => runners.ours(around), bare: () => runners.bare((window) => window()) };
    // Neither side is always the one that comes after the other.
    const first: SideName = round % 2 === 0 ? 'ours' : 'bare';
    const second: SideName = first === 'ours' ? 'bare' : 'ours';
    const samples = { [first]: await run[first](), [second]: await run[second]() };
    rounds.push(samples as Round);
  }
  return rounds;
}

/** Requests under way at a time. */
export const connectionsOf = (path: Pick<Path, 'connections'>, options: Options): number =>
  options.connections ?? path.connections ?? CONNECTIONS;

/** Runs a window and something around it; what the window needs was made before. */
export type Around = (window: () => Promise<Sample>) => Promise<Sample>;
type Runner = (around: Around) => Promise<Sample>;

/** Loads a side for as long as a window, and until V8 has compiled what is hot. Gives what measures one window. */
async function warmUp(path: Path, side: Side, stand: Stand, options: Options): Promise<Runner> {
  const { seconds } = options;
  const connections = connectionsOf(path, options);
  const next = await path.prepare(side, { sandboxUrl: stand.sandboxUrl, connections });
  let batch = WARM_UP_BATCH;
  let rate = 0;
  for (let loaded = 0, sent = 0; loaded < seconds || sent < WARM_UP_REQUESTS;) {
    const window = await drive(side.url, connections, batch, await next(batch));
    loaded += window.seconds;
    sent += batch;
    // A plan made for empty tables reads far too much once they are not, and a prepared statement keeps it.
    await side.analyze();
    rate = window.requests / window.seconds;
    batch = Math.ceil(rate);
  }
  const requests = Math.ceil(rate * seconds);
  return async (around) => {
    const script = await next(requests);
    return around(() => sample(side, connections, requests, script));
  };
}

/** One window of `requests`. */
export async function sample(side: Side, connections: number, requests: number, script: Script): Promise<Sample> {
  const before = side.process.cpuSeconds();
  const { seconds, latencies } = await drive(side.url, connections, requests, script);
  const cpu = side.process.cpuSeconds() - before;
  const at = (part: number): number => latencies[Math.ceil(part * requests) - 1]!;
  return { requests, perSecond: requests / seconds, p50: at(0.5), p99: at(0.99), cpu: (cpu * 1_000) / requests };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
