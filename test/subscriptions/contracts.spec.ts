import { until } from '../queues/support/until.js';
import { sandbox } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Club } from './support/club.js';
import { mandates, pass, signed, terminate, wallet } from './support/contracts.js';

const OTHER = { wechat: { planId: '100002', debitMode: 'delayed' } };

describe('a contract that is over', () => {
  let minibase: Minibase;
  let club: Club;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    club = await Club.open(minibase);
  });
  afterEach(async () => {
    expect(await club.violations()).toEqual([]);
  });
  afterAll(() => minibase.close());

  test('lets the user pay the next period by hand, and have it', async () => {
    const begun = await signed(club);
    for (let i = 0; i < 130 && (await club.invoices(begun.id)).length < 2; i += 1) await pass(club, 0.25);
    await terminate(club, begun.id);
    await club.pay(begun.id);
    await pass(club, 6);
    expect(await club.read(begun.id)).toMatchObject({ status: 'active', currentPeriodStart: begun.currentPeriodEnd });
    expect(await club.features()).toEqual({ pro: true, seats: 5 });
    await pass(club, 31);
    expect(await club.read(begun.id)).toMatchObject({ status: 'canceled' });
  });

  test('can be signed anew, which gives no access to what is not paid', async () => {
    const begun = await signed(club);
    await wallet(club, 'empty');
    await pass(club, 32);
    expect((await club.read(begun.id)).status).toBe('past_due');
    await terminate(club, begun.id);
    const { body } = await club.act(begun.id, 'resume');
    await club.shop.cashier(body.clientAction);
    await until('kept', async () => (await club.read(begun.id)).cancelAt === null);
    const { body: entitled } = await club.shop.mine<{ data: { expiresAt: string }[] }>('GET', '/v1/me/entitlements');
    for (const { expiresAt } of entitled.data) expect(expiresAt).toBe(begun.currentPeriodEnd);
    await wallet(club, 'full');
    await pass(club, 5);
    expect(await club.read(begun.id)).toMatchObject({ status: 'active', currentPeriodStart: begun.currentPeriodEnd });
  });

  test('is found out although nobody told', async () => {
    const begun = await signed(club);
    await sandbox(minibase, 'faults', { kind: 'drop', match: { platform: 'wechat', direction: 'out' } });
    const [mandate] = await mandates(club);
    await sandbox(minibase, 'contract', { platform: 'wechat', number: mandate!.number, does: 'terminate', by: 'user' });
    await pass(club, 40);
    expect(await club.read(begun.id)).toMatchObject({
      status: 'canceled',
      endedAt: begun.currentPeriodEnd,
      cancelReason: 'mandate_terminated',
    });
  });

  test('ends also what waits for its user, with the period', async () => {
    await club.shop.server('PATCH', '/v1/billing-settings', { body: { graceDays: 2, finalAction: 'mark_unpaid' } });
    const begun = await signed(club);
    await wallet(club, 'empty');
    await pass(club, 32);
    expect((await club.read(begun.id)).status).toBe('past_due');
    const [mandate] = await mandates(club);
    await club.shop.mine('POST', `/v1/me/mandates/${mandate!.id}/terminate`);
    await pass(club, 12);
    expect((await club.read(begun.id)).status).toBe('unpaid');
    await pass(club, 25);
    expect((await club.read(begun.id)).status).toBe('canceled');
  });

  test('is ended at the platform when it was signed too late for what it was for', async () => {
    const begun = await signed(club);
    const yearly = await club.price({ amount: 9_900, recurring: { interval: 'year' }, platforms: OTHER });
    const { body } = await club.act(begun.id, 'change', { priceId: yearly, at: 'period_end' });
    await club.act(begun.id, 'cancel', { at: 'period_end' });
    await club.shop.cashier(body.clientAction);
    await pass(club, 1);
    expect((await mandates(club)).map(({ status }) => status)).toEqual(['terminated', 'active']);
    await pass(club, 40);
    expect((await mandates(club)).map(({ status }) => status)).toEqual(['terminated', 'terminated']);
  });
});
