import { reportSweep } from './billing-sweep-report.js';
import { measureSweep } from './billing-sweep.js';
import type { Around } from './deliveries.js';
import { deliveriesToMarkdown, saveDeliveries } from './deliveries-report.js';
import type { Options } from './options.js';
import { reportRenewals } from './renewals-report.js';
import { measureRenewals } from './renewals.js';
import type { Stand } from './stand.js';

type Say = (line: string) => void;
type Bench = (
  stand: Stand,
  options: Options,
  say: Say,
  around?: Around,
) => Promise<{ lines: string[]; content: object }>;

/** The benches about subscriptions. */
export const RENEWAL_BENCHES: Readonly<Record<string, Bench>> = {
  renewals: async (stand, options, say, around) => reportRenewals(await measureRenewals(stand, options, say, around)),
  'billing-sweep': async (stand, options, say) => reportSweep(await measureSweep(stand, options, say), options),
};

/** Runs one of them, shows and keeps what it has found; under a profiler (`around`) nothing is kept. */
export async function runRenewals(stand: Stand, options: Options, say: Say, around?: Around): Promise<void> {
  // Both stores of the queues have a result of their own.
  const name = process.env['REDIS_URL'] ? `${options.name}-redis` : options.name;
  say(`${name} …`);
  const report = await RENEWAL_BENCHES[options.name]!(stand, options, say, around);
  say(`\n${deliveriesToMarkdown(report, { ...options, name }, stand.postgres)}`);
  if (!around) await saveDeliveries(report, { ...options, name }, stand.postgres);
}
