import { examine } from '../../src/cli/doctor.js';
import { type Payment, PLATFORMS, type Refund, Shop } from '../payments/support/shop.js';
import { until } from '../queues/support/until.js';
import { aLogin, must, type LoggedIn } from '../support/client.js';
import { eventsOf } from '../support/events.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

interface Export {
  readonly identities: readonly { openid: string }[];
  readonly payments: readonly Payment[];
}

describe('a user who has paid', () => {
  let minibase: Minibase;
  let shop: Shop;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    shop = await Shop.open(minibase, PLATFORMS);
  });
  afterEach(async () => {
    expect(await examine(minibase.database.dataSource, shop.app.appId)).toEqual([]);
  });
  afterAll(() => minibase.close());

  const as = ({ accessToken: token }: LoggedIn) => ({ token });
  const exported = () => must<Export>(minibase.url, 'GET', '/v1/me/export', as(shop.login));
  /** What the developer has written about the person; another word in each app. */
  const room = () => `Zimmer-${shop.app.appId.slice(-12)}`;
  const openids = async () => (await exported()).identities.map(({ openid }) => openid);

  /** The tables in which any of the words stands, wherever in a row; only those of our own, not of the queues. */
  async function tablesWith(words: readonly string[]): Promise<string[]> {
    const { dataSource } = minibase.database;
    const tables = await dataSource.query<{ name: string }[]>(`
      select table_name as name from information_schema.tables
      where table_type = 'BASE TABLE' and table_schema = 'public' order by 1`);
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await dataSource.query<{ row: string }[]>(`select t::text as row from public.${name} t`);
      if (rows.some(({ row }) => words.some((word) => row.includes(word)))) found.push(name);
    }
    return found;
  }

  /** One payment that was paid on each platform with a part given back, and one that is still open there. */
  async function aLife() {
    const made: { paid: Payment; open: Payment; refund: Refund }[] = [];
    for (const platform of PLATFORMS) {
      const paid = await shop.paid({ platform, metadata: { room: room() } });
      const { body: refund } = await shop.refund(paid.id, { amount: 90 });
      const open = await shop.payment({ platform, metadata: { room: room() } });
      made.push({ paid, open, refund });
    }
    return made;
  }
  const callbacksOf = async () =>
    (await shop.server<{ data: { id: string; objectId: string }[] }>('GET', '/v1/callbacks?limit=100')).body.data;

  test('takes all of it along: every payment, open or paid, and nothing of anybody else', async () => {
    const life = await aLife();
    const hong = await aLogin(minibase, shop.app, 'hong');
    const other = await shop.payment({ userId: hong.user.id });
    const { payments } = await exported();
    const ids = life.flatMap(({ paid, open }) => [paid.id, open.id]);
    expect(payments.map(({ id }) => id).sort()).toEqual(ids.sort());
    const paid = payments.find(({ id }) => id === life[0]!.paid.id);
    expect(paid).toMatchObject({ status: 'succeeded', amount: 990, metadata: { room: room() } });
    expect(paid!.attempts[0]!.platformTransactionId).toBe(life[0]!.paid.attempts[0]!.platformTransactionId);
    expect(JSON.stringify(payments)).not.toContain(other.id);
    const hers = await must<Export>(minibase.url, 'GET', '/v1/me/export', as(hong));
    expect(hers.payments.map(({ id }) => id)).toEqual([other.id]);
  });

  test('takes along more than one page of them', async () => {
    for (let round = 0; round < 11; round++)
      await Promise.all(Array.from({ length: 10 }, () => shop.payment({ platform: undefined })));
    const { payments } = await exported();
    expect(new Set(payments.map(({ id }) => id)).size).toBe(110);
  });

  test('and goes, leaves numbers and amounts and nothing personal, in whatever table', async () => {
    const life = await aLife();
    const words = [...(await openids()), room()];
    expect(words).toHaveLength(4);
    expect(await tablesWith(words)).toEqual(expect.arrayContaining(['identities', 'payment_attempts', 'payments']));
    const before = await shop.server<{ data: object[] }>('GET', '/v1/ledger-entries');

    expect((await shop.mine('DELETE', '/v1/me')).status).toBe(204);
    expect(await tablesWith(words)).toEqual([]);
    for (const { paid, open, refund } of life) {
      expect(await shop.read(paid.id)).toMatchObject({ status: 'succeeded', amount: 990, metadata: {} });
      expect(await shop.read(open.id)).toMatchObject({ amount: 990, metadata: {}, userId: shop.login.user.id });
      expect((await shop.server<Refund>('GET', `/v1/refunds/${refund.id}`)).body.amount).toBe(90);
    }
    expect((await shop.server<{ data: object[] }>('GET', '/v1/ledger-entries')).body.data).toEqual(
      expect.arrayContaining(before.body.data),
    );
    for (const { id, objectId } of await callbacksOf()) {
      if (!life.some(({ paid }) => paid.id === objectId)) continue;
      const { body } = await shop.server('GET', `/v1/callbacks/${id}`);
      expect(body).toMatchObject({ headers: null, body: null });
    }
    // Nobody can ask that person for money any more.
    const { status, body } = await shop.server('POST', '/v1/payments', {
      body: { userId: shop.login.user.id, amount: 1, subject: 'Coffee', platform: 'wechat' },
    });
    expect([status, body.code]).toEqual([409, 'user_gone']);
    const again = await shop.server('POST', `/v1/payments/${life[0]!.open.id}/attempts`, {
      body: { platform: 'wechat' },
    });
    expect(again.body.code).toBe('user_gone');
  });

  test('and goes, can still be given money back, and what was open is paid or ends as if they were there', async () => {
    const life = await aLife();
    const words = await openids();
    await shop.mine('DELETE', '/v1/me');
    for (const { paid, refund } of life) {
      await shop.advanceUntilRefund(refund.id, 'succeeded', 60);
      expect((await shop.refund(paid.id)).body.amount).toBe(900);
    }
    // The payment page was still open on the phone.
    const [first, ...others] = life;
    await shop.cashier(first!.open.clientAction);
    await shop.until(first!.open.id, 'succeeded');
    for (const { open } of others) await shop.server('POST', `/v1/payments/${open.id}/cancel`);
    await shop.advance(3 * 3_600);
    for (const { open } of others) await shop.until(open.id, 'closed');
    expect(await tablesWith(words)).toEqual([]);
  });

  test('and becomes another user: payments, their callbacks and their refunds go along', async () => {
    const life = await aLife();
    const hong = await aLogin(minibase, shop.app, 'hong');
    const path = `/v1/users/${shop.login.user.id}/merge`;
    await must(minibase.url, 'POST', path, { token: shop.app.secretKey, body: { into: hong.user.id } });
    const mine = await must<{ data: Payment[] }>(minibase.url, 'GET', '/v1/me/payments', as(hong));
    const ids = life.flatMap(({ paid, open }) => [paid.id, open.id]);
    expect(mine.data.map(({ id }) => id).sort()).toEqual(ids.sort());
    const before = await shop.server<{ data: Payment[] }>('GET', `/v1/payments?userId=${shop.login.user.id}`);
    expect(before.body.data).toEqual([]);
    // Both tokens are of the same person now.
    expect((await shop.mine('GET', `/v1/me/payments/${ids[0]}`)).status).toBe(200);
    const [{ open, paid }] = life as [(typeof life)[number]];
    await shop.cashier(open.clientAction);
    await shop.until(open.id, 'succeeded');
    expect((await shop.refund(paid.id)).status).toBe(201);
    await must(minibase.url, 'DELETE', `/v1/users/${hong.user.id}`, { token: shop.app.secretKey });
    expect(await shop.read(paid.id)).toMatchObject({ metadata: {}, userId: hong.user.id });
  });

  test('is in events by ids and amounts alone', async () => {
    const life = await aLife();
    const words = [...(await openids()), room(), 'Coffee', shop.person];
    await until('the refunds are told', async () => {
      const told = await eventsOf(minibase, shop.app.secretKey);
      return life.every(({ refund }) => told.some(({ object }) => object.id === refund.id));
    });
    const about = (await eventsOf(minibase, shop.app.secretKey)).filter(({ type }) => /^(payment|refund)\./.test(type));
    expect(about.length).toBeGreaterThanOrEqual(12);
    const text = JSON.stringify(about);
    expect(words.filter((word) => text.includes(word))).toEqual([]);
  });
});
