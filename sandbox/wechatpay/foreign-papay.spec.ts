import { createRequire } from 'node:module';
import type * as Plugin from 'wechatpay-axios-plugin';
import { NOTICE_PLAN, PapayShop } from '../testing/wechat-papay.js';
import { MERCHANT, PROGRAM } from '../testing/wechat-shop.js';

const { Wechatpay, Hash, Transformer } = createRequire(import.meta.url)('wechatpay-axios-plugin') as typeof Plugin;

interface Endpoint {
  post(data: object, config?: object): Promise<{ readonly data: Record<string, string> }>;
}
/** What of the client is used; its own types know the paths only as `any`. */
interface Wxpay {
  readonly v2: {
    readonly pay: { readonly pappayapply: Endpoint; readonly paporderquery: Endpoint };
    readonly papay: { readonly querycontract: Endpoint; readonly deletecontract: Endpoint };
  };
}

/** A merchant that debits with npm `wechatpay-axios-plugin`: XML and signatures of v2 are not ours. */
let papay: PapayShop;
let v2: Wxpay['v2'];
beforeAll(async () => {
  papay = await PapayShop.open();
  const { serial = '', privateKey = '', publicKeyId = '', publicKey = '' } = papay.shop.credentials;
  const certs = { [publicKeyId]: publicKey };
  const baseURL = papay.shop.sandbox.url;
  const client = new Wechatpay({ mchid: MERCHANT, serial, privateKey, certs, secret: papay.key, baseURL });
  ({ v2 } = client as unknown as Wxpay);
});
afterAll(() => papay.close());

const own = { appid: PROGRAM, mch_id: MERCHANT };
const nonceless = { nonceless: true };

test('it debits, and reads what comes of it', async () => {
  const { number, id } = await papay.contract();
  const debit = papay.number();
  const { data: accepted } = await v2.pay.pappayapply.post({
    ...own,
    ...{ body: 'A & B <会员>', out_trade_no: debit, total_fee: '990', trade_type: 'PAP', contract_id: id },
    notify_url: `${papay.shop.receiver.origin}/debits`,
  });
  expect(accepted).toMatchObject({ return_code: 'SUCCESS', result_code: 'SUCCESS' });
  const { data: found } = await v2.pay.paporderquery.post({ ...own, out_trade_no: debit, sign_type: 'HMAC-SHA256' });
  expect(found).toMatchObject({ trade_state: 'SUCCESS', contract_id: id });
  const contract = { ...own, version: '1.0', plan_id: NOTICE_PLAN, contract_code: number };
  expect((await v2.papay.querycontract.post(contract, nonceless)).data).toMatchObject({ contract_state: '0' });
  const ended = await v2.papay.deletecontract.post({ ...contract, contract_termination_remark: '不再需要' }, nonceless);
  expect(ended.data).toMatchObject({ contract_id: id });
  await expect(v2.papay.deletecontract.post(contract, nonceless)).rejects.toThrow('result_code');
});

test('it verifies the notification', async () => {
  const { id } = await papay.contract();
  papay.shop.receiver.forget();
  await papay.apply(id);
  await papay.told('/debits', 1);
  const { body } = papay.shop.receiver.received.find(({ path }) => path === '/debits') ?? { body: '' };
  const fields = Transformer.toObject.call({}, body) as Record<string, string>;
  expect(fields.sign).toBe(Hash.sign('MD5', fields, papay.key));
  expect(fields.trade_state).toBe('SUCCESS');
});
