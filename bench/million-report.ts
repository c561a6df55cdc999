import { mkdir, writeFile } from 'node:fs/promises';
import type { PostgresFacts } from './databases.js';
import { median } from './measure.js';
import type { Flatness, Windows } from './million.js';
import type { Options } from './options.js';
import { machine, RESULTS, row } from './report.js';

const GATE = 1.3;

/** Writes `results/<name>.md` and `.json`. */
export async function saveFlatness(found: readonly Flatness[], options: Options, postgres: PostgresFacts) {
  const content = {
    name: options.name,
    machine: machine(),
    node: process.version,
    postgres,
    gate: GATE,
    questions: found,
  };
  await mkdir(RESULTS, { recursive: true });
  await writeFile(new URL(`${options.name}.md`, RESULTS), flatnessToMarkdown(found, options, postgres));
  await writeFile(new URL(`${options.name}.json`, RESULTS), `${JSON.stringify(content, null, 2)}\n`);
}

export function flatnessToMarkdown(found: readonly Flatness[], options: Options, postgres: PostgresFacts): string {
  const sizes = found[0]!.windows.map(({ size }) => size.toLocaleString('en'));
  return [
    `# ${options.name}`,
    '',
    `${machine()}; Node ${process.version}; Postgres ${postgres.version}, fsync ${postgres.fsync}, ` +
      `synchronous_commit ${postgres.synchronousCommit}.`,
    `Our side only. Medians over ${options.rounds} windows each, in the order of the columns; the ratio is the p50 with ` +
      'many payments divided by the median p50 with few, before and after. See ../README.md.',
    '',
    ...row('path', ...sizes.map((size) => `p50 ms, ${size}`), 'ratio', 'gate', 'holds'),
    ...row('---', ...sizes.map(() => '--:'), '--:', '--:', '---'),
    ...found.flatMap(flatnessRow),
    '',
    ...row('path', ...sizes.map((size) => `p99 ms, ${size}`), ...sizes.map((size) => `CPU ms, ${size}`)),
    ...row('---', ...sizes.map(() => '--:'), ...sizes.map(() => '--:')),
    ...found.flatMap(({ title, windows }) =>
      row(
        title,
        ...windows.map((one) => middle(one, ({ p99 }) => p99).toFixed(2)),
        ...windows.map((one) => middle(one, ({ cpu }) => cpu).toFixed(3)),
      ),
    ),
    '',
  ].join('\n');
}

function flatnessRow({ title, windows }: Flatness): string[] {
  const p50 = (one: Windows): number => middle(one, (sample) => sample.p50);
  const most = Math.max(...windows.map(({ size }) => size));
  const few = windows.filter(({ size }) => size < most).flatMap(({ samples }) => samples.map((sample) => sample.p50));
  const ratio = p50(windows.find(({ size }) => size === most)!) / median(few);
  const cells = [ratio.toFixed(2), GATE.toFixed(2), ratio <= GATE ? 'yes' : 'NO'];
  return row(title, ...windows.map((one) => p50(one).toFixed(2)), ...cells);
}

const middle = ({ samples }: Windows, read: (sample: Windows['samples'][number]) => number): number =>
  median(samples.map(read));
