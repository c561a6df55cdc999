import { toFen } from '../../src/common/money.js';
import { SIGN_POLICY as policy } from '../../src/platforms/douyin/sign/policy.js';
import { DouyinMandateStand } from './douyin-mandate-stand.js';

const HOUR = 3_600_000;

let stand: DouyinMandateStand;
beforeAll(async () => {
  stand = await DouyinMandateStand.start();
});
beforeEach(() => stand.open());
afterEach(() => stand.close());
afterAll(() => stand.stop());

describe('paying and signing at once', () => {
  test('the client makes the contract of what was signed; callbacks and queries tell the same', async () => {
    const terms = stand.terms();
    const order = stand.order('first', terms);
    expect(await stand.submit(order)).toEqual({ kind: 'ready', handle: '', handleExpiresAt: null });
    expect(await stand.query(order)).toEqual({ kind: 'absent' });
    expect(await stand.ask(terms)).toEqual({ kind: 'absent' });

    const action = stand.firstAction(order);
    expect(action).toMatchObject({ method: 'createSignOrder', params: { businessType: 2 }, proof: 'callback' });
    const { authOrderId, payOrderId, errMsg } = await stand.visit(action);
    expect(errMsg).toBe('sign:ok');

    const state = await stand.query(order);
    const { merchant, program } = stand.accounts;
    const paid = {
      transactionId: payOrderId,
      paidAt: expect.any(Date),
      amount: 990,
      currency: 'CNY',
      merchantId: merchant.merchantId,
      platformAppId: program.platformAppId,
    };
    expect(state).toEqual({ kind: 'succeeded', paid });
    const { content } = await stand.told('sign_pay_callback', order.number);
    expect(content).toEqual({ kind: 'payment', number: order.number, state: { kind: 'succeeded', paid } });

    const active = { kind: 'active', contractId: authOrderId, signedAt: expect.any(Date), endsAt: null };
    expect(await stand.ask(terms)).toEqual({ ...active, payer: stand.payer });
    const told = await stand.told('sign_callback', terms.number);
    expect(told.content).toEqual({ kind: 'mandate', number: terms.number, contractId: authOrderId, state: active });
  });

  test('one changed byte, and the client refuses it', async () => {
    const action = stand.firstAction(stand.order('first', stand.terms()));
    const { data } = action.params as { data: string };
    const changed = { ...action, params: { ...action.params, data: data.replace('990', '991') } };
    expect(await stand.visit(changed)).toMatchObject({ errNo: 11004 });
  });

  test.each([
    ['leaves the page', 'cancel', true],
    ['does not sign', 'pay', false],
  ] as const)('a person who %s has not paid either, and the time runs out', async (_, outcome, sign) => {
    const terms = stand.terms();
    const order = stand.order('first', terms);
    await stand.visit(stand.firstAction(order), outcome, { sign });
    expect(await stand.ask(terms)).toEqual({ kind: 'pending' });
    expect(await stand.query(order)).toEqual({ kind: 'pending' });
    await stand.pass(2 * HOUR);
    expect(await stand.ask(terms)).toEqual({ kind: 'absent' });
    expect(await stand.query(order)).toEqual({ kind: 'closed' });
    const end = new Date(order.expiresAt.getTime() + HOUR + 60_000);
    expect(stand.payments.absentIsFinalAt(order, stand.now)).toEqual(end);
    expect(await stand.payments.close(stand.accounts, order)).toEqual({ kind: 'waits', until: end });
  });

  test('the first payment is given back, and Douyin need not be told of goods', async () => {
    const terms = stand.terms();
    const order = stand.order('first', terms);
    const { payOrderId } = await stand.visit(stand.firstAction(order));
    const payment = { ...order, transactionId: String(payOrderId) };
    const refund = stand.shop.refundOf(payment, { amount: toFen(90) });
    expect(await stand.payments.queryRefund(stand.accounts, refund)).toEqual({ kind: 'absent' });
    const accepted = await stand.payments.refund(stand.accounts, refund);
    expect(accepted).toEqual({ kind: 'pending', facts: { platformRefundId: expect.any(String) } });
    expect(['pending', 'succeeded']).toContain((await stand.payments.refund(stand.accounts, refund)).kind);
    await stand.pass(HOUR);
    const state = await stand.payments.queryRefund(stand.accounts, refund);
    expect(state).toMatchObject({ kind: 'succeeded', facts: { amount: 90 } });
    const { content } = await stand.told('sign_refund_callback', refund.number);
    expect(content).toMatchObject({ kind: 'refund', state: { kind: 'succeeded', facts: { amount: 90 } } });
    const tooMuch = stand.shop.refundOf(payment, { amount: toFen(901), refundedBefore: toFen(90) });
    expect(await stand.payments.refund(stand.accounts, tooMuch)).toMatchObject({ kind: 'failed' });
    await expect(stand.payments.fulfil(stand.accounts, payment)).resolves.toBeUndefined();
  });
});

describe('a contract', () => {
  test('that is only signed shows the day of the first debit', async () => {
    const terms = stand.terms({ firstDebitAt: '2099-03-01T02:00:00Z', }); // prettier-ignore
    const action = stand.mandates.signAction(stand.accounts, terms, stand.now);
    const data = JSON.parse((action.params as { data: string }).data) as object;
    expect(data).toMatchObject({ outAuthOrderNo: terms.number, openId: stand.payer, firstDeductionDate: '2099-02-28' });
    expect(data).not.toHaveProperty('authPayOrder');
    expect(await stand.visit(action)).toMatchObject({ errMsg: 'sign:ok' });
  });

  test('is ended by us, and again, which Douyin tells', async () => {
    const terms = await stand.signed();
    await stand.terminate(terms);
    await stand.terminate(terms);
    const state = { kind: 'ended', how: 'terminated', by: 'merchant', endedAt: null };
    expect(await stand.ask(terms)).toEqual(state);
    const { content } = await stand.told(
      'sign_callback',
      terms.number,
      ({ content }) => content.kind === 'mandate' && content.state.kind === 'ended',
    );
    expect(content).toMatchObject({ contractId: terms.contractId, state: { how: 'terminated', endedAt: expect.any(Date) } }); // prettier-ignore
  });

  test.each([
    ['terminate', 'user', { kind: 'ended', how: 'terminated', by: 'user', endedAt: null }],
    ['expire', 'platform', { kind: 'ended', how: 'expired', by: 'platform', endedAt: null }],
  ])('that %s by the %s has brought to its end', async (does, by, state) => {
    const terms = await stand.signed();
    await stand.contract(terms, { does, by });
    expect(await stand.ask(terms)).toEqual(state);
    expect(await stand.ask({ ...terms, contractId: null })).toEqual(state);
    await expect(stand.terminate(terms)).resolves.toBeUndefined();
    const submission = await stand.submit(stand.order('debit', terms));
    expect(submission).toMatchObject({ kind: 'refused' });
    expect(policy.decline((submission as { platformCode: string }).platformCode)).toBe('ended');
  });

  test('whose end is answered by silence or trouble is still to be ended', async () => {
    const terms = await stand.signed();
    await stand.fault('terminate_sign', 13000);
    const ending = stand.terminate(terms);
    await expect(ending).rejects.toMatchObject({ problem: 'platform_unknown' });
    await stand.fault('terminate_sign', 10000);
    const refused = stand.terminate(terms);
    await expect(refused).rejects.toMatchObject({ problem: 'platform_refused' });
    await expect(stand.terminate(terms)).resolves.toBeUndefined();
  });

  test('needs its template', () => {
    const terms = stand.terms({ settings: stand.payments.testSettings });
    expect(() => stand.mandates.signAction(stand.accounts, terms, stand.now)).toThrow(/serviceId/);
  });
});
