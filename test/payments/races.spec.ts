import { toFen } from '../../src/common/money.js';
import { CallbackContents } from '../../src/payments/callback-contents.js';
import { Apps } from '../../src/tenancy/apps.service.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { until } from '../queues/support/until.js';
import { deliver, Letterbox } from './support/letterbox.js';
import { type Payment, Shop } from './support/shop.js';

/** What happens at the same moment. */
describe('races', () => {
  let minibase: Minibase;
  let letterbox: Letterbox;
  let shop: Shop;
  beforeAll(async () => {
    letterbox = await Letterbox.open();
    minibase = await startMinibase({ publicUrl: letterbox.url });
  });
  beforeEach(async () => {
    shop = await Shop.open(minibase, ['wechat', 'alipay']);
  });
  afterAll(async () => {
    await minibase.close();
    await letterbox.close();
  });

  /** Holds a payment while `act` starts; both go on when as many wait for it as are meant to. */
  const holding = async <T>(paymentId: string, act: (waiting: (count: number) => Promise<void>) => Promise<T>) => {
    const holder = minibase.database.dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query(`select from payments where id = $1 for update`, [paymentId]);
    const waiting = async (count: number) => {
      await until(`${count} wait`, async () => {
        const rows = await minibase.database.dataSource.query<unknown[]>(
          `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
        );
        return rows.length >= count;
      });
    };
    try {
      return await act(waiting);
    } finally {
      await holder.commitTransaction();
      await holder.release();
    }
  };
  const parked = async (): Promise<{ payment: Payment; callbackId: string }> => {
    const payment = await shop.payment();
    await shop.faults('wechat', 'wrong_amount', {}, { direction: 'out' });
    const before = letterbox.letters.length;
    await shop.cashier(payment.clientAction);
    await deliver(minibase.url, await letterbox.letter(before + 1));
    const { body } = await shop.server<{ data: { id: string }[] }>('GET', '/v1/callbacks?status=parked');
    return { payment, callbackId: body.data[0]!.id };
  };

  test('a parked callback is run again while its user is erased, and neither fails', async () => {
    const { payment, callbackId } = await parked();
    const { both } = await holding(payment.id, async (waiting) => {
      const erased = shop.server('DELETE', `/v1/users/${shop.login.user.id}`);
      await waiting(1);
      const rerun = shop.server('POST', `/v1/callbacks/${callbackId}/rerun`);
      await waiting(2);
      return { both: [erased, rerun] };
    });
    const statuses = (await Promise.all(both)).map(({ status }) => status);
    expect(statuses.filter((status) => status >= 500)).toEqual([]);
  });

  test('two notices of one console refund, at once, are one refund and no alarm', async () => {
    const payment = await shop.payment({ platform: 'alipay' });
    await shop.cashier(payment.clientAction);
    await shop.server('POST', `/v1/payments/${payment.id}/refresh`);
    await shop.until(payment.id, 'succeeded');
    const app = await minibase.app.get(Apps, { strict: false }).record(shop.app.appId);
    const contents = minibase.app.get(CallbackContents, { strict: false });
    const content = {
      kind: 'refund',
      paymentNumber: payment.attempts[0]!.number,
      state: { kind: 'succeeded', facts: { platformRefundId: '2026/own', amount: toFen(990) } },
    } as const;
    const hear = () =>
      minibase.database.transaction((tx) =>
        contents.apply(tx, { app, platform: 'alipay', accountId: shop.app.programs.alipay.id }, content),
      );
    const news = await holding(payment.id, async (waiting) => {
      const both = Promise.allSettled([hear(), hear()]);
      await waiting(2);
      return { both };
    });
    expect((await news.both).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });

  test('a parked callback that is no longer believed says so when it is run again', async () => {
    const { callbackId } = await parked();
    await shop.server('PATCH', `/v1/merchant-accounts/${shop.merchants.wechat!.id}`, {
      body: { credentials: { apiV3Key: 'k'.repeat(32) } },
    });
    const { status } = await shop.server('POST', `/v1/callbacks/${callbackId}/rerun`);
    expect(status).toBeLessThan(500);
  });

  test('a parked callback that fits when it comes again is no longer parked', async () => {
    const payment = await shop.payment();
    const before = letterbox.letters.length;
    await shop.cashier(payment.clientAction);
    const letter = await letterbox.letter(before + 1);
    const { number } = payment.attempts[0]!;
    const rename = (text: string) => minibase.database.dataSource.query(text, [number]);
    await rename(`update payment_attempts set number = 'x' || $1::text where number = $1`);
    await deliver(minibase.url, letter);
    await rename(`update payment_attempts set number = $1 where number = 'x' || $1::text`);
    await deliver(minibase.url, letter);
    expect((await shop.read(payment.id)).status).toBe('succeeded');
    const { body } = await shop.server<{ data: unknown[] }>('GET', '/v1/callbacks?status=parked');
    expect(body.data).toEqual([]);
  });

  test('nobody is asked to pay what was canceled while the platform took the order', async () => {
    const payment = await shop.payment({ platform: undefined });
    await shop.faults(
      'wechat',
      'slow',
      { milliseconds: 2_000 },
      { direction: 'in', path: '/v3/pay/transactions/jsapi' },
    );
    const started = shop.server<{ clientAction?: unknown }>('POST', `/v1/payments/${payment.id}/attempts`, {
      body: { platform: 'wechat' },
    });
    await until('the attempt is written', async () => (await shop.read(payment.id)).attempts.length === 1);
    await shop.server('POST', `/v1/payments/${payment.id}/cancel`);
    expect((await started).body.clientAction).toBeUndefined();
  });
});
