import { sandbox } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { Club } from './support/club.js';
import { pass, signed } from './support/contracts.js';

describe('a debit of which the platform will not tell the user', () => {
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

  test('is given up with the days of grace', async () => {
    const begun = await signed(club);
    const match = { platform: 'wechat', operation: '/v3/papay/contracts/{contract_id}/notify' };
    await sandbox(minibase, 'faults', { kind: 'busy', times: 100_000, match });
    for (let days = 0; days < 48; days += 8) await pass(club, 8);
    expect(await club.read(begun.id)).toMatchObject({ status: 'canceled', cancelReason: 'payment_failed' });
  });
});
