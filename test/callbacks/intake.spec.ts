import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { CallbackAccounts } from '../../src/callbacks/callback-accounts.js';
import { type CallbackHandler, CallbackHandlers, type Concluded } from '../../src/callbacks/callback-handler.js';
import { Intake } from '../../src/callbacks/intake.js';
import { Mismatch, TooEarly } from '../../src/callbacks/mismatch.js';
import { Database, type Tx } from '../../src/database/database.js';
import type { AddressCheck, PlatformCallback, RawCallback } from '../../src/platforms/callback.js';
import { Apps } from '../../src/tenancy/apps.service.js';
import { Letterbox } from '../payments/support/letterbox.js';
import { PLATFORMS, Shop } from '../payments/support/shop.js';
import { type Minibase, startMinibase } from '../support/minibase.js';

/** What is kept of callbacks, and what the domain that acts on them is asked to do. */
describe('the intake of callbacks', () => {
  let minibase: Minibase;
  let letterbox: Letterbox;
  let shop: Shop;
  beforeAll(async () => {
    letterbox = await Letterbox.open();
    minibase = await startMinibase({ publicUrl: letterbox.url });
    shop = await Shop.open(minibase, PLATFORMS);
  });
  afterAll(async () => {
    await minibase.close();
    await letterbox.close();
  });

  const get = <T>(token: abstract new (...args: never[]) => T): T => minibase.app.get<T>(token, { strict: false });
  const raw = (over: Partial<RawCallback> = {}): RawCallback => ({
    method: 'POST',
    headers: {},
    query: {},
    body: Buffer.from('{}'),
    hint: undefined,
    receivedAt: new Date(),
    ...over,
  });
  interface Row {
    id: string;
    status: string;
    problem: string | null;
    repeats: number;
    objectId: string | null;
  }
  const kept = (key: string) =>
    minibase.database.dataSource.query<Row[]>(
      'select id, status, problem, repeats, object_id as "objectId" from callbacks where deduplication_key = $1',
      [key],
    );
  const events = async (id: string) =>
    (await minibase.database.dataSource.query<{ type: string }[]>('select type from events where stream_id = $1', [id])).map(({ type }) => type); // prettier-ignore
  const told = (key: string): PlatformCallback => ({ deduplicationKey: key, type: 'x', content: { kind: 'other' } });

  /** As if the platform had sent something that its reader reads like that. */
  async function comes(telling: PlatformCallback | AddressCheck) {
    const app = await get(Apps).record(shop.app.appId);
    const account = {
      id: shop.app.programs.alipay.id,
      app,
      platform: 'alipay' as const,
      read: async () => telling,
      acknowledge: () => ({ status: 200, contentType: 'text/plain', body: '' }),
    };
    const accounts = get(CallbackAccounts);
    Object.assign(accounts, { find: async () => account });
    try {
      return await get(Intake).receive(account.id, raw());
    } finally {
      Reflect.deleteProperty(accounts, 'find');
    }
  }

  test('the usual payment is one statement and no transaction', async () => {
    const payment = await shop.payment({ platform: 'wechat' });
    await shop.cashier(payment.clientAction);
    const { path, headers, body } = await letterbox.letter();
    const { database } = minibase;
    const asked = new AsyncLocalStorage<string[]>();
    const { prototype } = Database;
    const run = (...of: Parameters<Database['run']>) => (asked.getStore()?.push(of[0].text), prototype.run.apply(database, of)); // prettier-ignore
    const transaction = (...of: Parameters<Database['transaction']>) => (asked.getStore()?.push('begin'), prototype.transaction.apply(database, of)); // prettier-ignore
    Object.assign(database, { run, transaction });
    const texts: string[] = [];
    const accountId = path.split('/')[2]!;
    await get(CallbackAccounts).find(accountId);
    const received = await asked.run(texts, () => get(Intake).receive(accountId, raw({ headers, body })));
    for (const name of ['run', 'transaction']) Reflect.deleteProperty(database, name);
    expect(received.kind).toBe('accepted');
    // The relay follows the commit.
    expect(texts.filter((text) => !text.includes('event_relay'))).toEqual([
      expect.stringContaining('insert into callbacks'),
    ]);
    expect((await shop.read(payment.id)).status).toBe('succeeded');
  });

  test('what nobody acts on is kept', async () => {
    const key = randomUUID();
    expect((await comes(told(key))).kind).toBe('accepted');
    expect(await kept(key)).toMatchObject([{ status: 'ignored', repeats: 0 }]);
  });

  test('a question about the address is answered and not kept', async () => {
    const reply = { status: 200, contentType: 'text/plain', body: 'echo' };
    const count = async () => (await minibase.database.dataSource.query<object[]>('select id from callbacks')).length;
    const before = await count();
    expect(await comes({ kind: 'check', reply })).toEqual({ kind: 'check', reply });
    expect(await count()).toBe(before);
  });

  describe('with a domain that acts', () => {
    let does: (tx: Tx, id: string) => Promise<Concluded>;
    let applied: string[];
    let answered: CallbackHandler['kinds'] = [];
    const object = 'obj_1';
    const settled: Concluded = { status: 'settled', objectId: object, answer: { refundNumber: 'n' } };
    /** Something that the domain writes; it must go when the callback's content cannot be. */
    const write = (tx: Tx) => tx.query('insert into written values (1)');
    const written = async () => (await minibase.database.dataSource.query<object[]>('select * from written')).length;
    beforeAll(async () => {
      await minibase.database.dataSource.query('create table written (one int)');
      get(CallbackHandlers).register({
        kinds: ['other'],
        get answered() {
          return answered;
        },
        apply: (tx, _arrival, _content, { id }) => (applied.push(id), does(tx, id)),
      });
    });
    beforeEach(async () => {
      applied = [];
      answered = [];
      does = async (tx) => (await write(tx), settled);
      await minibase.database.dataSource.query('truncate written');
    });

    test('its word is kept with what it did, and its answer handed on', async () => {
      const key = randomUUID();
      expect(await comes(told(key))).toMatchObject({ kind: 'accepted', answer: { refundNumber: 'n' } });
      const [row] = await kept(key);
      expect(row).toMatchObject({ status: 'settled', objectId: object });
      expect([applied, await written()]).toEqual([[row?.id], 1]);
    });

    test('a repeat is counted, and applied only where its answer is wanted again', async () => {
      const key = randomUUID();
      await comes(told(key));
      expect(await comes(told(key))).not.toHaveProperty('answer');
      expect(applied).toHaveLength(1);
      answered = ['other'];
      expect(await comes(told(key))).toMatchObject({ answer: { refundNumber: 'n' } });
      expect(applied).toHaveLength(2);
      expect(await kept(key)).toMatchObject([{ status: 'settled', repeats: 2 }]);
    });

    test('what cannot be is undone, parked and announced once; it is applied again when it comes again', async () => {
      const key = randomUUID();
      does = async (tx) => {
        await write(tx);
        throw new Mismatch('openid', 'nobody has it', object);
      };
      expect((await comes(told(key))).kind).toBe('accepted');
      await comes(told(key));
      const [row] = await kept(key);
      expect(row).toMatchObject({ status: 'parked', problem: 'openid', objectId: object, repeats: 1 });
      expect([await written(), await events(row!.id)]).toEqual([0, ['callback.parked']]);
      does = async () => settled;
      await comes(told(key));
      expect(await kept(key)).toMatchObject([{ status: 'settled', problem: null, repeats: 2 }]);
      expect(new Set(applied)).toEqual(new Set([row?.id]));
    });

    test.each([
      ['too early', new TooEarly('its payment is not known')],
      ['in error', new Error('boom')],
    ])('what is %s is not kept and comes again', async (_, error) => {
      const key = randomUUID();
      does = async (tx) => {
        await write(tx);
        throw error;
      };
      expect((await comes(told(key))).kind).toBe('retry');
      expect([await kept(key), await written()]).toEqual([[], 0]);
    });
  });
});
