import { median } from './measure.js';
import type { Half, RenewalSample } from './renewals.js';
import { PLATFORM } from './renewals-stand.js';
import { row } from './report.js';

const GATE = 250;

/** Renewals per second, and whose processor time they take. */
export function reportRenewals(samples: readonly RenewalSample[]) {
  const middle = (read: (sample: RenewalSample) => number): number => median(samples.map(read));
  const { renewals } = samples[0]!;
  const perSecond = middle((one) => one.perSecond);
  const half = (title: string, read: (sample: RenewalSample) => Half): string[] => {
    const each = (of: (half: Half) => number): string => middle((one) => (of(read(one)) * 1_000) / renewals).toFixed(2);
    return row(
      title,
      (renewals / middle((one) => read(one).seconds)).toFixed(0),
      ...[each(({ cpu }) => cpu.server), each(({ cpu }) => cpu.postgres), each(({ cpu }) => cpu.sandbox)],
    );
  };
  const lines = [
    `Our side only: ${renewals} subscriptions of one app on ${PLATFORM}, all due at once. Medians over ${samples.length} ` +
      'periods. See ../README.md.',
    '',
    ...row('renewals/s', 'gate', 'holds'),
    ...row('--:', '--:', '---'),
    ...row(perSecond.toFixed(0), String(GATE), perSecond >= GATE ? 'yes' : 'NO'),
    '',
    ...row('half of a renewal', 'per second', 'server CPU ms each', 'Postgres CPU ms each', 'sandbox CPU ms each'),
    ...row('---', '--:', '--:', '--:', '--:'),
    ...half('invoice, debit, its result, entitlements', ({ collected }) => collected),
    ...half('the period begins', ({ rolled }) => rolled),
  ];
  return { lines, content: { gate: GATE, platform: PLATFORM, perSecond, samples } };
}
