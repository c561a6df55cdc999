import { createVerify, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newNumber } from '../../common/ids.js';
import { toFen } from '../../common/money.js';
import type { MandateTerms } from '../mandate-platform.js';
import type { MerchantAccount, PayOrder } from '../payment-platform.js';
import type { PlatformAccount } from '../platform.js';
import { UndiciHttp } from '../undici-http.js';
import { AlipayPlatform } from './alipay.platform.js';
import { AlipaySettings, TEST_AGREEMENT_SETTINGS } from './alipay.settings.js';
import { signRsa2 } from './alipay.signature.js';

// What the sandbox, which keeps the rules, would never answer; and what leaves for Alipay, to the byte.

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const base64 = (key: KeyObject, type: 'pkcs8' | 'spki') =>
  key.export({ format: 'der', type } as never).toString('base64');
const app = pair();
const alipay = pair();

const program: PlatformAccount = {
  appId: 'app_1',
  id: 'pac_1',
  platform: 'alipay',
  platformAppId: '2021000000000001',
  mode: 'test',
  credentials: {
    mode: 'key',
    appPrivateKey: base64(app.privateKey, 'pkcs8'),
    alipayPublicKey: base64(alipay.publicKey, 'spki'),
  },
};
const merchant: MerchantAccount = { appId: 'app_1', id: 'mac_1', platform: 'alipay', merchantId: '2088000000000001', mode: 'test', credentials: {}, defaults: {} }; // prettier-ignore
const accounts = { program, merchant };

type Node = Record<string, unknown>;
/** What Alipay says next to a method: nodes, one a call, which it signs; the last one stays. */
let answers: Record<string, Node[]>;
let requests: Record<string, string>[];
let server: Server;
let http: UndiciHttp;
let platform: AlipayPlatform;

beforeAll(async () => {
  server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const params = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
      requests.push(params);
      const method = params['method']!;
      const nodes = answers[method.replace(/^alipay\.(trade|user)\./, '')] ?? [];
      const answer = (nodes.length > 1 ? nodes.shift() : nodes[0]) ?? refusal('ACQ.TRADE_NOT_EXIST');
      const node = JSON.stringify(answer);
      const signature = signRsa2(node, alipay.privateKey);
      outgoing.writeHead(200).end(`{"${method.replaceAll('.', '_')}_response":${node},"sign":"${signature}"}`);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  http = new UndiciHttp({ sandboxUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  platform = new AlipayPlatform(http);
});
beforeEach(() => {
  answers = {};
  requests = [];
});
afterAll(async () => {
  await http.close();
  await new Promise((closed) => server.close(closed));
});

const refusal = (subCode: string): Node => ({ code: '40004', msg: 'Business Failed', sub_code: subCode });
const NUMBER = 'abcdefghijklmnopqrstuvwxyz';
const terms = (over: Partial<MandateTerms> = {}): MandateTerms => ({
  number: NUMBER,
  serial: 1,
  payer: '0123openid',
  subject: 'Tea/cake',
  amount: toFen(990),
  mostAmount: toFen(1990),
  recurring: { interval: 'year', intervalCount: 1 },
  firstDebitAt: '2026-03-20T02:00:00Z',
  expiresAt: '2026-03-02T02:00:00Z',
  notifyUrl: 'https://a.example/callbacks/pac_1',
  settings: TEST_AGREEMENT_SETTINGS,
  contractId: '20265301000001',
  signedAt: '2026-03-01T02:00:00Z',
  ...over,
});
const agreement = (over: Node = {}): Node => ({
  code: '10000',
  msg: 'Success',
  agreement_no: '20265301000001',
  external_agreement_no: NUMBER,
  status: 'NORMAL',
  sign_time: '2026-03-01 10:00:00',
  invalid_time: '2115-02-01 00:00:00',
  principal_open_id: '0123openid',
  next_deduct_time: '2026-03-20',
  ...over,
});
const content = (at = -1): unknown => JSON.parse(requests.at(at)!['biz_content']!);
const query = (of = terms()) => platform.mandates.query(accounts, of);

test('the page is opened with a signed order string, encoded once more', () => {
  const { params } = platform.mandates.signAction(accounts, terms({ contractId: null }));
  const form = decodeURIComponent((params as { signStr: string }).signStr);
  const fields = Object.fromEntries(form.split('&').map((pair) => pair.split('=').map(decodeURIComponent))) as Record<string, string>; // prettier-ignore
  expect(fields).toMatchObject({
    app_id: '2021000000000001',
    method: 'alipay.user.agreement.page.sign',
    notify_url: 'https://a.example/callbacks/pac_1',
  });
  expect(fields).not.toHaveProperty('return_url');
  expect(JSON.parse(fields['biz_content']!)).toEqual({
    personal_product_code: 'CYCLE_PAY_AUTH_P',
    sign_scene: 'INDUSTRY|DIGITAL_MEDIA',
    external_agreement_no: NUMBER,
    third_party_type: 'PARTNER',
    product_code: 'CYCLE_PAY_AUTH',
    access_params: { channel: 'ALIPAYAPP' },
    period_rule_params: { period_type: 'MONTH', period: 12, execute_time: '2026-03-20', single_amount: '19.90' },
  });
  const { sign, ...signed } = fields;
  const base = Object.entries(signed).map(([name, value]) => `${name}=${value}`);
  const verifier = createVerify('RSA-SHA256').update(base.sort().join('&'));
  expect(verifier.verify(app.publicKey, sign!, 'base64')).toBe(true);
});

describe('of an agreement Alipay says', () => {
  const signedAt = new Date('2026-03-01T02:00:00Z');
  const active = { kind: 'active', contractId: '20265301000001', signedAt, endsAt: null, payer: '0123openid' };
  const over = { kind: 'ended', how: 'terminated', endedAt: null };
  test.each<[string, Node, Partial<MandateTerms>, object]>([
    ['NORMAL', agreement(), {}, active],
    ['NORMAL with an end', agreement({ invalid_time: '2027-03-01 00:00:00' }), {}, { ...active, endsAt: new Date('2027-02-28T16:00:00Z') }], // prettier-ignore
    ['TEMP', agreement({ status: 'TEMP', sign_time: '', invalid_time: '' }), {}, { kind: 'pending' }],
    ['STOP', agreement({ status: 'STOP' }), {}, { ...over, by: 'platform' }],
    ['that it has ended', refusal('AGREEMENT_HAS_UNSIGNED'), { contractId: null }, { ...over, by: 'user' }],
    ['that it is gone', refusal('USER_AGREEMENT_NOT_EXIST'), {}, { ...over, by: 'user' }],
    ['that it never was', refusal('USER_AGREEMENT_NOT_EXIST'), { contractId: null }, { kind: 'absent' }],
  ])('%s', async (_, node, of, state) => {
    answers['agreement.query'] = [node];
    await expect(query(terms(of))).resolves.toEqual(state);
  });

  test.each<[string, Node, string]>([
    ['another agreement', agreement({ external_agreement_no: 'another' }), 'platform_answer_invalid'],
    ['a status of its own', agreement({ status: 'PAUSED' }), 'platform_answer_invalid'],
    ['no time of signing', agreement({ sign_time: undefined }), 'platform_answer_invalid'],
    ['another merchant', refusal('AUTHOREE_IS_NOT_MATCH'), 'platform_account_misconfigured'],
    ['no such user', refusal('USER_NOT_EXSIT_ERROR'), 'platform_refused'],
    ['that it fails', refusal('ACQ.SYSTEM_ERROR'), 'platform_unknown'],
  ])('%s: nothing is known', async (_, node, problem) => {
    answers['agreement.query'] = [node];
    await expect(query()).rejects.toMatchObject({ problem });
  });

  test('it is asked by its number, or by ours with whose it is', async () => {
    answers['agreement.query'] = [agreement({ principal_id: '2088123412341234' })];
    await query();
    expect(content()).toEqual({ agreement_no: '20265301000001' });
    await query(terms({ contractId: null }));
    const ours = { external_agreement_no: NUMBER, sign_scene: 'INDUSTRY|DIGITAL_MEDIA', third_party_type: 'PARTNER', personal_product_code: 'CYCLE_PAY_AUTH_P' }; // prettier-ignore
    expect(content()).toEqual({ ...ours, alipay_open_id: '0123openid' });
    const payer = '2088123412341234';
    await expect(query(terms({ contractId: null, payer }))).resolves.toMatchObject({ payer });
    expect(content()).toEqual({ ...ours, alipay_user_id: payer });
  });
});

describe('the end of an agreement', () => {
  const terminate = () => platform.mandates.terminate(accounts, terms());
  test('that Alipay calls out of force is the end only when it says so again', async () => {
    answers['agreement.unsign'] = [refusal('USER_AGREEMENT_STATUS_NOT_NORMAL')];
    answers['agreement.query'] = [refusal('AGREEMENT_HAS_UNSIGNED')];
    await expect(terminate()).resolves.toBeUndefined();
    answers['agreement.query'] = [agreement()];
    await expect(terminate()).rejects.toMatchObject({ problem: 'platform_refused' });
  });

  test.each([
    ['USER_AGREEMENT_UNSIGN_FAIL', 'platform_busy'],
    ['SYSTEM_ERROR', 'platform_unknown'],
  ])('that is answered with %s is %s', async (code, problem) => {
    answers['agreement.unsign'] = [refusal(code)];
    await expect(terminate()).rejects.toMatchObject({ problem });
  });
});

describe('a debit', () => {
  const order = (): PayOrder => ({
    number: newNumber(),
    amount: toFen(990),
    currency: 'CNY',
    subject: 'Tea/cake',
    payer: '0123openid',
    expiresAt: new Date('2026-03-21T02:00:00Z'),
    notifyUrl: 'https://a.example/callbacks/pac_1',
    settings: TEST_AGREEMENT_SETTINGS,
    handle: null,
    transactionId: null,
    mandate: { kind: 'debit', terms: terms() },
  });
  const trade = ({ number }: PayOrder, trade_status: string, more: Node = {}): Node => ({
    ...{ code: '10000', msg: 'Success', trade_no: '2026032022001400000000000001', out_trade_no: number },
    ...{ trade_status, total_amount: '9.90', ...more },
  });
  const submit = (one: PayOrder) => platform.payments.submit(accounts, one);
  const ACCEPTED = { kind: 'ready', handle: '', handleExpiresAt: null };

  test('says whom, how much and under what', async () => {
    answers['pay'] = [{ code: '10000', msg: 'Success', trade_no: '1' }];
    const one = order();
    await expect(submit(one)).resolves.toEqual({ kind: 'paid' });
    expect(requests[0]).toMatchObject({ method: 'alipay.trade.pay', notify_url: one.notifyUrl });
    expect(content()).toEqual({
      out_trade_no: one.number,
      total_amount: '9.90',
      subject: 'Tea／cake',
      product_code: 'CYCLE_PAY_AUTH',
      agreement_params: { agreement_no: '20265301000001' },
      seller_id: '2088000000000001',
    });
  });

  test('that Alipay works on is accepted', async () => {
    answers['pay'] = [{ code: '10003', msg: 'order success pay inprocess' }];
    await expect(submit(order())).resolves.toEqual(ACCEPTED);
  });

  test('that is refused, yet waits for money, is closed first', async () => {
    const one = order();
    const refused = { kind: 'refused', platformCode: 'ACQ.BUYER_BALANCE_NOT_ENOUGH', detail: expect.any(String) };
    answers = { pay: [refusal('ACQ.BUYER_BALANCE_NOT_ENOUGH')], query: [trade(one, 'WAIT_BUYER_PAY')], close: [{ code: '10000', msg: 'Success' }] }; // prettier-ignore
    await expect(submit(one)).resolves.toEqual(refused);
    expect(requests.map(({ method }) => method)).toEqual(['alipay.trade.pay', 'alipay.trade.query', 'alipay.trade.close']); // prettier-ignore
    answers['close'] = [refusal('ACQ.TRADE_STATUS_ERROR')];
    await expect(submit(one)).resolves.toEqual(ACCEPTED);
    answers['query'] = [trade(one, 'TRADE_SUCCESS', { send_pay_date: '2026-03-20 10:00:00' })];
    await expect(submit(one)).resolves.toEqual({ kind: 'paid' });
  });

  test('whose trade is closed without money has failed; an order of a person is closed', async () => {
    const one = order();
    answers['query'] = [trade(one, 'TRADE_CLOSED')];
    const state = await platform.payments.query(accounts, one);
    expect(state).toEqual({ kind: 'failed', platformCode: 'TRADE_CLOSED' });
    const { mandate: _, ...ordinary } = one;
    await expect(platform.payments.query(accounts, ordinary)).resolves.toEqual({ kind: 'closed' });
  });

  test('without an agreement is a mistake of ours', async () => {
    const mandate = { kind: 'debit', terms: terms({ contractId: null }) } as const;
    await expect(submit({ ...order(), mandate })).rejects.toThrow(/no agreement/);
  });
});

describe('the plan', () => {
  const window = (until: string) => ({ noticeAt: null, collectFrom: new Date(0), collectUntil: new Date(until) });
  const move = (until: string) => platform.mandates.reschedule(accounts, terms(), window(until));
  test('is moved to the last day of the window, in China, and only forwards', async () => {
    answers['agreement.query'] = [agreement({ next_deduct_time: '2026-03-20 00:00:00' })];
    answers['agreement.executionplan.modify'] = [{ code: '10000', msg: 'Success', deduct_time: '2026-03-23' }];
    await move('2026-03-23T15:00:00Z');
    expect(content()).toMatchObject({ agreement_no: '20265301000001', deduct_time: '2026-03-23' });
    requests = [];
    await move('2026-03-20T15:00:00Z');
    expect(requests.map(({ method }) => method)).toEqual(['alipay.user.agreement.query']);
  });

  test.each([
    [
      'has run ahead: five days before its day it opens',
      '2026-03-28',
      ['2026-03-23T01:00:00Z', '2026-03-28T15:00:00Z'],
    ],
    ['is open already', '2026-03-21', ['2026-03-19T00:00:00Z', '2026-03-21T15:00:00Z']],
    ['is the same', '2026-03-20', undefined],
  ])('%s', async (_, planned, expected) => {
    answers['agreement.query'] = [agreement({ next_deduct_time: planned })];
    const asked = { ...window('2026-03-20T15:00:00Z'), collectFrom: new Date('2026-03-19T00:00:00Z') };
    const [collectFrom, collectUntil] = (expected ?? []).map((time) => new Date(time));
    const given = await platform.mandates.reschedule(accounts, terms(), asked);
    expect(given).toEqual(expected && { noticeAt: null, collectFrom, collectUntil });
  });
});

test.each([
  [{ signScene: 'INDUSTRY|DIGITAL_MEDIA' }, true],
  [{ signScene: 'DEFAULT|DEFAULT' }, false],
  [{ signScene: 'INDUSTRY' }, false],
  [{ personalProductCode: 'GENERAL_WITHHOLDING_P', cycleProductCode: 'GENERAL_WITHHOLDING' }, true],
  [{ cycleProductCode: 'lower' }, false],
])('the settings %j are taken: %s', (settings, isTaken) => {
  expect(AlipaySettings.safeParse(settings).success).toBe(isTaken);
});
