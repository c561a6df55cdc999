import fc from 'fast-check';

/** How an acceptance is told: by the platform, by the client, by both, or by a client that lies. */
export const TELLERS = ['both', 'platform', 'client', 'liar'] as const;
export type Teller = (typeof TELLERS)[number];

/** What goes wrong with the next message: WeChat's code, or an answer that never comes. */
export const TROUBLES = ['-1', '43108', '47003', 'status_500', 'timeout_after'] as const;

/** One thing that happens to one person, or to all. `template`: which of the two. */
export type Command =
  | { readonly does: 'accept'; readonly template: number; readonly told: Teller; readonly reportsAgain: boolean }
  | { readonly does: 'reject'; readonly template: number }
  | { readonly does: 'switchOff'; readonly template: number }
  | { readonly does: 'send'; readonly template: number; readonly count: number }
  | { readonly does: 'trouble'; readonly what: (typeof TROUBLES)[number] }
  | { readonly does: 'mail'; readonly what: 'duplicate' | 'delay' }
  /** Of the worker that sends. */
  | { readonly does: 'kill' }
  | { readonly does: 'advance'; readonly seconds: number };

const template = fc.nat(1);
/** Of a hundred steps: more, and nothing else would happen than starting. */
const KILLS = 1;
const ARBITRARY: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.record({
      does: fc.constant('accept' as const),
      template,
      told: fc.oneof(
        { weight: 5, arbitrary: fc.constant<Teller>('both') },
        { weight: 2, arbitrary: fc.constantFrom<Teller>('platform', 'client') },
        { weight: 2, arbitrary: fc.constant<Teller>('liar') },
      ),
      reportsAgain: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('reject' as const), template }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('switchOff' as const), template }) },
  {
    weight: 40,
    arbitrary: fc.record({ does: fc.constant('send' as const), template, count: fc.integer({ min: 1, max: 2 }) }),
  },
  { weight: 8, arbitrary: fc.record({ does: fc.constant('trouble' as const), what: fc.constantFrom(...TROUBLES) }) },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('mail' as const), what: fc.constantFrom('duplicate' as const, 'delay') }),
  },
  { weight: KILLS, arbitrary: fc.constant<Command>({ does: 'kill' }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('advance' as const), seconds: fc.constantFrom(30, 700) }) },
);

/** The same for the same seed. */
export const commands = (seed: number, count: number): Command[] => fc.sample(ARBITRARY, { seed, numRuns: count });
