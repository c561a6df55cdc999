import { drive, type Script } from './load.js';
import { connectionsOf, type Sample, sample } from './measure.js';
import { countPayments, empty, fill, seededPayment } from './million-rows.js';
import type { Options } from './options.js';
import { callbacks, creating, forgetChecks, newPayers, type Payer } from './payments.js';
import type { Side, Stand } from './stand.js';

const FEW = 1_000;
const MANY = 1_000_000;
const PAYERS = 200;
/** Fixed and small, so that a thousand payments stay about a thousand. */
const REQUESTS = 500;
const WARM_UP_REQUESTS = 6_000;
/** Few enough that an answer's time is work rather than waiting in line. */
const CONNECTIONS = 8;

/** One thing that is asked of our server, whatever the number of rows. */
interface Question {
  readonly name: string;
  readonly title: string;
  script(side: Side, payers: readonly Payer[], requests: number, seeded: number): Promise<Script>;
}

const QUESTIONS: readonly Question[] = [
  {
    name: 'payment-create',
    title: 'create payment + WeChat attempt',
    async script(side, payers) {
      let next = 0;
      return () => creating(side, payers[next++ % payers.length]!);
    },
  },
  {
    name: 'payment-read',
    title: 'GET /v1/payments/{id}',
    async script({ secretKey }, _, __, seeded) {
      const headers = { authorization: `Bearer ${secretKey}` };
      const random = (): number => 1 + Math.floor(Math.random() * seeded);
      return () => ({ method: 'GET', path: `/v1/payments/${seededPayment(random())}`, headers });
    },
  },
  {
    name: 'callback',
    title: 'callback intake (WeChat Pay)',
    script: (side, payers, requests) => callbacks(side, payers, requests),
  },
];

/** The windows of one question with `payments` in the table when each began. */
export interface Windows {
  readonly size: number;
  readonly samples: readonly (Sample & { readonly payments: number })[];
}

export interface Flatness {
  readonly name: string;
  readonly title: string;
  readonly windows: readonly Windows[];
}

/** Our side only: few rows, many, and few again, so that a machine that becomes slower meanwhile shows. */
export async function measureFlatness(
  stand: Stand,
  options: Options,
  say: (line: string) => void,
): Promise<Flatness[]> {
  const { ours, sandboxUrl } = stand;
  const connections = connectionsOf({ connections: CONNECTIONS }, options);
  say('warm-up …');
  await refill(ours, FEW);
  await warmUp(ours, await newPayers(sandboxUrl, ours, PAYERS), connections);

  const found = QUESTIONS.map(({ name, title }) => ({ name, title, windows: [] as Windows[] }));
  for (const size of [FEW, MANY, FEW]) {
    say(`${size} payments …`);
    await refill(ours, size);
    let payers = await newPayers(sandboxUrl, ours, PAYERS);
    // Statements are planned anew for these tables, and their indexes come into memory, before anything counts.
    for (const question of QUESTIONS) {
      await drive(ours.url, connections, REQUESTS, await question.script(ours, payers, REQUESTS, size));
    }
    const stage = QUESTIONS.map(() => [] as (Sample & { payments: number })[]);
    for (let round = 0; round < options.rounds; round++) {
      for (const [place, question] of QUESTIONS.entries()) {
        if ((await countPayments(ours)) > 2 * size) {
          await refill(ours, size);
          payers = await newPayers(sandboxUrl, ours, PAYERS);
        }
        await forgetChecks(ours);
        const script = await question.script(ours, payers, REQUESTS, size);
        const payments = await countPayments(ours);
        stage[place]!.push({ ...(await sample(ours, connections, REQUESTS, script)), payments });
      }
    }
    for (const [place, samples] of stage.entries()) found[place]!.windows.push({ size, samples });
  }
  return found;
}

async function refill(side: Side, size: number): Promise<void> {
  await empty(side);
  await fill(side, size);
}

async function warmUp(side: Side, payers: readonly Payer[], connections: number): Promise<void> {
  for (const question of QUESTIONS) {
    for (let sent = 0; sent < WARM_UP_REQUESTS; sent += 1_000) {
      await drive(side.url, connections, 1_000, await question.script(side, payers, 1_000, FEW));
    }
  }
}
