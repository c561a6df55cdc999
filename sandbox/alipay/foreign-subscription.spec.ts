import { AlipayAgreements } from '../testing/alipay-agreements.js';
import { AlipayShop, type Texts } from '../testing/alipay-shop.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
let shops: Record<string, AlipayShop>;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  shops = {
    key: await AlipayShop.open(sandbox, { mode: 'key' }),
    certificate: await AlipayShop.open(sandbox, { mode: 'certificate' }),
  };
  sandbox.now = Date.now(); // the SDK takes the machine's time
});
afterAll(async () => {
  await sandbox.stop();
  for (const shop of Object.values(shops)) await shop.close();
});

/** Of one and the same merchant's server, in either protocol; `GET` has its fields in the query. */
const clients = {
  v2: (shop: AlipayShop) => (method: string, content: Fields) =>
    shop.program.call(method, { bizContent: content, notify_url: shop.notifyUrl }),
  v3: (shop: AlipayShop) => async (method: string, content: Fields) => {
    const path = `/v3/${method.replaceAll('.', '/')}` as const;
    const request = method.endsWith('agreement.query')
      ? shop.program.sdk().curl<Texts>('GET', path, { query: content as Texts })
      : shop.program.sdk().curl<Texts>('POST', path, { body: { ...content, notify_url: shop.notifyUrl } });
    return (await request).data;
  },
};

describe.each(['key', 'certificate'])("Alipay's own SDK in %s mode", (mode) => {
  test.each(['v2', 'v3'] as const)('subscribes, debits, asks, and ends by protocol %s', async (protocol) => {
    const shop = shops[mode] as AlipayShop;
    const agreements = new AlipayAgreements(shop);
    const call = clients[protocol](shop);
    shop.receiver.forget();
    const today = new Date(sandbox.now + 8 * 3_600_000).toISOString().slice(0, 10);
    const { agreement_no, external_agreement_no } = await agreements.signed({
      external_agreement_no: `${mode}${protocol}`,
      period_rule_params: { period_type: 'DAY', period: 30, execute_time: today },
    });
    expect(await call('alipay.user.agreement.query', { agreement_no })).toMatchObject({
      status: 'NORMAL',
      external_agreement_no,
      next_deduct_time: today,
    });

    const debit = agreements.debit(agreement_no, { out_trade_no: `${mode}_${protocol}` });
    expect(await call('alipay.trade.pay', debit)).toMatchObject({ out_trade_no: debit.out_trade_no });
    const [paid = {}] = await agreements.heard('trade_status_sync');
    expect(paid).toMatchObject({ agreement_no, trade_status: 'TRADE_SUCCESS', total_amount: '12.34' });

    await call('alipay.user.agreement.executionplan.modify', { agreement_no, deduct_time: '2099-01-31' });
    await call('alipay.user.agreement.unsign', { agreement_no });
    const [{ path: _, ...ended } = {}] = await agreements.heard('dut_user_unsign');
    expect(ended).toMatchObject({ agreement_no, status: 'UNSIGN' });
    expect(shop.program.sdk().checkNotifySign(ended)).toBe(true);
    expect(await agreements.query(agreement_no)).toMatchObject({ sub_code: 'AGREEMENT_HAS_UNSIGNED' });
  });

  test('speaks of debits encrypted', async () => {
    const sdk = (shops[mode] as AlipayShop).program.sdk();
    const bizContent = { agreement_no: '1' };
    const asked = await sdk.exec('alipay.user.agreement.query', { bizContent, needEncrypt: true });
    expect(asked).toMatchObject({ code: '40004', sub_code: 'USER_AGREEMENT_NOT_EXIST' });
  });
});

test('a query by POST, and what v3 has no path for, are no methods there', async () => {
  const { program } = shops.key as AlipayShop;
  for (const path of ['query', 'cyclepayauthplans/modify'] as const)
    await expect(
      program.sdk().curl('POST', `/v3/alipay/user/agreement/${path}`, { body: { agreement_no: '1' } }),
    ).rejects.toMatchObject({ code: 'invalid-method', responseHttpStatus: 404 });
});
