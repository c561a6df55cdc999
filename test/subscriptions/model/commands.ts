import fc from 'fast-check';
import type { PlatformCode } from '../../../src/platforms/platform.js';
import { PLATFORMS } from '../../payments/support/shop.js';
import { PRICES, type PriceName } from './price-list.js';

/** What somebody does next. `at` picks a subscription, the newer ones more often. */
export type Command =
  | { does: 'subscribe'; person: number; price: PriceName; quantity: number; isManual: boolean; visit: Visit }
  | { does: 'visit'; at: number; visit: Visit }
  | { does: 'pay'; at: number; outcome: 'pay' | 'cancel' }
  | { does: 'cancel'; at: number; when: 'now' | 'period_end' }
  | { does: 'resume' | 'pause' | 'read'; at: number; visit: Visit }
  | { does: 'change'; at: number; price: PriceName; quantity: number; when: 'now' | 'period_end'; visit: Visit }
  | { does: 'leave'; at: number; by: 'user' | 'merchant' | 'platform' }
  | { does: 'terminate'; at: number }
  | { does: 'wallet'; person: number; times: number | null; isFull: boolean }
  | { does: 'fault'; platform: PlatformCode; fault: Fault };

/** What the person does on the page that opens: `later` is not at all, or with another command. */
export interface Visit {
  readonly outcome: 'pay' | 'cancel' | 'fail' | 'later';
  /** False: takes the tick off the contract, where there is one beside the payment. */
  readonly signs: boolean;
}

export interface Fault {
  readonly kind: string;
  readonly path?: string;
  readonly times?: number;
  readonly milliseconds?: number;
  readonly direction?: 'in' | 'out';
}

const at = fc.nat({ max: 9_999 }).map((n) => n / 10_000);
const person = fc.nat({ max: 9_999 });
const price = fc.constantFrom(...(Object.keys(PRICES) as PriceName[]));
const quantity = fc.constantFrom(1, 1, 1, 2);
const when = fc.constantFrom('now' as const, 'period_end' as const);
const times = fc.integer({ min: 1, max: 3 });
const visit: fc.Arbitrary<Visit> = fc.record({
  outcome: fc.constantFrom('pay', 'pay', 'pay', 'pay', 'pay', 'pay', 'cancel', 'fail', 'later'),
  signs: fc.constantFrom(true, true, true, true, true, false),
});

/** What is lost on the way there: never debits, which then stay in doubt for ten minutes of the machine's time. */
const LOSABLE: Readonly<Record<string, readonly string[]>> = {
  wechat: ['/papay/deletecontract', '/papay/querycontract'],
  alipay: [
    ...['alipay.user.agreement.query', 'alipay.user.agreement.unsign', 'alipay.trade.query'],
    'alipay.user.agreement.executionplan.modify',
  ],
  douyin: ['query_sign_order', 'terminate_sign', 'query_sign_pay'].map(
    (name) => `/api/trade_auth/v1/developer/${name}/`,
  ),
};
/** Where an answer may be lost after the money has moved. */
const DEBITS: Readonly<Record<string, string>> = {
  wechat: '/pay/pappayapply',
  alipay: 'alipay.trade.pay',
  douyin: '/api/trade_auth/v1/developer/create_sign_pay/',
};

const losing = fc.constantFrom<PlatformCode>(...PLATFORMS).chain((platform) =>
  fc.record({
    ...{ does: fc.constant('fault' as const), platform: fc.constant(platform) },
    fault: fc.record({
      kind: fc.constantFrom('status_500', 'garbage', 'status_500', 'garbage', 'timeout_before'),
      path: fc.constantFrom(...LOSABLE[platform]!),
    }),
  }),
);
/** A timeout takes seconds of the machine's time, so there are few. */
const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('busy'), times }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('drop', 'duplicate', 'reorder', 'wrong_signature'),
      times,
      direction: fc.constant('out' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('delay'), milliseconds: fc.integer({ min: 50, max: 900 }) }),
  },
);
const doubting = fc.constantFrom<PlatformCode>(...PLATFORMS).map((platform): Command => ({
  ...{ does: 'fault', platform },
  fault: { kind: 'timeout_after', path: DEBITS[platform]! },
}));

const subscribing = fc.record({
  ...{ does: fc.constant('subscribe' as const), person, price, quantity, visit },
  isManual: fc.constantFrom(false, false, false, true),
});

const living: fc.Arbitrary<Command> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ does: fc.constant('visit'), at, visit }) },
  { weight: 22, arbitrary: fc.record({ does: fc.constant('pay'), at, outcome: fc.constantFrom('pay', 'pay', 'pay', 'cancel') }) }, // prettier-ignore
  { weight: 8, arbitrary: fc.record({ does: fc.constant('cancel'), at, when }) },
  { weight: 10, arbitrary: fc.record({ does: fc.constantFrom('resume', 'resume', 'pause', 'read'), at, visit }) },
  { weight: 16, arbitrary: fc.record({ does: fc.constant('change'), at, price, quantity, when, visit }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('leave'), at, by: fc.constantFrom('user', 'user', 'user', 'merchant', 'platform') }) }, // prettier-ignore
  { weight: 2, arbitrary: fc.record({ does: fc.constant('terminate'), at }) },
  { weight: 14, arbitrary: fc.record({ does: fc.constant('wallet'), person, times: fc.option(times, { freq: 4 }), isFull: fc.constantFrom(true, false) }) }, // prettier-ignore
  { weight: 8, arbitrary: fc.record({ does: fc.constant('fault'), platform: fc.constantFrom<PlatformCode>(...PLATFORMS), fault }) }, // prettier-ignore
  { weight: 3, arbitrary: losing },
  { weight: 1, arbitrary: doubting },
);

/** What happens between two looks: so many people subscribe, so many other things happen, then days pass. */
export interface Stride {
  readonly days: number;
  readonly newcomers: readonly Command[];
  readonly acts: readonly Command[];
}

/** The same seed gives the same strides; how their commands meet each other is up to the machine. */
export function strideOf(seed: number, n: number, newcomers: number, actsPerDay: number): Stride {
  const from = { seed: seed + n * 7_919 };
  const [days] = fc.sample(fc.integer({ min: 1, max: 13 }), { ...from, numRuns: 1 });
  const sample = <T>(arbitrary: fc.Arbitrary<T>, count: number): T[] =>
    count <= 0 ? [] : fc.sample(arbitrary, { ...from, numRuns: count });
  const acts = sample(living, Math.ceil(actsPerDay * days!));
  return { days: days!, newcomers: sample(subscribing, newcomers), acts };
}
