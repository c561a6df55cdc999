import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { PostgresFacts } from './databases.js';
import { connectionsOf, median, type Round, type Sample } from './measure.js';
import type { Options } from './options.js';
import type { Path } from './paths.js';
import type { SideName } from './stand.js';

export interface Result {
  readonly path: Path;
  readonly rounds: readonly Round[];
}

export const RESULTS = new URL('../results/', import.meta.url);
const GOAL = 0.9;

/** Writes `results/<name>.md` and `.json`. */
export async function save(results: readonly Result[], options: Options, postgres: PostgresFacts): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(new URL(`${options.name}.md`, RESULTS), toMarkdown(results, options, postgres));
  await writeFile(new URL(`${options.name}.json`, RESULTS), toJson(results, options, postgres));
}

export function toMarkdown(results: readonly Result[], options: Options, postgres: PostgresFacts): string {
  const { name, rounds, seconds } = options;
  const connections = [...new Set(results.map(({ path }) => connectionsOf(path, options)))].join(', ');
  return [
    `# ${name}`,
    '',
    `${machine()}; Node ${process.version}; Postgres ${postgres.version}, fsync ${postgres.fsync}, ` +
      `synchronous_commit ${postgres.synchronousCommit}; our limits in ${postgres.limits}.`,
    `${rounds} rounds of about ${seconds} s per side in turns, ${connections} connections. Medians over the rounds; ` +
      'a ratio is the median of the ratios of the rounds. See ../README.md.',
    '',
    ...row('path', 'side', 'requests/s', 'p50 ms', 'p99 ms', 'server CPU ms/request'),
    ...row('---', '---', '--:', '--:', '--:', '--:'),
    ...results.flatMap(({ path, rounds: all }) => [sideRow(path, 'ours', all), sideRow(path, 'bare', all)]),
    '',
    ...row('path', 'throughput, ours / bare', 'CPU, bare / ours', 'gate', 'throughput holds', 'CPU holds'),
    ...row('---', '--:', '--:', '--:', '---', '---'),
    ...results.map(ratioRow),
    '',
    ...results.flatMap(slowestLine),
  ].join('\n');
}

export const row = (...cells: string[]): string[] => [`| ${cells.join(' | ')} |`];

function sideRow({ title }: Path, side: SideName, rounds: readonly Round[]): string {
  const middle = (read: (sample: Sample) => number): number => median(rounds.map((round) => read(round[side])));
  const cells = [
    title,
    side,
    middle((one) => one.perSecond).toFixed(0),
    middle((one) => one.p50).toFixed(2),
    middle((one) => one.p99).toFixed(2),
    middle((one) => one.cpu).toFixed(3),
  ];
  return row(...cells)[0]!;
}

function ratioRow({ path, rounds }: Result): string {
  const { throughput, cpu } = ratios(rounds);
  const holds = (ratio: number): string => (ratio >= GOAL ? 'yes, and the goal' : ratio >= path.gate ? 'yes' : 'NO');
  const cells = [throughput.toFixed(2), cpu.toFixed(2), path.gate.toFixed(2), holds(throughput), holds(cpu)];
  return row(path.title, ...cells)[0]!;
}

/** Of a path whose slowest answers are bounded. */
function slowestLine({ path: { title, slowest }, rounds }: Result): string[] {
  if (slowest === undefined) return [];
  const p99 = (side: SideName): number => median(rounds.map((round) => round[side].p99));
  const holds = p99('ours') < slowest ? 'yes' : 'NO';
  const both = `p99 of ours ${p99('ours').toFixed(1)} ms, of bare ${p99('bare').toFixed(1)} ms`;
  return [`${title}: ${both}; gate for ours ${slowest} ms: ${holds}.`, ''];
}

/** Both so that 1 is as good as bare and less is worse. */
const ratios = (rounds: readonly Round[]) => ({
  throughput: median(rounds.map(({ ours, bare }) => ours.perSecond / bare.perSecond)),
  cpu: median(rounds.map(({ ours, bare }) => bare.cpu / ours.cpu)),
});

function toJson(results: readonly Result[], options: Options, postgres: PostgresFacts): string {
  const { name, rounds, seconds } = options;
  const content = {
    ...{ name, rounds, seconds },
    ...{ machine: machine(), node: process.version, postgres },
    paths: results.map(({ path, rounds: samples }) => ({
      ...{ path: path.name, gate: path.gate, connections: connectionsOf(path, options) },
      ratios: ratios(samples),
      rounds: samples,
    })),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** Its processors, for the reader of the results. */
export function machine(): string {
  const all = cpus();
  return `${all.length} cores (${all[0]?.model.trim() ?? 'unknown'}), ${process.platform} ${process.arch}`;
}
