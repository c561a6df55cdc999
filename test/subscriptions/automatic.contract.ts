import type { PlatformCode } from '../../src/platforms/platform.js';
import { until } from '../queues/support/until.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { Club } from './support/club.js';
import { PlatformContracts } from './support/platform-contracts.js';

/** A club on one platform, open for one test. */
export interface Stand {
  readonly minibase: Minibase;
  readonly club: Club;
  readonly contracts: PlatformContracts;
}

const DAY_MS = 86_400_000;
const IN_CHINA_MS = 8 * 3_600_000;
const dayOf = (time: string): string => new Date(Date.parse(time) + IN_CHINA_MS).toISOString().slice(0, 10);

/** Ten o'clock in China on a day of the January that comes next, so that no test depends on when it runs. */
export const january = (day: number): Date => new Date(Date.UTC(new Date().getUTCFullYear() + 1, 0, day, 2));

/**
 * Opens a club before each test, on 10 January. After each nothing that was promised is broken, and the platform was asked
 * for no debit that it had to refuse.
 */
export function useClub(platform: PlatformCode): Stand {
  const stand = {} as { -readonly [Field in keyof Stand]: Stand[Field] };
  beforeAll(async () => {
    stand.minibase = await startMinibase();
  });
  beforeEach(async () => {
    stand.club = await Club.open(stand.minibase, [platform]);
    stand.contracts = new PlatformContracts(stand.club);
    await stand.contracts.goTo(january(10));
  });
  afterEach(async () => {
    await stand.club.settled();
    expect(await stand.club.violations()).toEqual([]);
    expect(await stand.contracts.refused()).toEqual([]);
  });
  afterAll(() => stand.minibase.close());
  return stand;
}

/** What every platform with contracts can, in the same words. */
export function describeAutomaticRenewal(platform: PlatformCode, isFirstDebited: boolean): void {
  const stand = useClub(platform);
  const first = isFirstDebited ? 1 : 0;

  test('is paid and signed, and renewed three times in order', async () => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price());
    expect(begun).toMatchObject({ status: 'active', renewal: 'automatic' });
    expect((await contracts.read(begun.id)).debits).toHaveLength(first);
    await contracts.advance({ days: 93 });
    const invoices = (await club.invoices(begun.id)).toReversed();
    expect(invoices.map(({ status, amount }) => [status, amount])).toEqual(Array(4).fill(['paid', 1990]));
    for (const [at, { periodEnd }] of invoices.slice(0, -1).entries()) {
      expect(invoices[at + 1]!.periodStart).toBe(periodEnd);
    }
    expect(await club.read(begun.id)).toMatchObject({ currentPeriodStart: invoices[3]!.periodStart });
    const { debits } = await contracts.read(begun.id);
    expect(debits.map(({ outcome, amount }) => [outcome, amount])).toEqual(Array(3 + first).fill(['paid', 1990]));
    // Paid before it began, so that nobody was without it.
    const told = await club.told(begun.id);
    expect(told.filter((type) => type === 'subscription.renewed')).toHaveLength(3);
    expect(told).not.toContain('subscription.past_due');
    expect(await club.features()).toEqual({ pro: true, seats: 5 });
  });

  test('keeps to the last day of the month', async () => {
    const { club, contracts } = stand;
    await contracts.goTo(january(31));
    const begun = await contracts.begun(await club.price());
    await contracts.advance({ days: 90 });
    const starts = (await club.invoices(begun.id)).toReversed().map(({ periodStart }) => dayOf(periodStart));
    const year = january(1).getUTCFullYear();
    const february = new Date(Date.UTC(year, 2, 0)).getUTCDate();
    expect(starts).toEqual([`${year}-01-31`, `${year}-02-${february}`, `${year}-03-31`, `${year}-04-30`]);
    expect(await club.told(begun.id)).not.toContain('subscription.past_due');
  });

  test('begins a trial with the signature alone, and is debited when it ends', async () => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price({ recurring: { trialDays: 7 } }));
    expect(begun).toMatchObject({ status: 'trialing' });
    expect(await club.invoices(begun.id)).toEqual([]);
    expect((await contracts.read(begun.id)).debits).toEqual([]);
    await contracts.advance({ days: 8 });
    expect(await club.read(begun.id)).toMatchObject({ status: 'active', currentPeriodStart: begun.trialEnd });
    await contracts.advance({ days: 31 });
    expect((await club.invoices(begun.id)).map(({ status }) => status)).toEqual(['paid', 'paid']);
    expect(await club.told(begun.id)).not.toContain('subscription.past_due');
  });

  test('begins free of charge with the signature alone, and is debited for what follows', async () => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price({ recurring: { introductory: { amount: 0, periods: 1 } } }));
    const { currentPeriodStart: periodStart, currentPeriodEnd: periodEnd } = begun;
    expect(await club.invoices(begun.id)).toMatchObject([{ status: 'paid', amount: 0, periodStart, periodEnd }]);
    expect((await contracts.read(begun.id)).debits).toEqual([]);
    await contracts.advance({ days: 62 });
    expect((await club.invoices(begun.id)).map(({ amount }) => amount)).toEqual([1990, 1990, 0]);
    expect(await club.told(begun.id)).not.toContain('subscription.past_due');
  });

  test('is debited again when there was too little money', async () => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price());
    await contracts.wallet('empty', 1);
    await contracts.advance({ days: 33 });
    expect(await club.read(begun.id)).toMatchObject({ status: 'active', currentPeriodStart: begun.currentPeriodEnd });
    expect((await club.invoices(begun.id))[0]).toMatchObject({ status: 'paid', failures: 1, failureCode: null });
    expect(await contracts.failures()).toHaveLength(1);
    await contracts.advance({ days: 29 });
    expect((await club.invoices(begun.id))[0]).toMatchObject({ status: 'paid', failures: 0 });
    expect(await club.invoices(begun.id)).toHaveLength(3);
  });

  test('ends when there is never enough, and the contract with it', async () => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price());
    await contracts.wallet('empty');
    await contracts.advance({ days: 33 });
    expect(await club.read(begun.id)).toMatchObject({ status: 'past_due' });
    expect(await club.features()).toEqual({ pro: true, seats: 5 });
    await contracts.advance({ days: 6 });
    expect(await club.features()).toEqual({});
    await contracts.advance({ days: 25 });
    expect(await club.read(begun.id)).toMatchObject({ status: 'canceled', cancelReason: 'payment_failed' });
    expect((await club.invoices(begun.id))[0]).toMatchObject({ status: 'uncollectible' });
    await contracts.untilOver(begun.id);
    expect(await contracts.read(begun.id)).toMatchObject({ endedBy: 'merchant' });
    const { length } = (await contracts.read(begun.id)).debits;
    expect(length).toBeGreaterThan(1 + first);
    await contracts.advance({ days: 40 });
    expect((await contracts.read(begun.id)).debits).toHaveLength(length);
  });

  test('waits unpaid for who pays by hand where that is the setting, and is debited from then on', async () => {
    const { club, contracts } = stand;
    expect((await contracts.settings({ finalAction: 'mark_unpaid' })).status).toBe(200);
    const begun = await contracts.begun(await club.price({ recurring: { interval: 'year' }, platforms: YEARLY }));
    await contracts.wallet('empty');
    await contracts.advance({ days: 365 + 40 });
    expect(await club.read(begun.id)).toMatchObject({ status: 'unpaid' });
    expect(await club.features()).toEqual({});
    await contracts.wallet('full');
    await contracts.advance({ days: 5 });
    expect((await club.invoices(begun.id))[0]).toMatchObject({ status: 'open' });
    await club.pay(begun.id);
    expect(await club.until(begun.id, 'active')).toMatchObject({ currentPeriodStart: begun.currentPeriodEnd });
    await contracts.advance({ days: 330 });
    expect((await club.invoices(begun.id)).map(({ status }) => status)).toEqual(['paid', 'paid', 'paid']);
    expect((await contracts.read(begun.id)).debits.at(-1)).toMatchObject({ outcome: 'paid' });
  });

  test('ends with its period when the person ends the contract at the platform', async () => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price());
    await contracts.advance({ days: 3 });
    await contracts.end(begun.id);
    await contracts.untilOver(begun.id);
    expect(await contracts.of(begun.id)).toMatchObject({ endedBy: 'user' });
    expect(await club.read(begun.id)).toMatchObject({
      ...{ status: 'active', cancelAt: begun.currentPeriodEnd, cancelReason: 'mandate_terminated' },
    });
    await contracts.advance({ days: 30 });
    expect(await club.read(begun.id)).toMatchObject({ status: 'canceled', endedAt: begun.currentPeriodEnd });
    expect(await club.features()).toEqual({});
    expect(await club.invoices(begun.id)).toHaveLength(1);
  });

  test('goes on under another contract when the person ended one by mistake', async () => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price());
    await contracts.advance({ days: 12 });
    await contracts.end(begun.id);
    await contracts.untilOver(begun.id);
    const { body } = await club.act(begun.id, 'resume');
    await club.shop.cashier(body.clientAction);
    await until('it is kept', async () => (await club.read(begun.id)).cancelAt === null);
    await contracts.advance({ days: 50 });
    expect((await club.invoices(begun.id)).map(({ status }) => status)).toEqual(['paid', 'paid', 'paid']);
    expect((await contracts.read(begun.id)).debits.map(({ outcome }) => outcome)).toEqual(['paid', 'paid']);
    expect(await club.told(begun.id)).not.toContain('subscription.past_due');
  });

  test.each(['now', 'period_end'] as const)('is canceled (%s), and so is the contract', async (at) => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price());
    await contracts.advance({ days: 3 });
    const { body } = await club.act(begun.id, 'cancel', { at });
    expect(body.subscription).toMatchObject({
      status: at === 'now' ? 'canceled' : 'active',
      cancelReason: 'requested',
    });
    await contracts.advance({ days: 30 });
    expect(await club.read(begun.id)).toMatchObject({ status: 'canceled', cancelReason: 'requested' });
    await contracts.untilOver(begun.id);
    expect(await contracts.of(begun.id)).toMatchObject({ endedBy: 'merchant' });
    expect(await contracts.read(begun.id)).toMatchObject({ endedBy: 'merchant' });
    await contracts.advance({ days: 40 });
    expect(await club.invoices(begun.id)).toHaveLength(1);
    expect((await contracts.read(begun.id)).debits).toHaveLength(first);
  });

  test.each([
    ['some days', 37],
    ['a whole period', 65],
  ])('is debited late when nobody could for %s, and on time again after that', async (_, days) => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price());
    await club.shop.advance((days * DAY_MS) / 1_000);
    await club.settled();
    await contracts.advance({ days: 6 });
    expect(await club.read(begun.id)).toMatchObject({ status: 'active' });
    expect((await club.invoices(begun.id)).map(({ status }) => status)).toEqual(['paid', 'paid']);
    await contracts.advance({ days: 62 });
    expect((await club.invoices(begun.id)).map(({ status }) => status)).toEqual(Array(4).fill('paid'));
    const told = await club.told(begun.id);
    expect(told.slice(told.lastIndexOf('subscription.past_due'))).toContain('subscription.renewed');
    expect(await contracts.failures()).toEqual([]);
  });

  test('gives a debit back: a part of it changes nothing, all of it ends the subscription', async () => {
    const { club, contracts } = stand;
    const begun = await contracts.begun(await club.price());
    await contracts.advance({ days: 33 });
    const { paymentId } = (await club.invoices(begun.id))[0]!;
    for (const [amount, status] of [
      [990, 'active'],
      [1000, 'canceled'],
    ] as const) {
      const { body: refund } = await club.shop.refund(paymentId!, { amount, reason: 'sorry' });
      await club.shop.untilSent(refund.id);
      await contracts.advance({ days: 0.01 });
      await club.shop.untilRefund(refund.id, 'succeeded');
      expect(await club.read(begun.id)).toMatchObject({ status });
    }
    expect(await club.read(begun.id)).toMatchObject({ cancelReason: 'refunded' });
    expect(await club.features()).toEqual({});
    await contracts.untilOver(begun.id);
    await contracts.advance({ days: 31 });
    expect(await club.invoices(begun.id)).toHaveLength(2);
  });
}

/** Contracts for a year where the platform has them by templates. */
const YEARLY = { douyin: { serviceId: 'service_yearly' } };
