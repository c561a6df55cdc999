import { toFen } from '../../../common/money.js';
import type { MandateTerms } from '../../mandate-platform.js';
import type { PayAccounts, PayOrder } from '../../payment-platform.js';
import { DouyinSettings } from '../pay/settings.js';
import { payAndSignData, signData } from './sign-data.js';

const NOW = new Date('2026-03-01T08:00:00Z');
const inSeconds = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1_000);

const anAccount = { appId: 'app_1', platform: 'douyin', mode: 'test', credentials: {} } as const;
const accounts: PayAccounts = {
  program: { ...anAccount, id: 'pac_1', platformAppId: 'tt226e54d3bd581bf801' },
  merchant: { ...anAccount, id: 'mac_1', merchantId: '71234567890123456789', defaults: {} },
};
const aContract = (over: Partial<MandateTerms> = {}): MandateTerms => ({
  number: 'abcdefghijklmnopqrstuvwxyz',
  serial: 1,
  payer: 'o1',
  subject: '一个月会员',
  amount: toFen(990),
  mostAmount: toFen(990),
  recurring: { interval: 'month', intervalCount: 1 },
  firstDebitAt: '2026-04-01T08:00:00Z',
  expiresAt: inSeconds(86_400).toISOString(),
  notifyUrl: 'https://pay.example.com/callbacks/pac_1',
  settings: { serviceId: 'service_monthly' },
  contractId: null,
  signedAt: null,
  ...over,
});
const anOrder: PayOrder = {
  number: 'zyxwvutsrqponmlkjihgfedcba',
  amount: toFen(100),
  currency: 'CNY',
  subject: '一个月会员',
  payer: 'o1',
  expiresAt: inSeconds(1_800),
  notifyUrl: 'https://pay.example.com/callbacks/pac_1',
  settings: {},
  handle: '',
  transactionId: null,
};
const contract = {
  outAuthOrderNo: 'abcdefghijklmnopqrstuvwxyz',
  serviceId: 'service_monthly',
  openId: 'o1',
  notifyUrl: 'https://pay.example.com/callbacks/pac_1',
};
const signed = (over: Partial<MandateTerms> = {}): unknown => JSON.parse(signData(accounts, aContract(over), NOW));

test('a contract that is only signed says when it is first debited', () => {
  expect(signed()).toEqual({ ...contract, expireSeconds: 86_400, firstDeductionDate: '2026-03-31' });
});

test.each([
  // In China it is the 2nd already; and nobody is shown a day that is over.
  ['2026-04-01T16:00:00Z', '2026-04-01'],
  ['2026-03-01T09:00:00Z', '2026-03-01'],
])('the first debit of what is paid from %s is shown as %s', (firstDebitAt, firstDeductionDate) => {
  expect(signed({ firstDebitAt })).toMatchObject({ firstDeductionDate });
});

test('a contract that is paid for at once names the payment instead', () => {
  expect(JSON.parse(payAndSignData(accounts, anOrder, aContract(), NOW))).toEqual({
    ...contract,
    expireSeconds: 1_800,
    authPayOrder: {
      outPayOrderNo: 'zyxwvutsrqponmlkjihgfedcba',
      merchantUid: '71234567890123456789',
      initialAmount: 100,
      notifyUrl: 'https://pay.example.com/callbacks/pac_1',
    },
  });
});

test.each([
  [-5, 30],
  [61.9, 61],
  [50 * 3_600, 172_800],
])('of %d seconds that are left, %d are given', (left, expireSeconds) => {
  expect(signed({ expiresAt: inSeconds(left).toISOString() })).toMatchObject({ expireSeconds });
});

test('without a template there is no contract', () => {
  expect(() => signed({ settings: {} })).toThrow(
    expect.objectContaining({ problem: 'platform_account_misconfigured' }),
  );
  expect(DouyinSettings.safeParse({ serviceId: 'two words' }).success).toBe(false);
});
