import { helpersOf } from './cpu.js';
import type { Around } from './deliveries.js';
import type { Options } from './options.js';
import { check, letPass, letPeriodsPass, renewed } from './renewals-rows.js';
import { openRenewingStand, type Renewing } from './renewals-stand.js';
import type { Stand } from './stand.js';

/** One half of a renewal, for all subscriptions. Times in seconds; processor times are of all threads. */
export interface Half {
  readonly seconds: number;
  readonly cpu: { readonly server: number; readonly postgres: number; readonly sandbox: number };
}

/** All subscriptions renewed once. */
export interface RenewalSample {
  readonly renewals: number;
  /** From the day before the period: invoice, debit, its result, entitlements. */
  readonly collected: Half;
  /** The period begins: dates, schedule, entitlements. */
  readonly rolled: Half;
  readonly perSecond: number;
}

const SUBSCRIBERS = 2_000;
/** Until V8 has compiled what is hot and Postgres has planned for tables with rows. */
const WARM_UP = 2;
/** While it is collected, a period still lasts for so long. */
const BEFORE_MS = 3_600_000;

/** Our side only. `around` runs each window. */
export async function measureRenewals(
  stand: Stand,
  { rounds }: Options,
  say: (line: string) => void,
  around: Around = (window) => window(),
): Promise<RenewalSample[]> {
  say(`${SUBSCRIBERS} people sign …`);
  const from = await openRenewingStand(stand, SUBSCRIBERS);
  await from.side.analyze();
  const samples: RenewalSample[] = [];
  for (let round = 1; round <= WARM_UP + rounds; round += 1) {
    await letPeriodsPass(from, round);
    const isMeasured = round > WARM_UP;
    const sample = await (isMeasured ? around : <T>(window: () => Promise<T>) => window())(() => renew(from));
    await check(from, round);
    await from.side.analyze();
    if (isMeasured) samples.push(sample);
    say(`${isMeasured ? '' : 'warm-up '}${sample.perSecond.toFixed(0)}/s`);
  }
  return samples;
}

async function renew(from: Renewing): Promise<RenewalSample> {
  const collected = await half(from, BEFORE_MS);
  const rolled = await half(from, 0);
  const renewals = from.subscribers;
  return { renewals, collected, rolled, perSecond: renewals / (collected.seconds + rolled.seconds) };
}

/** From the moment in which all of it is due until all of it is done. */
async function half(from: Renewing, left: number): Promise<Half> {
  const { side } = from;
  const client = await side.connect();
  try {
    await client.query('begin');
    await letPass(client, from, left);
    const before = { server: side.process.cpuSeconds(), ...helpersOf(side.process.process.pid!) };
    const begun = performance.now();
    await client.query('commit');
    await from.wake();
    await renewed(client, from);
    const seconds = (performance.now() - begun) / 1_000;
    const after = helpersOf(side.process.process.pid!);
    const cpu = {
      server: side.process.cpuSeconds() - before.server,
      postgres: after.postgres - before.postgres,
      sandbox: after.sandbox - before.sandbox,
    };
    return { seconds, cpu };
  } finally {
    await client.end();
  }
}
