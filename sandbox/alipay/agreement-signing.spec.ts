import { verify } from 'node:crypto';
import { AlipayAgreements, nodeOf } from '../testing/alipay-agreements.js';
import { AlipayShop } from '../testing/alipay-shop.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
let shop: AlipayShop;
let agreements: AlipayAgreements;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  shop = await AlipayShop.open(sandbox);
});
beforeEach(() => {
  shop.receiver.forget();
  agreements = new AlipayAgreements(shop);
});
afterAll(async () => {
  await sandbox.stop();
  await shop.close();
});

let users = 0;
/** Somebody with no agreements yet. */
const somebody = (): string => `user${++users}`;

const open = (over: Fields = {}, common?: Fields): Promise<Fields> => {
  const terms = agreements.terms(over);
  return agreements.open(agreements.signStr(terms, common), { user: somebody() });
};

describe('a person who signs', () => {
  test('gives the client a signed result, and the merchant a notification', async () => {
    const terms = agreements.terms({ external_logon_id: 'ann@shop' });
    const opened = await agreements.open(agreements.signStr(terms));
    expect(opened).toMatchObject({ resultStatus: '7000' });
    const { sign, sign_type } = JSON.parse(String(opened.result)) as Record<string, string>;
    const key = { key: Buffer.from(shop.program.credentials.alipayPublicKey ?? '', 'base64'), format: 'der' } as const;
    const signed = Buffer.from(JSON.stringify(nodeOf(opened)));
    expect(sign_type).toBe('RSA2');
    expect(verify('sha256', signed, { ...key, type: 'spki' }, Buffer.from(sign ?? '', 'base64'))).toBe(true);
    const common = {
      app_id: shop.program.platformAppId,
      auth_app_id: shop.program.platformAppId,
      agreement_no: expect.stringMatching(/^20260601\d{12}$/) as unknown,
      external_agreement_no: terms.external_agreement_no,
      external_logon_id: 'ann@shop',
      alipay_logon_id: expect.stringMatching(/^1\d\d\*{4}\d{4}$/) as unknown,
      personal_product_code: 'CYCLE_PAY_AUTH_P',
      sign_scene: 'INDUSTRY|DIGITAL_MEDIA',
      status: 'NORMAL',
      sign_time: '2026-06-01 12:00:00',
      valid_time: '2026-06-01 12:00:00',
      invalid_time: '2115-02-01 00:00:00',
    };
    const times = { charset: 'utf-8', timestamp: '2026-06-01 12:00:00' };
    expect(nodeOf(opened)).toEqual({ code: '10000', msg: 'Success', ...common, ...times });

    const [notification = {}] = await shop.notified(1);
    expect(shop.receiver.received[0]?.path).toBe('/alipay/notify');
    expect(shop.program.sdk().checkNotifySignV2(notification)).toBe(true);
    expect(shop.program.sdk().checkNotifySignV2({ ...notification, agreement_no: '1' })).toBe(false);
    expect(notification).toEqual({
      ...common,
      notify_type: 'dut_user_sign',
      notify_id: expect.stringMatching(/^\d{34}$/) as unknown,
      notify_time: '2026-06-01 12:00:00',
      charset: 'UTF-8',
      version: '1.0',
      sign_type: 'RSA2',
      sign: expect.any(String) as unknown,
      alipay_open_id: shop.openId,
      next_deduct_time: '2026-06-10',
    });
  });

  test('may leave and fail before: until then the agreement is only opened, and nobody hears of it', async () => {
    const terms = agreements.terms();
    const signStr = agreements.signStr(terms);
    const { personal_product_code, sign_scene, external_agreement_no } = terms;
    const asked = { personal_product_code, sign_scene, external_agreement_no };
    expect(await agreements.call('query', asked)).toMatchObject({ sub_code: 'USER_AGREEMENT_NOT_EXIST' });
    const user = somebody();
    expect(await agreements.open(signStr, { user, outcome: 'cancel' })).toEqual({ resultStatus: '6001', result: '' });
    const failed = await agreements.open(signStr, { user, outcome: 'fail' });
    expect(failed).toMatchObject({ resultStatus: '7002' });
    expect(nodeOf(failed)).toMatchObject({ code: '40004' });
    const { agreement_no, ...opened } = await agreements.call('query', asked);
    expect(opened).toMatchObject({ code: '10000', status: 'TEMP' });
    expect(opened).not.toHaveProperty('sign_time');
    expect(nodeOf(await agreements.open(signStr, { user }))).toMatchObject({ agreement_no, status: 'NORMAL' });
    expect(await agreements.heard('dut_user_sign')).toHaveLength(1);
  });

  test('is told to the gateway of the mini-program when no notify_url was given', async () => {
    const other = await AlipayShop.open(sandbox);
    agreements = new AlipayAgreements(other);
    await agreements.open(agreements.signStr(agreements.terms(), {}));
    expect(await agreements.heard('dut_user_sign')).toEqual([]);
    await agreements.useGateway();
    await agreements.open(agreements.signStr(agreements.terms(), {}));
    expect(await agreements.heard('dut_user_sign')).toMatchObject([{ path: '/alipay/gateway' }]);
    await other.close();
  });

  test('has ten cycle agreements with one merchant, and no more before one has ended', async () => {
    const user = somebody();
    const sign = () => agreements.open(agreements.signStr(agreements.terms()), { user });
    const signed = await Promise.all(Array.from({ length: 10 }, sign));
    expect(signed.map(({ resultStatus }) => resultStatus)).toEqual(Array.from({ length: 10 }, () => '7000'));
    expect(await sign()).toMatchObject({ resultStatus: '7002' });
    await agreements.contract(nodeOf(signed[0] ?? {}).agreement_no ?? '', { does: 'terminate' });
    expect(await sign()).toMatchObject({ resultStatus: '7000' });
  });

  test('signs a number once, however often the page opens, and not again after its end', async () => {
    const terms = agreements.terms();
    const signStr = agreements.signStr(terms);
    const opened = await Promise.all(Array.from({ length: 10 }, () => agreements.open(signStr)));
    expect(opened.filter(({ resultStatus }) => resultStatus === '7000')).toHaveLength(1);
    await agreements.contract(terms.external_agreement_no, { does: 'terminate' });
    expect(await agreements.open(signStr)).toMatchObject({ resultStatus: '7002' });
  });

  test('has the same number at another mini-program as well', async () => {
    const terms = agreements.terms();
    await agreements.open(agreements.signStr(terms));
    const other = await AlipayShop.open(sandbox);
    const theirs = new AlipayAgreements(other);
    expect(await theirs.open(theirs.signStr(terms))).toMatchObject({ resultStatus: '7000' });
    expect(await agreements.contract(terms.external_agreement_no)).toMatchObject({ error: 'contract_ambiguous' });
    await other.close();
  });
});

const WITHHOLDING = { personal_product_code: 'GENERAL_WITHHOLDING_P', product_code: 'GENERAL_WITHHOLDING' };
const rules = (over: Fields): Fields => ({ period_rule_params: over });

test.each<[string, Fields]>([
  ['today as the first day', rules({ execute_time: '2026-06-01' })],
  ['the last day of the month that it may be', rules({ execute_time: '2026-06-28' })],
  ['the shortest number of days', rules({ period_type: 'DAY', period: 7, execute_time: '2026-06-30' })],
  ['limits', rules({ total_amount: '100', total_payments: 12 })],
  ['an end', { sign_validity_period: '2m' }],
  ['the number as long as it may be', { external_agreement_no: 'a'.repeat(32) }],
  ['no number and no scene', { external_agreement_no: undefined, sign_scene: undefined }],
  ['the product of newer contracts', { product_code: 'GENERAL_WITHHOLDING' }],
  ['no product for the debits', { product_code: undefined }],
  ['a product without a plan', { ...WITHHOLDING, period_rule_params: null }],
  ['what is said of other things', { third_party_type: 'PARTNER', effect_time: '86400', sub_merchant: {} }],
])('an agreement may have %s', async (_, over) => {
  expect(await open(over)).toMatchObject({ resultStatus: '7000' });
});

test.each<[string, Fields]>([
  ['no product', { personal_product_code: undefined }],
  ['an unknown product', { personal_product_code: 'CYCLE_PAY' }],
  ['an unknown product for the debits', { product_code: 'JSAPI_PAY' }],
  ['no way of access', { access_params: undefined }],
  ['an unknown way of access', { access_params: { channel: 'MINIAPP' } }],
  ['a number too long', { external_agreement_no: 'a'.repeat(33) }],
  ['a number of other characters', { external_agreement_no: 'sub_1' }],
  ['a number without a scene', { sign_scene: undefined }],
  ['a number in the scene that is none', { sign_scene: 'DEFAULT|DEFAULT' }],
  ['no plan for its cycles', { period_rule_params: null }],
  ['another kind of period', rules({ period_type: 'WEEK' })],
  ['no period', rules({ period: undefined })],
  ['a fraction of a period', rules({ period: 1.5 })],
  ['too few days', rules({ period_type: 'DAY', period: '6' })],
  ['no first day', rules({ execute_time: undefined })],
  ['a first day in the past', rules({ execute_time: '2026-05-28' })],
  ['a first day that some months lack', rules({ execute_time: '2026-06-29' })],
  ['a first day that does not exist', rules({ execute_time: '2026-06-31', period_type: 'DAY', period: 7 })],
  ['an instant for a day', rules({ execute_time: '2026-06-10 00:00:00' })],
  ['no amount', rules({ single_amount: undefined })],
  ['an amount of nothing', rules({ single_amount: '0' })],
  ['a third decimal', rules({ single_amount: '1.234' })],
  ['a limit of nothing', rules({ total_amount: '0.00' })],
  ['a count of nothing', rules({ total_payments: 0 })],
  ['an end of another form', { sign_validity_period: '1y' }],
  ['a login name too long', { external_logon_id: 'a'.repeat(101) }],
  ['a third party of another kind', { third_party_type: 'MERCHANT' }],
  ['too late an effect', { effect_time: 86_401 }],
  ['a merchant that is no object', { sub_merchant: 'a' }],
])('an agreement with %s is refused', async (_, over) => {
  const opened = await open(over);
  expect(opened).toMatchObject({ resultStatus: '7002' });
  expect(nodeOf(opened)).toMatchObject({ code: '40004', sub_code: 'ACQ.INVALID_PARAMETER' });
});
