import { toFen } from '../../src/common/money.js';
import { Bench, problemOf } from './bench.js';
import { DAY, HOUR, WechatSubscriber } from './wechat-subscriber.js';

let bench: Bench;
let person: WechatSubscriber;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench.stop());
beforeEach(async () => {
  person = await WechatSubscriber.open(bench);
});
afterEach(async () => {
  await bench.noFaults();
  await person.close();
});

const CONTRACT_ORDER = '/pay/contractorder';
const APPLY = '/pay/pappayapply';
const QUERY = '/papay/querycontract';
const DELETE = '/papay/deletecontract';
const NO_CONTRACT = { kind: 'refused', platformCode: 'CONTRACT_NOT_EXIST' };

describe('paying and signing at once', () => {
  test('makes a payment and a contract, and tells both', async () => {
    const { shop, mandates } = person;
    const { accounts, payments } = shop;
    const terms = person.terms();
    const order = person.attempt('first', terms);
    expect(await mandates.query(accounts, terms)).toEqual({ kind: 'absent' });
    expect(await payments.query(accounts, order)).toEqual({ kind: 'absent' });

    const submission = await person.submit(order);
    if (submission.kind !== 'ready') throw new Error(submission.kind);
    expect(submission.handleExpiresAt).toEqual(new Date(person.now.getTime() + 2 * HOUR));
    expect(await person.submit(order)).toEqual(submission);
    const ready = { ...order, handle: submission.handle, handleExpiresAt: submission.handleExpiresAt };
    expect(await payments.query(accounts, ready)).toEqual({ kind: 'pending' });
    const action = payments.clientAction(accounts, ready, person.now);
    expect(action).toMatchObject({ method: 'requestPayment', proof: 'callback', expiresAt: order.expiresAt.toISOString() }); // prettier-ignore
    expect(await person.visit(action, 'cancel')).toEqual({ errMsg: 'requestPayment:fail cancel' });
    expect(await person.visit(action, 'pay')).toEqual({ errMsg: 'requestPayment:ok' });

    const { merchantId } = accounts.merchant;
    const { platformAppId } = accounts.program;
    const paid = { amount: 990, currency: 'CNY', merchantId, platformAppId, payer: shop.payer };
    const state = await person.told(order);
    expect(state).toMatchObject({ kind: 'succeeded', paid });
    expect(await payments.query(accounts, ready)).toEqual(state);
    expect(await person.submit(order)).toEqual({ kind: 'paid' });
    expect(await payments.close(accounts, ready)).toEqual({ kind: 'paid' });

    const { content } = await shop.told('v2.contract.add');
    const active = await mandates.query(accounts, terms);
    expect(active).toMatchObject({ kind: 'active', signedAt: person.about, payer: shop.payer });
    expect(content).toEqual({
      kind: 'mandate',
      number: terms.number,
      contractId: (active as { contractId: string }).contractId,
      state: active,
    });
    const refund = shop.refundOf({ ...ready, transactionId: (state as { paid: { transactionId: string } }).paid.transactionId }); // prettier-ignore
    expect(await payments.refund(accounts, refund)).toMatchObject({ kind: 'pending', facts: { amount: 990 } });
  });

  test('makes no contract when the person takes the tick off', async () => {
    const { accounts, payments } = person.shop;
    const terms = person.terms();
    const order = person.attempt('first', terms);
    const submission = await person.submit(order);
    if (submission.kind !== 'ready') throw new Error(submission.kind);
    const action = payments.clientAction(accounts, { ...order, handle: submission.handle }, person.now);
    await person.visit(action, 'pay', { sign: false });
    expect(await person.told(order)).toMatchObject({ kind: 'succeeded' });
    expect(await person.mandates.query(accounts, terms)).toEqual({ kind: 'absent' });
    expect(await person.submit(person.attempt('debit', terms))).toMatchObject(NO_CONTRACT);
  });

  test('is closed like any order', async () => {
    const { accounts, payments } = person.shop;
    const order = person.attempt('first', person.terms());
    await person.submit(order);
    expect(await payments.close(accounts, order)).toEqual({ kind: 'closed' });
    expect(await payments.query(accounts, order)).toEqual({ kind: 'closed' });
    expect(await person.submit(order)).toMatchObject({ kind: 'refused', platformCode: 'ORDERCLOSED' });
  });

  test('is refused to whoever has a contract already, and can then not be paid without one', async () => {
    const { accounts, payments } = person.shop;
    await person.signed();
    const order = person.attempt('first', person.terms());
    expect(await person.submit(order)).toMatchObject({ kind: 'refused', platformCode: 'CONTRACT_ERROR' });
    expect(await payments.query(accounts, order)).toEqual({ kind: 'closed' });
  });

  test('takes all settings that there are', async () => {
    const settings = { planId: '100001', displayAccount: '小明', debitMode: 'notice', goodsTag: 'WXG', attach: '附'.repeat(128), limitPay: ['no_credit', 'no_balance'], supportFapiao: true, profitSharing: true }; // prettier-ignore
    const order = person.attempt('first', person.terms({ settings }));
    expect(await person.submit(order)).toMatchObject({ kind: 'ready' });
  });
});

describe('the page that pays nothing', () => {
  test('signs a contract, once the person says so', async () => {
    const { shop, mandates } = person;
    const terms = person.terms({ subject: '会'.repeat(100) });
    const action = mandates.signAction(shop.accounts, terms);
    expect(action).toMatchObject({ method: 'navigateToMiniProgram', proof: 'return', expiresAt: terms.expiresAt });
    await person.visit(action, 'cancel');
    await person.visit(action, 'fail');
    expect(await mandates.query(shop.accounts, terms)).toEqual({ kind: 'absent' });
    const back = await person.visit(action, 'pay');
    expect(back).toMatchObject({ referrerInfo: { extraData: { return_code: 'SUCCESS' } } });
    const { content } = await shop.told('v2.contract.add');
    expect(content).toMatchObject({ number: terms.number, state: await mandates.query(shop.accounts, terms) });
  });

  test('is signed with the key of this merchant', async () => {
    const merchant = person.shop.merchantWith({ apiV2Key: 'x'.repeat(32) });
    const action = person.mandates.signAction({ ...person.shop.accounts, merchant }, person.terms());
    expect(await person.visit(action, 'pay')).toMatchObject({ referrerInfo: { extraData: { return_code: 'FAIL' } } });
  });
});

describe('a debit', () => {
  test('under a template with notices is made in the window that the policy names', async () => {
    const { shop, mandates } = person;
    const { accounts, payments } = shop;
    const terms = await person.signed();
    const window = mandates.policy.window({ periodStart: new Date(terms.firstDebitAt), now: person.now, terms });
    await person.at(window.noticeAt!);
    const early = person.attempt('debit', terms);
    const refused = { kind: 'refused', platformCode: 'INVALID_REQUEST' };
    expect(await person.submit(early)).toMatchObject(refused);
    expect(mandates.policy.decline('INVALID_REQUEST')).toBe('window');
    expect(await payments.query(accounts, early)).toEqual({ kind: 'absent' });

    await mandates.notice(accounts, terms, { amount: terms.amount });
    await mandates.notice(accounts, terms, { amount: terms.amount });
    await person.at(new Date(window.collectFrom.getTime() - 10 * HOUR));
    expect(await person.submit(person.attempt('debit', terms))).toMatchObject(refused);
    await person.at(window.collectFrom);
    expect(await person.submit(person.attempt('debit', terms, { amount: toFen(991) }))).toMatchObject(refused);
    const order = person.attempt('debit', terms);
    expect(await person.submit(order)).toEqual({ kind: 'ready', handle: '', handleExpiresAt: null });
    const state = await person.told(order);
    expect(state).toMatchObject({ kind: 'succeeded', paid: { amount: 990, payer: shop.payer, paidAt: person.about } });
    expect(await payments.query(accounts, order)).toEqual(state);
    expect(await person.submit(order)).toEqual({ kind: 'paid' });
    expect(await person.submit(person.attempt('debit', terms))).toMatchObject({ kind: 'refused' });
    const { debits, notices } = await person.contract(terms);
    expect(notices).toMatchObject([{ amount: 990 }]);
    expect(debits.filter(({ outcome }) => outcome === 'paid')).toMatchObject([{ number: order.number, amount: 990 }]);
    expect(await payments.refund(accounts, shop.refundOf(order))).toMatchObject({ kind: 'pending' });
  });

  test('is still taken at the end of the window, and not after it', async () => {
    const terms = await person.signed();
    const { policy } = person.mandates;
    await person.pass(DAY);
    const window = policy.window({ periodStart: new Date(terms.firstDebitAt), now: person.now, terms });
    await person.at(window.noticeAt!);
    await person.mandates.notice(person.shop.accounts, terms, { amount: terms.amount });
    await person.wallet('empty', 1);
    await person.at(new Date(window.collectUntil.getTime() - 60_000));
    const last = person.attempt('debit', terms);
    expect(await person.submit(last)).toMatchObject({ kind: 'ready' });
    expect(await person.told(last)).toMatchObject({ kind: 'failed' });
    await person.at(policy.debitTime(window.collectUntil));
    expect(await person.submit(person.attempt('debit', terms))).toMatchObject({ platformCode: 'INVALID_REQUEST' });
    const again = policy.window({ periodStart: new Date(terms.firstDebitAt), now: person.now, terms });
    await person.at(again.noticeAt!);
    await person.mandates.notice(person.shop.accounts, terms, { amount: terms.amount });
    await person.at(again.collectFrom);
    expect(await person.submit(person.attempt('debit', terms))).toMatchObject({ kind: 'ready' });
  });

  test('under a delayed template is made a day after it was asked for', async () => {
    const { accounts, payments } = person.shop;
    const terms = await person.signed({ settings: { planId: '100002', debitMode: 'delayed' } });
    const periodStart = new Date(terms.firstDebitAt);
    const { noticeAt, collectFrom } = person.mandates.policy.window({ periodStart, now: person.now, terms });
    expect(noticeAt).toBeNull();
    await person.at(collectFrom);
    const order = person.attempt('debit', terms);
    expect(await person.submit(order)).toMatchObject({ kind: 'ready' });
    expect(await person.submit(order)).toMatchObject({ kind: 'ready' });
    expect(await payments.query(accounts, order)).toEqual({ kind: 'pending' });
    expect(await payments.close(accounts, order)).toEqual({ kind: 'waits', until: order.expiresAt });
    await person.pass(DAY);
    expect(person.now.getTime()).toBeLessThan(periodStart.getTime());
    const state = await person.told(order);
    expect(state).toMatchObject({ kind: 'succeeded', paid: { paidAt: person.about } });
    expect(await payments.query(accounts, order)).toEqual(state);
    expect((await person.contract(terms)).debits).toHaveLength(1);
  });

  test.each(['100001', '100002'])('of a period that begins with the contract is made at once (%s)', async (planId) => {
    const terms = await person.signed({ settings: { planId } });
    const window = person.mandates.policy.window({ periodStart: person.now, now: person.now, terms });
    expect(window).toMatchObject({ noticeAt: null, collectFrom: person.now });
    const order = person.attempt('debit', terms);
    expect(await person.submit(order)).toMatchObject({ kind: 'ready' });
    expect(await person.told(order)).toMatchObject({ kind: 'succeeded' });
  });

  test('that finds no money fails, and is tried again another day under another number', async () => {
    const { mandates, shop } = person;
    const terms = await person.signed();
    await person.pass(DAY);
    await person.announced(terms);
    const window = mandates.policy.window({ periodStart: new Date(person.now.getTime() + DAY), now: new Date(person.now.getTime() - 3 * DAY), terms }); // prettier-ignore
    await person.wallet('empty', 1);
    const order = person.attempt('debit', terms);
    await person.submit(order);
    expect(await person.told(order)).toEqual({ kind: 'failed', platformCode: 'NOTENOUGH' });
    const asked = await shop.payments.query(shop.accounts, order);
    expect(asked.kind).toBe('failed');
    expect(await person.submit(order)).toMatchObject({ kind: 'refused' });
    for (const code of ['NOTENOUGH', (asked as { platformCode: string }).platformCode]) {
      expect(mandates.policy.decline(code)).toBe('funds');
    }
    await person.at(mandates.policy.retryAt({ failures: 1, failedAt: person.now, window })!);
    const second = person.attempt('debit', terms);
    await person.submit(second);
    expect(await person.told(second)).toMatchObject({ kind: 'succeeded' });
  });

  test('under a contract whose id was never told finds it out', async () => {
    const terms = await person.signed();
    const order = person.attempt('debit', { ...terms, contractId: null });
    expect(await person.submit(order)).toMatchObject({ kind: 'ready' });
  });
});

describe('the end of a contract', () => {
  test('comes by us, is told, and stays when it is asked for again', async () => {
    const { mandates, shop } = person;
    const terms = await person.signed();
    await mandates.terminate(shop.accounts, terms, '🎁 the user has left');
    await mandates.terminate(shop.accounts, terms, 'again');
    const ended = { kind: 'ended', how: 'terminated', by: 'merchant', endedAt: person.about };
    expect(await mandates.query(shop.accounts, terms)).toEqual(ended);
    const { content } = await shop.told('v2.contract.delete');
    expect(content).toEqual({ kind: 'mandate', number: terms.number, contractId: terms.contractId, state: ended });
    await mandates.terminate(shop.accounts, person.terms(), 'never signed');
  });

  test.each([
    ['terminate', 'user', 'terminated', 'user'],
    ['terminate', 'merchant', 'terminated', 'merchant'],
    ['terminate', 'platform', 'terminated', 'user'],
    ['expire', 'user', 'expired', 'platform'],
  ])('comes by %s of the %s, and no debit is possible after it', async (does, who, how, by) => {
    const { mandates, shop } = person;
    const terms = await person.signed();
    await person.contract(terms, does, who);
    const ended = { kind: 'ended', how, by, endedAt: person.about };
    expect(await mandates.query(shop.accounts, terms)).toEqual(ended);
    expect((await shop.told('v2.contract.delete')).content).toMatchObject({ number: terms.number, state: ended });
    const order = person.attempt('debit', terms);
    expect(await person.submit(order)).toMatchObject(NO_CONTRACT);
    expect(await person.submit({ ...order, mandate: { kind: 'debit', terms: { ...terms, contractId: null } } })).toMatchObject(NO_CONTRACT); // prettier-ignore
    expect(mandates.policy.decline(NO_CONTRACT.platformCode)).toBe('ended');
    const noticing = mandates.notice(shop.accounts, terms, { amount: terms.amount });
    expect((await problemOf(noticing)).problem).toBe('platform_refused');
  });

  test('makes room for another one of the same person', async () => {
    const terms = await person.signed();
    await person.mandates.terminate(person.shop.accounts, terms, 'moves on');
    expect((await person.signed()).contractId).not.toBe(terms.contractId);
  });
});

describe('trouble with WeChat Pay', () => {
  const kinds = [
    ['timeout_after', 'platform_unknown'],
    ['timeout_before', 'platform_unknown'],
    ['status_500', 'platform_unknown'],
    ['garbage', 'platform_unknown'],
    ['wrong_signature', 'platform_unknown'],
    ['busy', 'platform_rate_limited'],
  ] as const;

  test.each(kinds)('%s leaves a debit %s, and it is made once all the same', async (kind, problem) => {
    const terms = await person.signed();
    await person.pass(DAY);
    await person.announced(terms);
    const order = person.attempt('debit', terms);
    await person.shop.fault({ kind, path: APPLY });
    expect((await problemOf(person.submit(order, person.shop.impatient.payments))).problem).toBe(problem);
    expect(['ready', 'paid']).toContain((await person.submit(order)).kind);
    expect(await person.told(order)).toMatchObject({ kind: 'succeeded' });
    const paid = (await person.contract(terms)).debits.filter(({ outcome }) => outcome === 'paid');
    expect(paid).toMatchObject([{ number: order.number }]);
  });

  test.each(kinds)('%s leaves an order with a contract %s', async (kind, problem) => {
    const order = person.attempt('first', person.terms());
    await person.shop.fault({ kind, path: CONTRACT_ORDER });
    expect((await problemOf(person.submit(order, person.shop.impatient.payments))).problem).toBe(problem);
    expect((await person.submit(order)).kind).toBe('ready');
  });

  test.each(kinds)('%s leaves a contract to be ended', async (kind, problem) => {
    const { mandates, shop } = person;
    const terms = await person.signed();
    await shop.fault({ kind, path: DELETE });
    expect((await problemOf(shop.impatient.mandates.terminate(shop.accounts, terms, 'x'))).problem).toBe(problem);
    await mandates.terminate(shop.accounts, terms, 'x');
    expect(await mandates.query(shop.accounts, terms)).toMatchObject({ kind: 'ended' });
  });

  test.each([
    ['wrong_signature', 'platform_answer_invalid'],
    ['garbage', 'platform_answer_invalid'],
    ['busy', 'platform_rate_limited'],
  ])('%s answers no question', async (kind, problem) => {
    await person.shop.fault({ kind, path: QUERY });
    expect((await problemOf(person.mandates.query(person.shop.accounts, person.terms()))).problem).toBe(problem);
  });

  test('an accepted debit is not refused because its repeat is', async () => {
    const terms = await person.signed({ settings: { planId: '100002', debitMode: 'delayed' } });
    await person.pass(DAY);
    const order = person.attempt('debit', terms);
    await person.shop.fault({ kind: 'timeout_after', path: APPLY });
    await problemOf(person.submit(order, person.shop.impatient.payments));
    await person.shop.fault({ kind: 'code', code: 'RULELIMIT', path: APPLY });
    expect(await person.submit(order)).toEqual({ kind: 'ready', handle: '', handleExpiresAt: null });
  });

  test.each([
    ['RULELIMIT', 'final'],
    ['NOTENOUGH', 'funds'],
    ['INVALID_REQUEST', 'window'],
    ['PARAM_ERROR', 'misconfigured'],
    ['CONTRACT_NOT_EXIST', 'ended'],
  ])('the code %s refuses a debit: %s', async (code, decline) => {
    const terms = await person.signed();
    await person.shop.fault({ kind: 'code', code, path: APPLY });
    expect(await person.submit(person.attempt('debit', terms))).toMatchObject({ kind: 'refused', platformCode: code });
    expect(person.mandates.policy.decline(code)).toBe(decline);
  });

  test.each([
    ['SYSTEMERROR', 'platform_unknown'],
    ['BANKERROR', 'platform_unknown'],
    ['OUT_TRADE_NO_USED', 'platform_unknown'],
    ['FREQUENCY_LIMITED', 'platform_rate_limited'],
    ['SIGN_ERROR', 'platform_account_misconfigured'],
    ['NOAUTH', 'platform_account_misconfigured'],
    ['APPID_MCHID_NOT_MATCH', 'platform_account_misconfigured'],
  ])('the code %s leaves a debit %s', async (code, problem) => {
    const terms = await person.signed();
    await person.shop.fault({ kind: 'code', code, path: APPLY });
    const order = person.attempt('debit', terms);
    expect((await problemOf(person.submit(order))).problem).toBe(problem);
    expect((await person.submit(order)).kind).toBe('ready');
  });

  test('a notice whose answer is lost is given once', async () => {
    const { mandates, shop } = person;
    const terms = await person.signed();
    await shop.fault({ kind: 'timeout_after', path: `/v3/papay/contracts/${terms.contractId}/notify` });
    const noticing = shop.impatient.mandates.notice(shop.accounts, terms, { amount: terms.amount });
    expect((await problemOf(noticing)).problem).toBe('platform_unknown');
    await mandates.notice(shop.accounts, terms, { amount: terms.amount });
    expect((await person.contract(terms)).notices).toHaveLength(1);
  });
});

describe('a callback of v2', () => {
  test.each(['forge', 'wrong_signature'])('that plays %s is refused, and the genuine one comes later', async (kind) => {
    await person.shop.fault({ kind, direction: 'out' });
    const terms = await person.signed();
    expect((await person.shop.refusal()).refusal).toBe('signature_invalid');
    await person.pass(60_000);
    expect((await person.shop.told('v2.contract.add')).content).toMatchObject({ number: terms.number });
  });

  test('with another amount is told as it is', async () => {
    const terms = await person.signed();
    await person.shop.told('v2.contract.add');
    await person.shop.fault({ kind: 'wrong_amount', direction: 'out' });
    const order = person.attempt('debit', terms);
    await person.submit(order);
    expect(await person.told(order)).toMatchObject({ paid: { amount: 991 } });
  });

  test('that comes twice has the same key, and is answered in the very words', async () => {
    const { shop } = person;
    await shop.fault({ kind: 'duplicate', direction: 'out' });
    await person.signed();
    const first = await shop.told('v2.contract.add');
    const second = await shop.told('v2.contract.add', (callback) => callback !== first);
    expect(second.deduplicationKey).toBe(first.deduplicationKey);
    expect(shop.payments.callbacks.acknowledge({ kind: 'accepted', callback: first })).toEqual({
      status: 200,
      contentType: 'text/xml',
      body: '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>',
    });
  });

  test('is not believed by another merchant, nor without a key', async () => {
    const { shop } = person;
    await person.signed();
    await shop.told('v2.contract.add');
    await person.pass(1_000);
    const raw = shop.received.at(-1)!;
    const read = (account: typeof shop.accounts.merchant) => shop.payments.callbacks.read(account, raw);
    await expect(read({ ...shop.merchantWith({}), merchantId: '1900000001' })).rejects.toMatchObject({ refusal: 'malformed' }); // prettier-ignore
    await expect(read(shop.merchantWith({ apiV2Key: undefined }))).rejects.toMatchObject({ refusal: 'unknown_key' });
    await expect(read(shop.merchantWith({ apiV2Key: 'x'.repeat(32) }))).rejects.toMatchObject({ refusal: 'signature_invalid' }); // prettier-ignore
  });
});

describe('a merchant', () => {
  test('without an APIv2 key takes payments, and is told what contracts need', async () => {
    const { shop, mandates } = person;
    const accounts = { ...shop.accounts, merchant: shop.merchantWith({ apiV2Key: undefined }) };
    expect(await shop.payments.submit(accounts, shop.order(), new Date())).toMatchObject({ kind: 'ready' });
    const terms = person.terms();
    const trying = [
      mandates.query(accounts, terms),
      shop.payments.submit(accounts, person.attempt('first', terms), person.now),
      shop.payments.submit(accounts, person.attempt('debit', { ...terms, contractId: '1' }), person.now),
      (async () => mandates.signAction(accounts, terms))(),
    ];
    for (const one of trying) {
      const error = await problemOf(one);
      expect(error.problem).toBe('platform_account_misconfigured');
      expect(error.message).toMatch(/apiV2Key/);
    }
  });

  test('with a wrong one is told so, by a call and when it is verified', async () => {
    const { shop, mandates } = person;
    const merchant = shop.merchantWith({ apiV2Key: 'x'.repeat(32) });
    const error = await problemOf(mandates.query({ ...shop.accounts, merchant }, person.terms()));
    expect(error.problem).toBe('platform_account_misconfigured');
    const { ok, checks } = await shop.payments.verifyMerchant(merchant, [shop.accounts.program]);
    expect(ok).toBe(false);
    expect(checks.filter((check) => !check.ok)).toMatchObject([{ name: 'api_v2_key' }]);
    expect(checks.find(({ name }) => name === 'api_v2_key')!.detail).toMatch(/apiV2Key is not the APIv2 key/);
    const right = await shop.payments.verifyMerchant(shop.accounts.merchant, [shop.accounts.program]);
    expect(right.checks.find(({ name }) => name === 'api_v2_key')).toMatchObject({ ok: true });
  });
});
