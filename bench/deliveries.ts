import { once } from 'node:events';
import { order, type Deliverer, type DeliveryStand } from './deliveries-stand.js';
import { checkDone, drained, empty, fill } from './deliveries-rows.js';
import type { Options } from './options.js';
import type { SideName } from './stand.js';

/** One measured window of one side. */
export interface DeliverySample {
  readonly deliveries: number;
  readonly perSecond: number;
  /** Milliseconds of the server process's processor time per delivery, all its threads. */
  readonly cpu: number;
}

export type DeliveryRound = Readonly<Record<SideName, DeliverySample>>;
/** Runs a window and something around it. */
export type Around = <Sample>(window: () => Promise<Sample>) => Promise<Sample>;

const WARM_UP_EVENTS = 100;
const WARM_UP_DELIVERIES = 6_000;
const PATIENCE_MS = 120_000;

/** Warms both sides up, then lets them take turns. `around` runs each window of ours. */
export async function measureDeliveries(
  stand: DeliveryStand,
  options: Options,
  around: Around = (window) => window(),
): Promise<DeliveryRound[]> {
  const events = { ours: await warmUp(stand, stand.ours, options), bare: await warmUp(stand, stand.bare, options) };
  const run = {
    ours: () => drain(stand, stand.ours, events.ours, around),
    bare: () => drain(stand, stand.bare, events.bare),
  };
  const rounds: DeliveryRound[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const [first, second] = round % 2 === 0 ? (['ours', 'bare'] as const) : (['bare', 'ours'] as const);
    rounds.push({ [first]: await run[first](), [second]: await run[second]() } as DeliveryRound);
  }
  return rounds;
}

/** Until V8 has compiled what is hot. Gives how many events, each for ten endpoints, last about a window. */
export async function warmUp(stand: DeliveryStand, from: Deliverer, { seconds }: Options): Promise<number> {
  let events = WARM_UP_EVENTS;
  for (let loaded = 0, sent = 0; loaded < seconds || sent < WARM_UP_DELIVERIES;) {
    const { deliveries, perSecond } = await drain(stand, from, events);
    loaded += deliveries / perSecond;
    sent += deliveries;
    events = Math.ceil(perSecond / from.endpointIds.length);
  }
  return Math.ceil(events * seconds);
}

/** Fills, sends all of it and takes it away again. */
async function drain(
  stand: DeliveryStand,
  from: Deliverer,
  events: number,
  around: Around = (window) => window(),
): Promise<DeliverySample> {
  const { side, endpointIds } = from;
  const deliveries = await fill(side, endpointIds, events);
  const sample = await around(() => deliver(stand, from, endpointIds.length, deliveries));
  await checkDone(side, deliveries);
  await empty(side);
  return sample;
}

/**
 * From the moment the endpoints may be called until the first `of` have received their `deliveries` and the last result
 * is written.
 */
export async function deliver(
  { receiver }: DeliveryStand,
  { side, endpointIds, start }: Deliverer,
  of: number,
  deliveries: number,
): Promise<DeliverySample> {
  await order(receiver, { expect: deliveries, of });
  const arrived = once(receiver.process, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) });
  const before = side.process.cpuSeconds();
  const begun = performance.now();
  await Promise.all([arrived, start(endpointIds)]);
  await drained(side, endpointIds.slice(0, of));
  const seconds = (performance.now() - begun) / 1_000;
  const cpu = side.process.cpuSeconds() - before;
  return { deliveries, perSecond: deliveries / seconds, cpu: (cpu * 1_000) / deliveries };
}
