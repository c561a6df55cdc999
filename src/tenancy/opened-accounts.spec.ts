import type { Database } from '../database/database.js';
import { OpenedAccounts } from './opened-accounts.js';
import { PlatformAccountRow } from './platform-account.entity.js';

const aRow = (over: Partial<PlatformAccountRow> = {}): PlatformAccountRow =>
  Object.assign(new PlatformAccountRow(), {
    appId: 'app_1',
    id: 'pac_1',
    platform: 'wechat',
    name: 'Shop',
    status: 'active',
    credentials: 's1.one',
    createdAt: new Date(0),
    updatedAt: new Date(0),
    platformAppId: 'wx1',
    defaultMerchantAccountId: null,
    ...over,
  });

describe('an account that is opened', () => {
  let opened: OpenedAccounts<PlatformAccountRow, { credentials: string }>;
  beforeEach(() => {
    opened = new OpenedAccounts({} as Database, PlatformAccountRow, ({ credentials }) => ({ credentials }));
  });

  test('stays the same object however often its row is read, also after it was forgotten', () => {
    const first = opened.opened(aRow(), 'test').account;
    expect(opened.opened(aRow(), 'test').account).toBe(first);
    opened.forget('app_1', 'pac_1');
    expect(opened.opened(aRow(), 'test').account).toBe(first);
  });

  test('is another object once its row has changed', () => {
    const first = opened.opened(aRow(), 'test').account;
    const changed = opened.opened(aRow({ credentials: 's1.two', updatedAt: new Date(1) }), 'test').account;
    expect(changed).toEqual({ credentials: 's1.two' });
    expect(changed).not.toBe(first);
  });
});
