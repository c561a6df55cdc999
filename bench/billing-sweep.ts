import { emptySubscriptions, fillSubscriptions } from './billing-sweep-rows.js';
import { explainSweep, type Explained } from './billing-sweep-plans.js';
import type { Options } from './options.js';
import { check, letPass, letPeriodsPass, renewed } from './renewals-rows.js';
import { openRenewingStand, type Renewing } from './renewals-stand.js';
import type { Stand } from './stand.js';

/** Milliseconds until all that are due are done with, in each half of a renewal. */
export interface SweepSample {
  readonly collected: number;
  readonly rolled: number;
}

/** What was seen with so many subscriptions in the tables. */
export interface Stage {
  readonly size: number;
  readonly samples: readonly SweepSample[];
  readonly explained: readonly Explained[];
}

const DUE = 100;
const FEW = 1_000;
const MANY = 1_000_000;
const WARM_UP = 2;
const BEFORE_MS = 3_600_000;

/** Our side only: few subscriptions, many, and few again, so that a machine that becomes slower meanwhile shows. */
export async function measureSweep(stand: Stand, { rounds }: Options, say: (line: string) => void): Promise<Stage[]> {
  const from = await openRenewingStand(stand, DUE);
  let periods = 0;
  const pass = async (): Promise<{ sample: SweepSample; explained: Explained[] }> => {
    periods += 1;
    await letPeriodsPass(from, periods);
    const first = await half(from, BEFORE_MS);
    const second = await half(from, 0);
    await check(from, periods);
    return { sample: { collected: first.milliseconds, rolled: second.milliseconds }, explained: first.explained };
  };
  const stages: Stage[] = [];
  for (const size of [FEW, MANY, FEW]) {
    say(`${size} subscriptions …`);
    if (stages.length > 0) await emptySubscriptions(from);
    await fillSubscriptions(from, size);
    // Statements are planned anew for these tables, and their indexes come into memory, before anything counts.
    for (let turn = 0; turn < WARM_UP; turn += 1) await pass();
    const seen: { sample: SweepSample; explained: Explained[] }[] = [];
    for (let round = 0; round < rounds; round += 1) seen.push(await pass());
    stages.push({ size, samples: seen.map(({ sample }) => sample), explained: seen.at(-1)!.explained });
  }
  return stages;
}

async function half(from: Renewing, left: number) {
  const client = await from.side.connect();
  try {
    await client.query('begin');
    await letPass(client, from, left);
    const explained = await explainSweep(client, from);
    const begun = performance.now();
    await client.query('commit');
    await from.wake();
    await renewed(client, from);
    return { explained, milliseconds: performance.now() - begun };
  } finally {
    await client.end();
  }
}
