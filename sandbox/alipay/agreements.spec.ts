import { AlipayAgreements, type Signed } from '../testing/alipay-agreements.js';
import { AlipayShop } from '../testing/alipay-shop.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
let shop: AlipayShop;
let agreements: AlipayAgreements;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
});
beforeEach(async () => {
  shop = await AlipayShop.open(sandbox);
  agreements = new AlipayAgreements(shop);
});
afterEach(() => shop.close());
afterAll(() => sandbox.stop());

const failed = (subCode: string): Fields => ({ code: '40004', sub_code: subCode });
const INVALID = failed('ACQ.INVALID_PARAMETER');
const GONE = failed('USER_AGREEMENT_NOT_EXIST');

const names = ({ external_agreement_no }: Signed): Fields => ({
  external_agreement_no,
  personal_product_code: 'CYCLE_PAY_AUTH_P',
  sign_scene: 'INDUSTRY|DIGITAL_MEDIA',
});

describe('an agreement that is asked for', () => {
  test('is described with its plan', async () => {
    const { agreement_no, external_agreement_no } = await agreements.signed({ external_logon_id: 'ann@shop' });
    const { traceId: _, ...answer } = await agreements.query(agreement_no);
    expect(answer).toEqual({
      code: '10000',
      msg: 'Success',
      agreement_no,
      external_agreement_no,
      external_logon_id: 'ann@shop',
      alipay_logon_id: expect.stringMatching(/^1\d\d\*{4}\d{4}$/) as unknown,
      personal_product_code: 'CYCLE_PAY_AUTH_P',
      sign_scene: 'INDUSTRY|DIGITAL_MEDIA',
      status: 'NORMAL',
      third_party_type: 'PARTNER',
      pricipal_type: 'CARD',
      principal_open_id: shop.openId,
      sign_time: '2026-06-01 12:00:00',
      valid_time: '2026-06-01 12:00:00',
      invalid_time: '2115-02-01 00:00:00',
      single_quota: '12.34',
      next_deduct_time: '2026-06-10',
      execution_plans: [
        {
          period_id: '1',
          execute_time: '2026-06-10',
          latest_execute_time: '2026-06-10',
          single_amount: '12.34',
        },
      ],
    });
  });

  test('can be named by the number of the merchant, with or without the person', async () => {
    const signed = await agreements.signed();
    const { agreement_no } = signed;
    const asked = names(signed);
    expect(await agreements.call('query', asked)).toMatchObject({ agreement_no });
    expect(await agreements.call('query', { ...asked, alipay_open_id: shop.openId })).toMatchObject({ agreement_no });
    const { open_id } = await shop.program.token('bob');
    expect(await agreements.call('query', { ...asked, alipay_open_id: open_id })).toMatchObject(GONE);
    const nobody = { ...asked, alipay_open_id: 'nobody' };
    expect(await agreements.call('query', nobody)).toMatchObject(failed('USER_NOT_EXSIT_ERROR'));
    expect(await agreements.call('query', { ...asked, sign_scene: 'INDUSTRY|CARRENTAL' })).toMatchObject(GONE);
    const other = { ...asked, personal_product_code: 'GENERAL_WITHHOLDING_P' };
    expect(await agreements.call('query', other)).toMatchObject(GONE);
  });

  test('can be named by the person alone, where it was signed without a number', async () => {
    const nameless = { external_agreement_no: undefined, sign_scene: undefined };
    const { agreement_no } = await agreements.signed(nameless);
    const asked = { alipay_open_id: shop.openId, personal_product_code: 'CYCLE_PAY_AUTH_P' };
    expect(await agreements.call('query', asked)).toMatchObject({ agreement_no, sign_scene: 'DEFAULT|DEFAULT' });
    await agreements.call('unsign', asked);
    const { agreement_no: again } = await agreements.signed(nameless);
    expect(await agreements.call('query', asked)).toMatchObject({ agreement_no: again });
  });

  test.each<Fields>([
    {},
    { personal_product_code: 'CYCLE_PAY_AUTH_P' },
    { external_agreement_no: 'sub1', sign_scene: 'INDUSTRY|DIGITAL_MEDIA' },
    { external_agreement_no: 'sub1', personal_product_code: 'CYCLE_PAY_AUTH_P' },
  ])('must be named: %j does not', async (asked) => {
    await agreements.signed();
    expect(await agreements.call('query', asked)).toMatchObject(INVALID);
  });

  test('is not known, or belongs to another', async () => {
    const { agreement_no } = await agreements.signed();
    const other = await AlipayShop.open(sandbox);
    expect(await new AlipayAgreements(other).query(agreement_no)).toMatchObject(failed('AUTHOREE_IS_NOT_MATCH'));
    expect(await agreements.query('1')).toMatchObject(GONE);
    await other.close();
  });

  test('names the person by user_id to a mini-program that knows no open_id', async () => {
    const old = await AlipayShop.open(sandbox, { idMode: 'user_id' });
    const theirs = new AlipayAgreements(old);
    const { user_id } = await old.program.token('ann');
    const signed = await theirs.signed();
    expect(await theirs.query(signed.agreement_no)).toMatchObject({ principal_id: user_id });
    expect(await theirs.call('query', { ...names(signed), alipay_user_id: user_id })).toMatchObject({
      status: 'NORMAL',
    });
    const [notification = {}] = await theirs.heard('dut_user_sign');
    expect(notification).toMatchObject({ alipay_user_id: user_id });
    expect(notification).not.toHaveProperty('alipay_open_id');
    await old.close();
  });
});

describe('an agreement that the merchant ends', () => {
  test('is over at once, and told to the notify_url of the call', async () => {
    const signed = await agreements.signed();
    const { agreement_no, external_agreement_no } = signed;
    await agreements.useGateway();
    await shop.later({ days: 1 });
    const ended = await agreements.call('unsign', names(signed), { notify_url: `${shop.receiver.origin}/unsigned` });
    expect(ended).toMatchObject({ code: '10000' });
    const [{ path, sign, ...notification } = {}] = await agreements.heard('dut_user_unsign');
    expect(path).toBe('/unsigned');
    expect(shop.program.sdk().checkNotifySignV2({ ...notification, sign })).toBe(true);
    expect(notification).toEqual({
      notify_type: 'dut_user_unsign',
      notify_id: expect.stringMatching(/^\d{34}$/) as unknown,
      notify_time: '2026-06-02 12:00:00',
      unsign_time: '2026-06-02 12:00:00',
      app_id: shop.program.platformAppId,
      auth_app_id: shop.program.platformAppId,
      charset: 'UTF-8',
      version: '1.0',
      sign_type: 'RSA2',
      agreement_no,
      external_agreement_no,
      alipay_logon_id: expect.any(String) as unknown,
      alipay_open_id: shop.openId,
      personal_product_code: 'CYCLE_PAY_AUTH_P',
      sign_scene: 'INDUSTRY|DIGITAL_MEDIA',
      status: 'UNSIGN',
    });
    expect(await agreements.query(agreement_no)).toMatchObject(failed('AGREEMENT_HAS_UNSIGNED'));
    expect(await agreements.call('query', names(signed))).toMatchObject(GONE);
    expect(await agreements.contract(external_agreement_no)).toMatchObject({
      state: 'UNSIGN',
      endedAt: '2026-06-02T04:00:00.000Z',
      endedBy: 'merchant',
    });
  });

  test('is told to the gateway of the mini-program without a notify_url, and ends once', async () => {
    await agreements.useGateway();
    const { agreement_no } = await agreements.signed();
    const ends = await Promise.all(Array.from({ length: 5 }, () => agreements.call('unsign', { agreement_no })));
    expect(ends.filter(({ code }) => code === '10000')).toHaveLength(1);
    expect(ends).toContainEqual(expect.objectContaining(failed('USER_AGREEMENT_STATUS_NOT_NORMAL')));
    expect(await agreements.heard('dut_user_unsign')).toMatchObject([{ path: '/alipay/gateway' }]);
  });

  test('must be there, and signed', async () => {
    const terms = agreements.terms();
    await agreements.open(agreements.signStr(terms), { outcome: 'cancel' });
    const opened = await agreements.contract(terms.external_agreement_no);
    expect(opened).toMatchObject({ state: 'TEMP', debits: [], notices: [] });
    const expired = await agreements.contract(terms.external_agreement_no, { does: 'expire' });
    expect(expired).toMatchObject({ error: 'contract_not_signed' });
    expect(await agreements.call('unsign', { agreement_no: '1' })).toMatchObject(failed('AGREEMENT_NOT_EXIST'));
    const unsign = agreements.call('unsign', { agreement_no: opened.contractId });
    expect(await unsign).toMatchObject(failed('USER_AGREEMENT_STATUS_NOT_NORMAL'));
  });
});

describe('an agreement that ends otherwise', () => {
  test('because the person or Alipay wants it, is told to the gateway, never to a notify_url', async () => {
    const [first, second] = [await agreements.signed(), await agreements.signed()];
    await agreements.useGateway();
    const terminated = { does: 'terminate' };
    expect(await agreements.contract(first.external_agreement_no, terminated)).toMatchObject({
      state: 'UNSIGN',
      endedBy: 'user',
    });
    const byAlipay = { does: 'terminate', by: 'platform' };
    expect(await agreements.contract(second.agreement_no, byAlipay)).toMatchObject({ endedBy: 'platform' });
    expect(await agreements.heard('dut_user_unsign')).toMatchObject([
      { path: '/alipay/gateway', agreement_no: first.agreement_no },
      { path: '/alipay/gateway', agreement_no: second.agreement_no },
    ]);
    expect(await agreements.contract(first.external_agreement_no, terminated)).toMatchObject({
      error: 'contract_ended',
    });
    expect(await agreements.contract('none', terminated)).toMatchObject({ error: 'contract_unknown' });
  });

  test('is told again until somebody says success, as payments are', async () => {
    await agreements.useGateway();
    const { external_agreement_no } = await agreements.signed();
    await shop.later({});
    shop.receiver.answer = () => ({ body: 'fail' });
    await agreements.contract(external_agreement_no, { does: 'terminate' });
    expect(await agreements.heard('dut_user_unsign')).toHaveLength(1);
    await shop.later({ minutes: 4 });
    shop.receiver.answer = () => ({ body: 'success' });
    await shop.later({ minutes: 10 });
    await shop.later({ days: 2 });
    const told = await agreements.heard('dut_user_unsign');
    expect(told.map(({ notify_time }) => notify_time)).toEqual([
      '2026-06-01 12:00:00',
      '2026-06-01 12:04:00',
      '2026-06-01 12:14:00',
    ]);
    expect(new Set(told.map(({ notify_id }) => notify_id)).size).toBe(1);
  });

  test('because its time is over, is told to nobody, and stays as stopped', async () => {
    await agreements.useGateway();
    const hurried = await agreements.signed();
    const { agreement_no } = await agreements.signed({ sign_validity_period: '1m' });
    const expired = await agreements.contract(hurried.external_agreement_no, { does: 'expire' });
    expect(expired).toMatchObject({ state: 'STOP', endedAt: '2026-06-01T04:00:00.000Z', endedBy: 'platform' });
    expect(await agreements.call('query', names(hurried))).toMatchObject({ status: 'STOP' });
    await agreements.goTo('2026-07-01 11:59:59');
    const invalid_time = '2026-07-01 12:00:00';
    expect(await agreements.query(agreement_no)).toMatchObject({ status: 'NORMAL', invalid_time });
    await agreements.goTo(invalid_time);
    expect(await agreements.query(agreement_no)).toMatchObject({ status: 'STOP', invalid_time });
    expect(await agreements.heard('dut_user_unsign')).toEqual([]);
  });
});
