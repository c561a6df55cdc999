import type { Around } from './deliveries.js';
import { deliveriesToMarkdown, saveDeliveries } from './deliveries-report.js';
import { measureBroadcast } from './notifications-broadcast.js';
import { reportBroadcast, reportNotifications } from './notifications-report.js';
import { openNotificationStand } from './notifications-stand.js';
import { measureNotifications } from './notifications.js';
import type { Options } from './options.js';
import type { Stand } from './stand.js';

type Bench = (stand: Stand, options: Options, around?: Around) => Promise<{ lines: string[]; content: object }>;

/** The benches about messages. */
export const NOTIFICATION_BENCHES: Readonly<Record<string, Bench>> = {
  notifications: async (stand, options, around) =>
    reportNotifications(await measureNotifications(await openNotificationStand(stand), options, around), options),
  'notifications-broadcast': async (stand) => reportBroadcast(await measureBroadcast(stand)),
};

/** Runs one of them, shows and keeps what it has found; under a profiler (`around`) nothing is kept. */
export async function runNotifications(
  stand: Stand,
  options: Options,
  say: (line: string) => void,
  around?: Around,
): Promise<void> {
  // Both stores of the queues have a result of their own.
  const name = process.env['REDIS_URL'] ? `${options.name}-redis` : options.name;
  say(`${name} …`);
  const report = await NOTIFICATION_BENCHES[options.name]!(stand, options, around);
  say(`\n${deliveriesToMarkdown(report, { ...options, name }, stand.postgres)}`);
  if (!around) await saveDeliveries(report, { ...options, name }, stand.postgres);
}
