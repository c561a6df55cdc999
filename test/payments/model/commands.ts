import fc from 'fast-check';
import type { PlatformCode } from '../../../src/platforms/platform.js';
import { PLATFORMS } from '../support/shop.js';

/** What somebody does next. `at` picks of what is there, see `Recent`. Names are of the business, so a trace can be read. */
export type Command =
  | { does: 'create'; person: number; platform: PlatformCode | null; fen: number; reference: number | null; soon: boolean; keyed: boolean } // prettier-ignore
  | { does: 'buy'; person: number; platform: PlatformCode; quantity: number; keyed: boolean }
  | { does: 'attempt'; at: number; platform: PlatformCode; mine: boolean }
  | { does: 'tap'; at: number; outcome: 'pay' | 'cancel' | 'fail'; twice: boolean }
  | { does: 'cancel'; at: number; mine: boolean }
  | { does: 'refresh'; at: number; mine: boolean }
  | { does: 'refund'; at: number; part: number | null; reference: number | null; keyed: boolean }
  | { does: 'refundBurst'; at: number; part: number; count: number; same: boolean }
  | { does: 'consoleRefund'; at: number; part: number | null; by: 'merchant' | 'user' }
  | { does: 'decide'; at: number; approve: boolean }
  | { does: 'repeat'; at: number; changed: boolean }
  | { does: 'replay'; at: number; times: number }
  | { does: 'forge'; at: number; how: 'body' | 'signature' | 'account' }
  | { does: 'fault'; platform: PlatformCode; fault: Fault }
  | { does: 'clock'; seconds: number };

export interface Fault {
  readonly kind: string;
  readonly times?: number;
  readonly milliseconds?: number;
  readonly code?: 'busy' | 'poor';
  readonly direction?: 'in' | 'out';
}

const at = fc.nat({ max: 9_999 }).map((n) => n / 10_000);
const platform = fc.constantFrom<PlatformCode>(...PLATFORMS);
const keyed = fc.boolean();
const person = fc.nat({ max: 999 });
/** Few enough that some are used again. */
const reference = fc.option(fc.nat({ max: 600 }), { freq: 1 });
/** Of a payment; above 1 is more than there is. */
const part = fc.constantFrom(0.01, 0.1, 0.3, 0.5, 0.9, 1, 1.2);
const times = fc.integer({ min: 1, max: 3 });

const fault = (timeouts: number): fc.Arbitrary<Fault> =>
  fc.oneof(
    { weight: timeouts, arbitrary: fc.constantFrom<Fault>({ kind: 'timeout_before' }, { kind: 'timeout_after' }) },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constantFrom('status_500', 'busy', 'garbage'), times }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('code'), times, code: fc.constantFrom('busy', 'poor') }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('slow'), milliseconds: fc.integer({ min: 20, max: 400 }) }) },
    { weight: 1, arbitrary: fc.constant<Fault>({ kind: 'wrong_signature', direction: 'in' }) },
    {
      weight: 10,
      arbitrary: fc.record({
        kind: fc.constantFrom('drop', 'duplicate', 'reorder', 'forge', 'wrong_amount', 'wrong_signature'),
        times,
        direction: fc.constant('out'),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('delay'), milliseconds: fc.integer({ min: 50, max: 1_500 }) }),
    },
  );

const seconds = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 120 }) },
  { weight: 3, arbitrary: fc.integer({ min: 120, max: 7_200 }) },
  { weight: 1, arbitrary: fc.integer({ min: 7_200, max: 4 * 86_400 }) },
);

/** How often what is done. The sum is about 1,000, so a weight of 5 is half a percent. */
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 150, arbitrary: fc.record({ does: fc.constant('create'), person, platform: fc.option(platform, { freq: 8 }), fen: fc.integer({ min: 1, max: 100_000 }), reference, soon: fc.boolean(), keyed }) }, // prettier-ignore
  { weight: 35, arbitrary: fc.record({ does: fc.constant('buy'), person, platform, quantity: fc.integer({ min: 1, max: 10 }), keyed }) }, // prettier-ignore
  { weight: 80, arbitrary: fc.record({ does: fc.constant('attempt'), at, platform, mine: fc.boolean() }) },
  { weight: 240, arbitrary: fc.record({ does: fc.constant('tap'), at, outcome: fc.constantFrom('pay', 'pay', 'pay', 'pay', 'cancel', 'fail'), twice: fc.boolean() }) }, // prettier-ignore
  { weight: 50, arbitrary: fc.record({ does: fc.constant('cancel'), at, mine: fc.boolean() }) },
  { weight: 60, arbitrary: fc.record({ does: fc.constant('refresh'), at, mine: fc.boolean() }) },
  { weight: 90, arbitrary: fc.record({ does: fc.constant('refund'), at, part: fc.option(part, { freq: 4 }), reference, keyed }) }, // prettier-ignore
  { weight: 20, arbitrary: fc.record({ does: fc.constant('refundBurst'), at, part, count: fc.integer({ min: 2, max: 8 }), same: fc.boolean() }) }, // prettier-ignore
  { weight: 30, arbitrary: fc.record({ does: fc.constant('consoleRefund'), at, part: fc.option(part), by: fc.constantFrom('merchant', 'user') }) }, // prettier-ignore
  { weight: 20, arbitrary: fc.record({ does: fc.constant('decide'), at, approve: fc.boolean() }) },
  { weight: 60, arbitrary: fc.record({ does: fc.constant('repeat'), at, changed: fc.boolean() }) },
  { weight: 90, arbitrary: fc.record({ does: fc.constant('replay'), at, times }) },
  { weight: 40, arbitrary: fc.record({ does: fc.constant('forge'), at, how: fc.constantFrom('body', 'signature', 'account') }) }, // prettier-ignore
  { weight: 40, arbitrary: fc.record({ does: fc.constant('fault'), platform, fault: fault(3) }) },
  { weight: 5, arbitrary: fc.record({ does: fc.constant('clock'), seconds }) },
);

export interface Step {
  readonly shop: number;
  readonly command: Command;
}

/** The same seed gives the same steps; how they meet each other is up to the machine. */
export const stepsOf = (seed: number, count: number, shops: number): Step[] =>
  fc.sample(fc.record({ shop: fc.nat({ max: shops - 1 }), command }), { seed, numRuns: count });
