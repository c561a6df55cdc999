import { toFen } from '../../../common/money.js';
import type { PayAccounts, PayOrder } from '../../payment-platform.js';
import { clipped, orderData } from './order-data.js';
import { DouyinSettings, TEST_SETTINGS } from './settings.js';

const NOW = new Date('2026-03-01T08:00:00Z');
const inSeconds = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1_000);

const anAccount = { appId: 'app_1', platform: 'douyin', mode: 'test', credentials: {} } as const;
const accounts: PayAccounts = {
  program: { ...anAccount, id: 'pac_1', platformAppId: 'tt226e54d3bd581bf801' },
  merchant: { ...anAccount, id: 'mac_1', merchantId: '71234567890123456789', defaults: {} },
};
const anOrder = (over: Partial<PayOrder> = {}): PayOrder => ({
  number: 'abcdefghijklmnopqrstuvwxyz',
  amount: toFen(990),
  currency: 'CNY',
  subject: '一个月会员',
  payer: 'o1',
  expiresAt: inSeconds(1_800),
  notifyUrl: 'https://pay.example.com/callbacks/pac_1',
  settings: TEST_SETTINGS,
  handle: '',
  transactionId: null,
  ...over,
});
const dataOf = (order: PayOrder): unknown => JSON.parse(orderData(accounts, order, NOW));

test('an order is one item, with the fields and names that tt.requestOrder wants', () => {
  expect(dataOf(anOrder())).toEqual({
    outOrderNo: 'abcdefghijklmnopqrstuvwxyz',
    totalAmount: 990,
    payExpireSeconds: 1_800,
    payNotifyUrl: 'https://pay.example.com/callbacks/pac_1',
    merchantUid: '71234567890123456789',
    orderEntrySchema: { path: 'pages/order/detail', params: '{"number":"abcdefghijklmnopqrstuvwxyz"}' },
    skuList: [
      {
        skuId: 'abcdefghijklmnopqrstuvwxyz',
        price: 990,
        quantity: 1,
        title: '一个月会员',
        imageList: ['https://example.com/goods.png'],
        type: 301,
        tagGroupId: 'tag_group_7272625659888058380',
      },
    ],
  });
});

test('what is optional is there when a setting says it', () => {
  const settings = {
    ...TEST_SETTINGS,
    orderParams: { from: 'centre' },
    goodsPath: 'pages/goods/one',
    skuAttr: { package_cost: { amount: 100 } },
    limitPayWays: [1],
  };
  expect(dataOf(anOrder({ settings }))).toMatchObject({
    orderEntrySchema: { params: '{"from":"centre","number":"abcdefghijklmnopqrstuvwxyz"}' },
    limitPayWayList: [1],
    skuList: [{ entrySchema: { path: 'pages/goods/one' }, skuAttr: '{"package_cost":{"amount":100}}' }],
  });
});

test.each([
  ['what is left, in whole seconds', inSeconds(61.9), 61],
  ['one second at least, for 0 would mean five minutes', inSeconds(-5), 1],
  ['48 hours at most', inSeconds(50 * 3_600), 172_800],
])('the time to pay is %s', (_what, expiresAt, payExpireSeconds) => {
  expect(dataOf(anOrder({ expiresAt }))).toMatchObject({ payExpireSeconds });
});

test('only the time to pay differs between two readings of one order', () => {
  const without = (data: string): string => data.replace(/"payExpireSeconds":\d+/, '');
  const first = orderData(accounts, anOrder(), NOW);
  const second = orderData(accounts, anOrder(), inSeconds(7));
  expect(second).not.toBe(first);
  expect(without(second)).toBe(without(first));
});

test('a title of more than 256 bytes is cut between two characters', () => {
  expect(dataOf(anOrder({ subject: '员'.repeat(100) }))).toMatchObject({ skuList: [{ title: '员'.repeat(85) }] });
  expect(clipped('a'.repeat(256), 256)).toHaveLength(256);
  expect(clipped('ab😀', 5)).toBe('ab');
  expect(clipped('ab😀', 6)).toBe('ab😀');
});

test.each(['goodsType', 'tagGroupId', 'imageList', 'orderPath'])('without %s there is no order', (field) => {
  const settings = { ...TEST_SETTINGS, [field]: undefined };
  const misconfigured = expect.objectContaining({ code: 'platform_account_misconfigured' }) as Error;
  expect(() => orderData(accounts, anOrder({ settings }), NOW)).toThrow(misconfigured);
});

test.each<[string, object, boolean]>([
  ['nothing at all', {}, true],
  ['the stock', TEST_SETTINGS, true],
  ['an unknown field', { goods: 1 }, false],
  ['a page with a leading /', { orderPath: '/pages/order' }, false],
  ['a page with a query', { orderPath: 'pages/order?id=1' }, false],
  ['two pictures', { imageList: ['https://a.example.com/1.png', 'https://a.example.com/2.png'] }, false],
  ['a picture over http', { imageList: ['http://a.example.com/1.png'] }, false],
  ['a way to pay that cannot be hidden', { limitPayWays: [10] }, false],
  ['parameters that leave no room for the number', { orderParams: { a: 'x'.repeat(440) } }, false],
])('settings: %s', (_what, settings, isGood) => {
  expect(DouyinSettings.safeParse(settings).success).toBe(isGood);
});
