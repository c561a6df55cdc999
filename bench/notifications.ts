import type { Around } from './deliveries.js';
import { checkAndEmpty, drained, fill } from './notifications-rows.js';
import type { Notifying, NotificationStand } from './notifications-stand.js';
import type { Options } from './options.js';
import type { SideName } from './stand.js';

/** One measured window of one side. */
export interface NotificationSample {
  readonly messages: number;
  readonly perSecond: number;
  /** Milliseconds of the server process's processor time per message, all its threads. */
  readonly cpu: number;
}

export type NotificationRound = Readonly<Record<SideName, NotificationSample>>;

const WARM_UP = 3_000;

/** Warms both sides up, then lets them take turns. `around` runs each window of ours. */
export async function measureNotifications(
  stand: NotificationStand,
  { seconds, rounds: turns }: Options,
  around: Around = (window) => window(),
): Promise<NotificationRound[]> {
  const sizes = { ours: await warmUp(stand, 'ours', seconds), bare: await warmUp(stand, 'bare', seconds) };
  const run = (side: SideName) => window(stand, stand[side], sizes[side], side === 'ours' ? around : (one) => one());
  const rounds: NotificationRound[] = [];
  for (let round = 0; round < turns; round++) {
    const [first, second] = round % 2 === 0 ? (['ours', 'bare'] as const) : (['bare', 'ours'] as const);
    rounds.push({ [first]: await run(first), [second]: await run(second) } as NotificationRound);
  }
  return rounds;
}

/** Until V8 has compiled what is hot. Gives how many messages last about a window. */
async function warmUp(stand: NotificationStand, side: SideName, seconds: number): Promise<number> {
  await window(stand, stand[side], WARM_UP, (one) => one());
  const { perSecond } = await window(stand, stand[side], WARM_UP, (one) => one());
  return Math.ceil(perSecond * seconds);
}

/** Fills, sends all of it and takes it away again. */
async function window(
  { sandboxUrl }: NotificationStand,
  from: Notifying,
  wanted: number,
  around: Around,
): Promise<NotificationSample> {
  const messages = await fill(from, sandboxUrl, wanted);
  const sample = await around(() => send(from, messages));
  await checkAndEmpty(from, messages);
  return sample;
}

/** From the moment the side may send until the last result is written. */
async function send(from: Notifying, messages: number): Promise<NotificationSample> {
  const before = from.side.process.cpuSeconds();
  const begun = performance.now();
  await Promise.all([from.start(), drained(from, messages)]);
  const seconds = (performance.now() - begun) / 1_000;
  const cpu = from.side.process.cpuSeconds() - before;
  return { messages, perSecond: messages / seconds, cpu: (cpu * 1_000) / messages };
}
