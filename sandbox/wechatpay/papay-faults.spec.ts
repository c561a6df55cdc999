import { PapayShop, readXml, writeXml } from '../testing/wechat-papay.js';
import { MERCHANT, PROGRAM } from '../testing/wechat-shop.js';

let papay: PapayShop;
beforeEach(async () => {
  papay = await PapayShop.open();
});
afterEach(() => papay.close());

const APPLY = '/pay/pappayapply';
const bodies = () => papay.shop.receiver.received.filter(({ path }) => path === '/debits').map(({ body }) => body);
const isGenuine = (body: string): boolean => {
  try {
    return papay.genuine(readXml(body)) !== undefined;
  } catch {
    return false;
  }
};
const debited = async (): Promise<void> => {
  const { id } = await papay.contract();
  await papay.told('/contracts', 1);
  await papay.apply(id);
};
const outgoing = (kind: string, operation = 'TRANSACTION.SUCCESS') =>
  papay.shop.fault({ match: { operation, direction: 'out' }, kind });

describe('a call', () => {
  const fields = { mch_id: MERCHANT, appid: PROGRAM, nonce_str: 'n', out_trade_no: 'none' };
  const post = async (sent: Record<string, string>) => readXml(await papay.post('/pay/paporderquery', writeXml(sent)));

  test.each([
    ['signed wrongly', () => ({ ...papay.signed(fields), out_trade_no: 'other' }), '签名错误'],
    ['not signed', () => fields, '签名错误'],
    ['signed with lower case', () => ({ ...fields, sign: papay.signed(fields).sign?.toLowerCase() ?? '' }), '签名错误'],
    ['of an unknown merchant', () => papay.signed({ ...fields, mch_id: '1' }), 'mch_id参数格式错误'],
    ['without a nonce', () => papay.signed({ ...fields, nonce_str: '' }), 'nonce_str参数错误'],
  ])('%s is refused without a signature', async (_what, sent, message) => {
    expect(await post(sent())).toEqual({ return_code: 'FAIL', return_msg: message });
  });

  test('that is no XML, or declares entities, is refused', async () => {
    const refused = { return_code: 'FAIL', return_msg: 'XML格式错误' };
    expect(readXml(await papay.post('/pay/paporderquery', '{}'))).toEqual(refused);
    const bomb = `<!DOCTYPE a [<!ENTITY b "c">]>${writeXml(papay.signed(fields))}`;
    expect(readXml(await papay.post('/pay/paporderquery', bomb))).toEqual(refused);
    expect((await fetch(`${papay.shop.sandbox.url}/pay/paporderquery`)).status).toBe(405);
  });

  test('that a fault refuses has no effect, and hears it in XML', async () => {
    const { number, id } = await papay.contract();
    await papay.shop.fault({ match: { path: APPLY, merchantId: MERCHANT }, kind: 'code', code: 'SYSTEMERROR' });
    expect(papay.genuine(await papay.apply(id))).toMatchObject({ result_code: 'FAIL', err_code: 'SYSTEMERROR' });
    await papay.shop.fault({ match: { path: APPLY, platformAppId: PROGRAM }, kind: 'busy' });
    expect(papay.genuine(await papay.apply(id))).toMatchObject({ err_code: 'FREQUENCY_LIMITED' });
    expect((await papay.act(number)).debits).toEqual([]);
    await papay.shop.fault({ match: { operation: '/v3/papay/contracts/{contract_id}/notify' }, kind: 'busy' });
    expect(await papay.notice(id)).toMatchObject({ status: 429, body: { code: 'FREQUENCY_LIMITED' } });
  });

  test('can be answered with a wrong signature', async () => {
    const { id } = await papay.contract();
    await papay.shop.fault({ match: { path: APPLY }, kind: 'wrong_signature' });
    expect(isGenuine(writeXml(await papay.apply(id)))).toBe(false);
  });
});

describe('a notification', () => {
  test.each([
    [{ status: 200, body: '' }],
    [{ status: 204 }],
    [{ status: 200, body: '{"code":"SUCCESS"}' }],
    [{ status: 200, body: '<xml><return_code>FAIL</return_code><return_msg>OK</return_msg></xml>' }],
    [{ status: 500, body: '<xml><return_code>SUCCESS</return_code><return_msg>OK</return_msg></xml>' }],
  ])('is not accepted with %j', async (answer) => {
    papay.shop.receiver.answer = ({ path }) =>
      path === '/debits' && bodies().length === 1
        ? answer
        : { body: '<xml><return_code>SUCCESS</return_code><return_msg>OK</return_msg></xml>' };
    await debited();
    await papay.told('/debits', 1);
    await papay.shop.later({ seconds: 15 });
    expect(await papay.told('/debits', 2)).toHaveLength(2);
    await papay.shop.later({ days: 1 });
    expect(bodies()).toHaveLength(2);
  });

  test('is sent ten times in a little more than three hours, the same each time', async () => {
    papay.shop.receiver.answer = ({ path }) =>
      path === '/debits' ? {} : { body: writeXml({ return_code: 'SUCCESS', return_msg: 'OK' }) };
    await debited();
    await papay.told('/debits', 1);
    const start = papay.shop.businessNow;
    const account = { platform: 'wechat', merchantId: MERCHANT };
    const tries = [0];
    for (let next = await papay.shop.sandbox.moveClock(start, account); next !== null;) {
      await papay.shop.later({ seconds: (next - papay.shop.businessNow) / 1_000 });
      tries.push((papay.shop.businessNow - start) / 1_000);
      next = await papay.shop.sandbox.moveClock(papay.shop.businessNow, account);
    }
    const delays = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
    expect(delays).toEqual([15, 15, 30, 180, 1800, 1800, 1800, 1800, 3600]);
    expect(new Set(bodies()).size).toBe(1);
    expect(bodies()).toHaveLength(10);
  });

  test.each([['forge'], ['wrong_signature']])('%s: a false one, then the genuine one', async (kind) => {
    await outgoing(kind);
    await debited();
    await papay.shop.receiver.atLeast(2);
    await papay.shop.later({ seconds: 15 });
    await papay.shop.receiver.atLeast(3);
    expect(bodies().map(isGenuine)).toEqual([false, true]);
  });

  test('with a wrong amount is signed like a right one', async () => {
    await outgoing('wrong_amount');
    await debited();
    expect(await papay.told('/debits', 1)).toMatchObject([{ total_fee: '991', cash_fee: '991' }]);
  });

  test('of a contract can be lost, and comes again', async () => {
    await outgoing('drop', 'CONTRACT.ADD');
    const { number } = await papay.contract();
    expect(papay.shop.receiver.received).toHaveLength(0);
    await papay.shop.later({ seconds: 15 });
    expect(await papay.told('/contracts', 1)).toMatchObject([{ contract_code: number }]);
  });
});
