import { PaymentListeners } from '../../src/payments/payment-listener.js';
import { Lanes } from '../../src/queues/lane.js';
import { until } from '../queues/support/until.js';
import { must } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { type Refund, Shop } from './support/shop.js';

/** More due attempts of one merchant than any sweep would read one by one. */
const CROWD = 6_000;

/** What must go on although something else does not. */
describe('sweeps', () => {
  let minibase: Minibase;
  /** Payments whose end makes a listener throw. */
  const stuck = new Set<string>();
  beforeAll(async () => {
    minibase = await startMinibase();
    minibase.app.get(PaymentListeners, { strict: false }).register({
      onClosed: async (_, { id }) => {
        if (stuck.has(id)) throw new Error('this listener does not get over it');
      },
    });
  });
  afterEach(() => fetch(`${minibase.sandboxUrl}/_/faults`, { method: 'DELETE' }));
  afterAll(() => minibase.close());

  const sql = <T = Record<string, unknown>>(text: string, values: unknown[] = []) =>
    minibase.database.dataSource.query<T[]>(text, values);
  /** What the sweep would do within five seconds. */
  const wake = ({ app }: Shop, kind: string, lane: string) =>
    minibase.app.get(Lanes, { strict: false }).nudge(kind, { appId: app.appId, lane });

  test.each([
    ['that was never tried', undefined, 1],
    ['that the platform has closed', 'wechat', 30],
  ])('a payment %s and that cannot be ended keeps no other one open', async (_, platform, count) => {
    const shop = await Shop.open(minibase);
    const pay = () => shop.payment({ platform, expiresIn: 60 });
    for (const { id } of await Promise.all(Array.from({ length: count }, pay))) stuck.add(id);
    const other = await pay();
    await shop.advance(61);
    await wake(shop, 'payments', 'expiring');
    await until('all are being closed', async () => {
      const open = `select from payments where app_id = $1 and status in ('created', 'pending') and closing_since is null`;
      return (await sql(open, [shop.app.appId])).length <= (platform ? 0 : count);
    });
    await wake(shop, 'payments', shop.merchants.wechat!.id);
    await until('the other is closed', async () => (await shop.read(other.id)).status === 'closed');
  });

  test('in an app whose clock was moved, an order that is just being made is not yet absent for good', async () => {
    const shop = await Shop.open(minibase);
    await shop.advance(24 * 3_600);
    const order = { direction: 'in', path: '/v3/pay/transactions/jsapi' };
    await shop.faults('wechat', 'slow', { times: 1, milliseconds: 1_000 }, order);
    const made = shop.payment();
    let id = '';
    await until('the attempt is written', async () => {
      const rows = `select payment_id from payment_attempts where app_id = $1`;
      const [row] = await sql<{ payment_id: string }>(rows, [shop.app.appId]);
      id = row?.payment_id ?? '';
      return id !== '';
    });
    await shop.server('POST', `/v1/payments/${id}/refresh`);
    await made;
    expect((await shop.read(id)).attempts[0]!.status).not.toBe('closed');
  });

  test('a refund that had to wait for its turn is asked about as soon as any other', async () => {
    const shop = await Shop.open(minibase);
    const look = () => wake(shop, 'refunds', shop.merchants.wechat!.id);
    const payment = await shop.paid();
    await shop.faults('wechat', 'drop', { times: 1_000 }, { direction: 'out' });
    const refunds: Refund[] = [];
    for (let i = 0; i < 4; i++) refunds.push((await shop.refund(payment.id, { amount: 10 })).body);
    for (const { id } of refunds) {
      await shop.untilSent(id);
      if (id === refunds[3]!.id) break;
      // The others look whether it is their turn, and go on waiting.
      await look();
      await shop.advance(61);
      await look();
    }
    const [last] = await sql<{ wait: number }>(
      `select extract(epoch from r.check_at - now() - p.clock_offset * interval '1 millisecond')::float8 as wait
       from refunds r join apps p on p.id = r.app_id where r.id = $1`,
      [refunds[3]!.id],
    );
    // WeChat's schedule begins with a minute.
    expect(last!.wait).toBeGreaterThan(50);
    expect(last!.wait).toBeLessThanOrEqual(60);
  });

  describe('a refund that a person has asked Douyin for, and that is refused', () => {
    const AUDIT = { direction: 'in', path: '/api/trade_basic/v1/developer/refund_audit_callback/' };
    let shop: Shop;
    let asked: Refund;
    beforeEach(async () => {
      shop = await Shop.open(minibase, ['douyin']);
      const payment = await shop.paid({ platform: 'douyin' });
      const body = { number: payment.attempts[0]!.number, platform: 'douyin', by: 'user' };
      await must(minibase.sandboxUrl, 'POST', '/_/refund', { body });
      await until('the request', async () => {
        const { body: page } = await shop.server<{ data: Refund[] }>('GET', `/v1/refunds?paymentId=${payment.id}`);
        if (page.data[0]) asked = page.data[0];
        return page.data.length > 0;
      });
      await shop.faults('douyin', 'drop', { times: 100 }, { direction: 'out' });
    });

    const secondsLeft = () => Math.ceil((new Date(asked.decideBefore!).getTime() - Date.now()) / 1_000);
    async function refuse(): Promise<void> {
      await shop.server('POST', `/v1/refunds/${asked.id}/reject`, { body: { reason: 'Used.' } });
      await until('it was tried', async () => {
        const [row] = await sql<{ checks: number }>(`select checks from refunds where id = $1`, [asked.id]);
        return (row?.checks ?? 0) > 0;
      });
    }

    /** How it is known to end once it is asked about after the deadline. */
    async function endsAs(status: string): Promise<void> {
      await shop.advance(secondsLeft() + 24 * 3_600);
      await wake(shop, 'refunds', shop.merchants.douyin!.id);
      expect((await shop.advanceUntilRefund(asked.id, status)).source).toBe('platform');
    }

    test('ends as the platform has ended it where the refusal could not be told in time', async () => {
      await shop.faults('douyin', 'busy', { times: 3 }, AUDIT);
      await refuse();
      await endsAs('succeeded');
    });

    test('is rejected where Douyin has heard the refusal and nobody has heard its answer', async () => {
      await shop.faults('douyin', 'timeout_after', { times: 1 }, AUDIT);
      await refuse();
      await endsAs('rejected');
    });
  });

  test(`${CROWD} due attempts of one app do not keep those of another from being asked about`, async () => {
    const shop = await Shop.open(minibase);
    const crowd = await Shop.open(minibase);
    const model = await crowd.payment();
    const fromCrowd = { direction: 'in', merchantId: crowd.merchants.wechat!.merchantId };
    await crowd.faults('wechat', 'timeout_before', { times: 10 * CROWD }, fromCrowd);
    const [same] = await sql<{ columns: string }>(
      `select string_agg(column_name, ', ') as columns from information_schema.columns
       where table_name = 'payment_attempts' and column_name not in ('id', 'number', 'check_at', 'status', 'kept')`,
    );
    await sql(
      `insert into payment_attempts (id, number, check_at, status, ${same!.columns})
       select 'att_crowd' || n, 'crowd' || n, now() - interval '1 hour', 'unknown', ${same!.columns}
       from payment_attempts, generate_series(1, ${CROWD}) n where payment_id = $1`,
      [model.id],
    );
    await shop.faults('wechat', 'drop', { times: 100 }, { direction: 'out' });
    const payment = await shop.payment();
    await shop.cashier(payment.clientAction);
    await sql(`update payment_attempts set check_at = now() where payment_id = $1`, [payment.id]);
    await until('it is paid', async () => (await shop.read(payment.id)).status === 'succeeded', 40_000);
    await sql(`delete from payment_attempts where number like 'crowd%'`);
  }, 90_000);
});
