import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkAlike } from './alike.js';
import { DELIVERY_BENCHES, runDeliveries } from './deliveries-main.js';
import { measure } from './measure.js';
import { flatnessToMarkdown, saveFlatness } from './million-report.js';
import { measureFlatness } from './million.js';
import { NOTIFICATION_BENCHES, runNotifications } from './notifications-main.js';
import { type Options, readOptions } from './options.js';
import { BENCHES } from './paths.js';
import type { ProfilerOrder } from './profiler.js';
import { RENEWAL_BENCHES, runRenewals } from './renewals-main.js';
import { save, toMarkdown, type Result } from './report.js';
import { openStand, type Stand } from './stand.js';

/** The bench that compares our server with itself, with few and many rows. */
const FLATNESS = 'payments-million';
const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), [
    ...Object.keys(BENCHES),
    FLATNESS,
    ...Object.keys(DELIVERY_BENCHES),
    ...Object.keys(NOTIFICATION_BENCHES),
    ...Object.keys(RENEWAL_BENCHES),
  ]);
  const { profile } = options;
  const stand = await openStand(
    profile === undefined ? [] : ['--import', new URL('profiler.js', import.meta.url).href],
  );
  // Ctrl-C, or a time limit, leaves no process and no data behind either.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stand.close().finally(() => process.exit(130)));
  }
  try {
    await checkAlike(stand);
    if (options.name === FLATNESS) await runFlatness(stand, options);
    else if (options.name in DELIVERY_BENCHES) await runDeliveryBench(stand, options);
    else if (options.name in NOTIFICATION_BENCHES) await runNotificationBench(stand, options);
    else if (options.name in RENEWAL_BENCHES) await runRenewalBench(stand, options);
    else await runAgainstBare(stand, options);
  } finally {
    await stand.close();
  }
}

async function runAgainstBare(stand: Stand, options: Options): Promise<void> {
  const { profile } = options;
  const results: Result[] = [];
  for (const path of BENCHES[options.name] ?? []) {
    say(`${path.title} …`);
    const around = profile === undefined ? undefined : await profiling(stand, path.name, profile);
    results.push({ path, rounds: await measure(path, stand, options, around) });
  }
  say(`\n${toMarkdown(results, options, stand.postgres)}`);
  // Under a profiler our side is slower than it is: nothing to keep.
  if (profile === undefined) await save(results, options, stand.postgres);
}

async function runFlatness(stand: Stand, options: Options): Promise<void> {
  const found = await measureFlatness(stand, options, say);
  say(`\n${flatnessToMarkdown(found, options, stand.postgres)}`);
  await saveFlatness(found, options, stand.postgres);
}

async function runDeliveryBench(stand: Stand, options: Options): Promise<void> {
  const { name, profile } = options;
  await runDeliveries(stand, options, say, profile === undefined ? undefined : await profiling(stand, name, profile));
}

async function runNotificationBench(stand: Stand, options: Options): Promise<void> {
  const { name, profile } = options;
  const around = profile === undefined ? undefined : await profiling(stand, name, profile);
  await runNotifications(stand, options, say, around);
}

async function runRenewalBench(stand: Stand, options: Options): Promise<void> {
  const { name, profile } = options;
  await runRenewals(stand, options, say, profile === undefined ? undefined : await profiling(stand, name, profile));
}

/** Profiles each window of our server into a file of its own. */
async function profiling({ ours }: Stand, name: string, folder: string) {
  await mkdir(folder, { recursive: true });
  const order = (what: ProfilerOrder): Promise<unknown> => ours.process.ask(what);
  let round = 0;
  return async <Sample>(window: () => Promise<Sample>): Promise<Sample> => {
    await order({ profile: 'start' });
    const sample = await window();
    await order({ profile: 'stop', file: resolve(folder, `${name}-${++round}.cpuprofile`) });
    return sample;
  };
}
