import { median } from './measure.js';
import type { Broadcast } from './notifications-broadcast.js';
import type { NotificationRound } from './notifications.js';
import type { Options } from './options.js';
import { row } from './report.js';
import type { SideName } from './stand.js';

const GATE = 0.6;
const LATENCY_GATE_MS = 1_000;

/** Ours beside bare. */
export function reportNotifications(rounds: readonly NotificationRound[], { seconds }: Options) {
  const ratios = {
    throughput: median(rounds.map(({ ours, bare }) => ours.perSecond / bare.perSecond)),
    cpu: median(rounds.map(({ ours, bare }) => bare.cpu / ours.cpu)),
  };
  const side = (name: SideName): string[] =>
    row(
      name,
      median(rounds.map((round) => round[name].perSecond)).toFixed(0),
      median(rounds.map((round) => round[name].cpu)).toFixed(3),
    );
  const holds = (ratio: number): string => (ratio >= GATE ? 'yes' : 'NO');
  const lines = [
    `${rounds.length} rounds of about ${seconds} s per side in turns, one mini-program, 500 people. Medians over the ` +
      'rounds; a ratio is the median of the ratios of the rounds. See ../README.md.',
    '',
    ...row('side', 'messages/s', 'server CPU ms/message'),
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

/** A broadcast, and what somebody else's message waits beside it. */
export function reportBroadcast(found: Broadcast) {
  const at = (values: readonly number[], part: number): number => values[Math.ceil(part * values.length) - 1]!;
  const cells = (values: readonly number[]): string[] =>
    [String(values.length), ...[0.5, 0.99, 1].map((part) => at(values, part).toFixed(0))]; // prettier-ignore
  const holds = at(found.beside, 1) < LATENCY_GATE_MS ? 'yes' : 'NO';
  const mib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(0);
  const lines = [
    `Our side only: one broadcast to ${found.people} people, and beside it single messages of another app. See ../README.md.`,
    '',
    ...row('people', 'seconds', 'messages/s', 'server memory before MiB', 'highest MiB'),
    ...row('--:', '--:', '--:', '--:', '--:'),
    ...row(
      String(found.people),
      found.seconds.toFixed(1),
      (found.people / found.seconds).toFixed(0),
      mib(found.memory.before),
      mib(found.memory.highest),
    ),
    '',
    ...row('from the request for another app’s message to the platform’s answer', 'messages', 'p50 ms', 'p99 ms', 'longest ms', 'gate ms', 'holds'), // prettier-ignore
    ...row('---', '--:', '--:', '--:', '--:', '--:', '---'),
    ...row('while nothing else is sent', ...cells(found.alone), '', ''),
    ...row('beside the broadcast', ...cells(found.beside), String(LATENCY_GATE_MS), holds),
  ];
  return { lines, content: { gate: LATENCY_GATE_MS, ...found } };
}
