import type { SweepSample, Stage } from './billing-sweep.js';
import { median } from './measure.js';
import type { Options } from './options.js';
import { row } from './report.js';

const GATE = 1.3;

/** The same work beside few rows and many. */
export function reportSweep(stages: readonly Stage[], { rounds }: Options) {
  const sizes = stages.map(({ size }) => size.toLocaleString('en'));
  const most = Math.max(...stages.map(({ size }) => size));
  const half = (title: string, read: (sample: SweepSample) => number): string[] => {
    const middles = stages.map(({ samples }) => median(samples.map(read)));
    const few = stages.filter(({ size }) => size < most).flatMap(({ samples }) => samples.map(read));
    const ratio = middles[stages.findIndex(({ size }) => size === most)]! / median(few);
    const times = middles.map((one) => one.toFixed(0));
    return row(title, ...times, ratio.toFixed(2), GATE.toFixed(2), ratio <= GATE ? 'yes' : 'NO');
  };
  const statements = stages[0]!.explained.map(({ name }) => name);
  const figure = (name: string, read: 'milliseconds' | 'buffers'): string[] =>
    stages.map(({ explained }) => {
      const found = explained.find((one) => one.name === name)![read];
      return read === 'buffers' ? String(found) : found.toFixed(2);
    });
  const lines = [
    `Our side only: 100 subscriptions are due, and so many are there. Medians over ${rounds} periods each, in the order ` +
      'of the columns; the ratio is that with many divided by the median with few, before and after. See ../README.md.',
    '',
    ...row('until all 100', ...sizes.map((size) => `ms, ${size}`), 'ratio', 'gate', 'holds'),
    ...row('---', ...sizes.map(() => '--:'), '--:', '--:', '---'),
    ...half('are invoiced, debited, paid', ({ collected }) => collected),
    ...half('have begun their period', ({ rolled }) => rolled),
    '',
    ...row('statement', ...sizes.map((size) => `pages, ${size}`), ...sizes.map((size) => `ms, ${size}`)),
    ...row('---', ...sizes.map(() => '--:'), ...sizes.map(() => '--:')),
    ...statements.flatMap((name) => row(name, ...figure(name, 'buffers'), ...figure(name, 'milliseconds'))),
  ];
  return { lines, content: { gate: GATE, stages } };
}
