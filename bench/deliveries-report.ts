import { mkdir, writeFile } from 'node:fs/promises';
import type { PostgresFacts } from './databases.js';
import type { DeliveryRound, DeliverySample } from './deliveries.js';
import { TENTHS, type HangingRound, type Tenth } from './deliveries-hanging.js';
import type { Latencies } from './deliveries-latency.js';
import { median } from './measure.js';
import type { Options } from './options.js';
import { machine, RESULTS, row } from './report.js';
import type { SideName } from './stand.js';

const GATE = 0.6;
const HANGING_GATE = 0.9;
const LATENCY_GATE_MS = 1_000;

/** Of one bench: what is printed and what `results/<name>.json` holds of it. */
export interface DeliveryReport {
  readonly lines: readonly string[];
  readonly content: object;
}

/** The table with its head. */
export function deliveriesToMarkdown({ lines }: DeliveryReport, { name }: Options, postgres: PostgresFacts): string {
  const queues = process.env['REDIS_URL'] ? 'Redis' : 'Postgres';
  const { version, fsync, synchronousCommit } = postgres;
  return [
    `# ${name}`,
    '',
    `${machine()}; Node ${process.version}; Postgres ${version}, fsync ${fsync}, ` +
      `synchronous_commit ${synchronousCommit}; our queues in ${queues}.`,
    ...lines,
    '',
  ].join('\n');
}

/** Writes `results/<name>.md` and `.json`. */
export async function saveDeliveries(report: DeliveryReport, options: Options, postgres: PostgresFacts): Promise<void> {
  const { name, rounds, seconds } = options;
  const content = { name, rounds, seconds, machine: machine(), node: process.version, postgres, ...report.content };
  await mkdir(RESULTS, { recursive: true });
  await writeFile(new URL(`${name}.md`, RESULTS), deliveriesToMarkdown(report, options, postgres));
  await writeFile(new URL(`${name}.json`, RESULTS), `${JSON.stringify(content, null, 2)}\n`);
}

/** Ours beside bare. */
export function reportDeliveries(rounds: readonly DeliveryRound[], { seconds }: Options): DeliveryReport {
  const ratios = {
    throughput: median(rounds.map(({ ours, bare }) => ours.perSecond / bare.perSecond)),
    cpu: median(rounds.map(({ ours, bare }) => bare.cpu / ours.cpu)),
  };
  const side = (name: SideName): string[] => row(name, ...cellsOf(rounds.map((round) => round[name])));
  const holds = (ratio: number): string => (ratio >= GATE ? 'yes' : 'NO');
  const lines = [
    `${rounds.length} rounds of about ${seconds} s per side in turns, ten endpoints. Medians over the rounds; ` +
      'a ratio is the median of the ratios of the rounds. See ../README.md.',
    '',
    ...row('side', 'deliveries/s', 'server CPU ms/delivery'),
    ...row('---', '--:', '--:'),
    ...side('ours'),
    ...side('bare'),
    '',
    ...row('throughput, ours / bare', 'CPU, bare / ours', 'gate', 'throughput holds', 'CPU holds'),
    ...row('--:', '--:', '--:', '---', '---'),
    ...row(ratios.throughput.toFixed(2), ratios.cpu.toFixed(2), GATE.toFixed(2), holds(ratios.throughput), holds(ratios.cpu)), // prettier-ignore
  ];
  return { lines, content: { gate: GATE, ratios, samples: rounds } };
}

const TITLES: Readonly<Record<Tenth, string>> = {
  answers: 'and the tenth as well',
  hangs: 'while the tenth never answers',
  none: 'and there is no tenth',
};

/** Nine endpoints beside a tenth. */
export function reportHanging(rounds: readonly HangingRound[], { seconds }: Options): DeliveryReport {
  const ratio = (than: Tenth): number => median(rounds.map((round) => round.hangs.perSecond / round[than].perSecond));
  const ratios = { hangsToAnswers: ratio('answers'), hangsToNone: ratio('none') };
  const holds = ratios.hangsToAnswers >= HANGING_GATE ? 'yes' : 'NO';
  const lines = [
    `Our side only: what the nine endpoints that answer receive. ${rounds.length} rounds of about ${seconds} s in turns, ` +
      'medians over the rounds. See ../README.md.',
    '',
    ...row('nine endpoints answer', 'deliveries/s to the nine', 'server CPU ms/delivery'),
    ...row('---', '--:', '--:'),
    ...TENTHS.flatMap((tenth) => row(TITLES[tenth], ...cellsOf(rounds.map((round) => round[tenth])))),
    '',
    ...row('tenth hangs / answers', 'gate', 'holds', 'tenth hangs / no tenth'),
    ...row('--:', '--:', '---', '--:'),
    ...row(ratios.hangsToAnswers.toFixed(2), HANGING_GATE.toFixed(2), holds, ratios.hangsToNone.toFixed(2)),
  ];
  return { lines, content: { gate: HANGING_GATE, ratios, samples: rounds } };
}

/** Commit to first attempt. */
export function reportLatencies(found: Latencies): DeliveryReport {
  const at = (values: readonly number[], part: number): number => values[Math.ceil(part * values.length) - 1]!;
  const cells = (values: readonly number[]): string[] => [0.5, 0.99, 1].map((part) => String(at(values, part)));
  const holds = at(found.attempt, 1) < LATENCY_GATE_MS ? 'yes' : 'NO';
  const lines = [
    `Our side only: ${found.attempt.length} payments created one after the other by API calls. See ../README.md.`,
    '',
    ...row('from the beginning of the transaction to', 'p50 ms', 'p99 ms', 'longest ms', 'gate ms', 'holds'),
    ...row('---', '--:', '--:', '--:', '--:', '---'),
    ...row('the first attempt', ...cells(found.attempt), String(LATENCY_GATE_MS), holds),
    ...row('the request at the endpoint', ...cells(found.arrival), '', ''),
  ];
  return { lines, content: { gate: LATENCY_GATE_MS, milliseconds: found } };
}

const cellsOf = (samples: readonly DeliverySample[]): string[] => [
  median(samples.map(({ perSecond }) => perSecond)).toFixed(0),
  median(samples.map(({ cpu }) => cpu)).toFixed(3),
];
