import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkAlike } from './alike.js';
import { measure, type Sample } from './measure.js';
import { readOptions } from './options.js';
import { BENCHES, type Path } from './paths.js';
import type { ProfilerOrder } from './profiler.js';
import { save, toMarkdown, type Result } from './report.js';
import { openStand, type Stand } from './stand.js';

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), Object.keys(BENCHES));
  const { profile } = options;
  const stand = await openStand(
    profile === undefined ? [] : ['--import', new URL('profiler.js', import.meta.url).href],
  );
  // Ctrl-C leaves no process and no data behind either.
  process.once('SIGINT', () => void stand.close().finally(() => process.exit(130)));
  try {
    await checkAlike(stand);
    const results: Result[] = [];
    for (const path of BENCHES[options.name] ?? []) {
      process.stdout.write(`${path.title} …\n`);
      const around = profile === undefined ? undefined : await profiling(stand, path, profile);
      results.push({ path, rounds: await measure(path, stand, options, around) });
    }
    process.stdout.write(`\n${toMarkdown(results, options, stand.postgres)}`);
    // Under a profiler our side is slower than it is: nothing to keep.
    if (profile === undefined) await save(results, options, stand.postgres);
  } finally {
    await stand.close();
  }
}

/** Profiles each window of our server into a file of its own. */
async function profiling({ ours }: Stand, { name }: Path, folder: string) {
  await mkdir(folder, { recursive: true });
  const order = (what: ProfilerOrder): Promise<unknown> => ours.process.ask(what);
  let round = 0;
  return async (window: () => Promise<Sample>): Promise<Sample> => {
    await order({ profile: 'start' });
    const sample = await window();
    await order({ profile: 'stop', file: resolve(folder, `${name}-${++round}.cpuprofile`) });
    return sample;
  };
}
