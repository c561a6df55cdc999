import { type Minibase, startMinibase } from '../support/minibase.js';
import { deliver, Letterbox } from './support/letterbox.js';
import { Shop } from './support/shop.js';

describe('callbacks while the database fails', () => {
  let minibase: Minibase;
  let letterbox: Letterbox;
  beforeAll(async () => {
    letterbox = await Letterbox.open();
    minibase = await startMinibase({ publicUrl: letterbox.url });
  });
  afterAll(async () => {
    await minibase.close();
    await letterbox.close();
  });

  test('one whose account cannot be read is not called forged, and is taken in when it comes again', async () => {
    const shop = await Shop.open(minibase, ['wechat']);
    const payment = await shop.payment({ platform: 'wechat' });
    await shop.cashier(payment.clientAction);
    const letter = await letterbox.letter();
    const { dataSource } = minibase.database;
    await dataSource.query('alter table merchant_accounts rename to merchant_accounts_away');
    const { status } = await deliver(minibase.url, letter);
    await dataSource.query('alter table merchant_accounts_away rename to merchant_accounts');
    expect(status).toBe(503);
    expect((await deliver(minibase.url, letter)).status).toBe(200);
    expect((await shop.read(payment.id)).status).toBe('succeeded');
  });
});
