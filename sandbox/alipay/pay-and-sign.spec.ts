import { AlipayAgreements } from '../testing/alipay-agreements.js';
import { AlipayShop } from '../testing/alipay-shop.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
let shop: AlipayShop;
let agreements: AlipayAgreements;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  shop = await AlipayShop.open(sandbox);
  agreements = new AlipayAgreements(shop);
});
beforeEach(() => shop.receiver.forget());
afterAll(async () => {
  await sandbox.stop();
  await shop.close();
});

const offer = (over: Fields = {}): Fields => ({
  agreement_sign_params: { ...agreements.terms(), ...over },
});
const numberOf = ({ agreement_sign_params }: Fields): string =>
  String((agreement_sign_params as Fields).external_agreement_no);

test('paying and signing in one step tells of both, the signature where the merchant wants it', async () => {
  const terms = offer({ sign_notify_url: `${shop.receiver.origin}/signed` });
  const { trade_no } = await shop.create(terms);
  expect(await shop.tradePay(trade_no)).toEqual({ resultCode: '9000' });
  expect(await agreements.heard('dut_user_sign')).toMatchObject([
    { path: '/signed', external_agreement_no: numberOf(terms) },
  ]);
  expect(await agreements.heard('trade_status_sync')).toMatchObject([{ path: '/alipay/notify', trade_no }]);
  expect(await agreements.contract(numberOf(terms))).toMatchObject({ state: 'NORMAL', debits: [] });
});

test('paying and signing in one step is only paying when the person takes the tick off', async () => {
  const terms = offer();
  const { trade_no } = await shop.create(terms);
  const clientAction = { platform: 'alipay', method: 'tradePay', params: { tradeNO: trade_no } };
  const paid = await sandbox.post('/_/cashier', { clientAction, user: 'ann', outcome: 'pay', sign: false });
  expect(paid).toEqual({ resultCode: '9000' });
  expect(await agreements.heard('dut_user_sign')).toEqual([]);
  expect(await agreements.contract(numberOf(terms))).toMatchObject({ error: 'contract_unknown' });
});

test('paying and signing in one step is refused when the agreement could not be signed', async () => {
  expect(await shop.create(offer({ sign_scene: undefined }))).toMatchObject({ sub_code: 'ACQ.INVALID_PARAMETER' });
  const terms = offer();
  const { trade_no, out_trade_no } = await shop.create(terms);
  await agreements.open(agreements.signStr(terms.agreement_sign_params as Fields), { user: 'bob' });
  expect(await shop.tradePay(trade_no)).toMatchObject({ resultCode: '4000' });
  expect(await shop.status(out_trade_no)).toBe('WAIT_BUYER_PAY');
});
