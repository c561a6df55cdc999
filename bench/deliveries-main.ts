import { measureDeliveries, type Around } from './deliveries.js';
import { checkDeliveriesAlike } from './deliveries-alike.js';
import { measureHanging } from './deliveries-hanging.js';
import { measureLatencies } from './deliveries-latency.js';
import {
  deliveriesToMarkdown,
  type DeliveryReport,
  reportDeliveries,
  reportHanging,
  reportLatencies,
  saveDeliveries,
} from './deliveries-report.js';
import { openDeliveryStand, type DeliveryStand } from './deliveries-stand.js';
import type { Options } from './options.js';
import type { Stand } from './stand.js';

type Bench = (stand: DeliveryStand, options: Options, sandboxUrl: string, around?: Around) => Promise<DeliveryReport>;

/** The benches about webhooks. */
export const DELIVERY_BENCHES: Readonly<Record<string, Bench>> = {
  deliveries: async (stand, options, _, around) =>
    reportDeliveries(await measureDeliveries(stand, options, around), options),
  'deliveries-hanging': async (stand, options) => reportHanging(await measureHanging(stand, options), options),
  'deliveries-latency': async (stand, _, sandboxUrl) => reportLatencies(await measureLatencies(stand, sandboxUrl)),
};

/** Runs one of them, shows and keeps what it has found; under a profiler (`around`) nothing is kept. */
export async function runDeliveries(
  stand: Stand,
  options: Options,
  say: (line: string) => void,
  around?: Around,
): Promise<void> {
  const deliveries = await openDeliveryStand(stand);
  try {
    await checkDeliveriesAlike(deliveries);
    say(`${options.name} …`);
    const report = await DELIVERY_BENCHES[options.name]!(deliveries, options, stand.sandboxUrl, around);
    say(`\n${deliveriesToMarkdown(report, options, stand.postgres)}`);
    if (!around) await saveDeliveries(report, options, stand.postgres);
  } finally {
    await deliveries.close();
  }
}
