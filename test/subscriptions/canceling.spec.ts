import { type Minibase, startMinibase } from '../support/minibase.js';
import { Club, type Invoice, type Subscription } from './support/club.js';
import { pass, signed, wallet } from './support/contracts.js';

/** Under which the money moves a day after it was asked for. */
const DELAYED = { wechat: { planId: '100002', debitMode: 'delayed' } };
/** For so long after its beginning nothing is due. */
const QUIET_DAYS = 24;
const DAYS = 40;
const STEP = 0.25;

describe('a subscription that is canceled while its next period is debited', () => {
  let minibase: Minibase;
  let club: Club;
  let begun: Subscription;
  let debited: Invoice & { readonly paymentId: string };
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    club = await Club.open(minibase);
    begun = await signed(club, { platforms: DELAYED });
    debited = await theDebit();
  });
  afterEach(async () => {
    expect(await club.violations()).toEqual([]);
  });
  afterAll(() => minibase.close());

  const theDebit = async () => {
    await pass(club, QUIET_DAYS);
    for (let day = QUIET_DAYS; day < DAYS; day += STEP) {
      await pass(club, STEP);
      const [newest] = await club.invoices(begun.id);
      if (newest?.status === 'open' && newest.paymentId !== null) return { ...newest, paymentId: newest.paymentId };
    }
    throw new Error('nothing is debited');
  };
  /** What the person has paid and not got back, by payment. */
  const kept = async (): Promise<number[]> => {
    const { body } = await club.shop.server<{ data: { amount: number; amountRefunded: number; status: string }[] }>(
      'GET',
      '/v1/payments?limit=50',
    );
    return body.data
      .filter(({ status }) => status === 'succeeded')
      .map(({ amount, amountRefunded }) => amount - amountRefunded);
  };

  test('gives back what was debited all the same', async () => {
    await club.act(begun.id, 'cancel', { at: 'period_end' });
    await pass(club, 2);
    expect(await kept()).toEqual([0, 1990]);
    expect(await club.read(begun.id)).toMatchObject({ status: 'canceled', endedAt: begun.currentPeriodEnd });
  });

  test('is not debited again when that fails', async () => {
    await wallet(club, 'empty', 1);
    await club.act(begun.id, 'cancel', { at: 'period_end' });
    await pass(club, 5);
    expect(await club.read(begun.id)).toMatchObject({ status: 'canceled', endedAt: begun.currentPeriodEnd });
    expect((await club.invoices(begun.id)).map(({ status }) => status)).toEqual(['void', 'paid']);
  });

  test('renews when the cancellation is undone, although that debit fails', async () => {
    await wallet(club, 'empty', 1);
    await club.act(begun.id, 'cancel', { at: 'period_end' });
    await club.act(begun.id, 'resume');
    await pass(club, 6);
    expect(await club.read(begun.id)).toMatchObject({ status: 'active', currentPeriodStart: begun.currentPeriodEnd });
    expect(await kept()).toEqual([1990, 1990]);
  });

  test('is billed anew when the cancellation is undone after that debit', async () => {
    await club.act(begun.id, 'cancel', { at: 'period_end' });
    await pass(club, 1.2);
    await club.act(begun.id, 'resume');
    await pass(club, 10);
    expect(await club.read(begun.id)).toMatchObject({ status: 'active', currentPeriodStart: begun.currentPeriodEnd });
    expect((await kept()).filter((amount) => amount > 0)).toEqual([1990, 1990]);
  });

  test('is not paid by hand beside it, and when canceled at once gives it back', async () => {
    const again = await club.shop.mine('POST', `/v1/me/invoices/${debited.id}/pay`, { body: { platform: 'wechat' } });
    expect([again.status, again.body.code]).toEqual([409, 'invoice_being_collected']);
    await club.act(begun.id, 'cancel', { at: 'now' });
    expect(await club.features()).toEqual({});
    await pass(club, 3);
    expect((await kept()).filter((amount) => amount > 0)).toEqual([1990]);
  });
});
