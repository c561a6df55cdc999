import { AGREEMENT_POLICY as policy } from '../../src/platforms/alipay/alipay.agreements.policy.js';
import { AlipayMandateStand } from './alipay-mandate-stand.js';

let stand: AlipayMandateStand;
beforeAll(async () => {
  stand = await AlipayMandateStand.start();
});
afterEach(() => stand.close());
afterAll(() => stand.stop());

describe.each(['key', 'certificate'])('in %s mode', (mode) => {
  beforeEach(() => stand.open({ mode }));

  test('somebody signs, and the notification and the answer to a question agree', async () => {
    const terms = stand.terms();
    const action = stand.alipay.mandates.signAction(stand.accounts, terms);
    expect(action).toMatchObject({ method: 'paySignCenter', proof: 'callback', expiresAt: terms.expiresAt });
    await expect(stand.ask(terms)).resolves.toEqual({ kind: 'absent' });
    await expect(stand.page(terms)).resolves.toMatchObject({ resultStatus: '7000' });
    const state = await stand.ask(terms);
    expect(state).toEqual({
      kind: 'active',
      contractId: expect.any(String),
      signedAt: stand.now,
      endsAt: null,
      payer: stand.shop.openId,
    });
    await expect(stand.told('dut_user_sign', terms.number)).resolves.toEqual({
      deduplicationKey: expect.any(String),
      type: 'dut_user_sign',
      content: { kind: 'mandate', number: terms.number, contractId: (state as { contractId: string }).contractId, state }, // prettier-ignore
    });
  });

  test('is debited at once, and once under one number; the notification tells it like any payment', async () => {
    const terms = await stand.signed();
    expect(policy.window({ periodStart: stand.now, now: stand.now, terms }).collectFrom <= stand.now).toBe(true);
    const order = stand.debit(terms);
    await expect(stand.query(order)).resolves.toEqual({ kind: 'absent' });
    await expect(stand.submit(order)).resolves.toEqual({ kind: 'paid' });
    await expect(stand.submit(order)).resolves.toEqual({ kind: 'paid' });
    const state = await stand.query(order);
    const paid = {
      transactionId: expect.stringMatching(/^\d{28}$/),
      paidAt: stand.now,
      amount: 1234,
      currency: 'CNY',
      payer: stand.shop.openId,
    };
    expect(state).toEqual({ kind: 'succeeded', paid });
    const { content } = await stand.told('trade_status_sync', order.number);
    expect(content).toMatchObject({ kind: 'payment', number: order.number, state });
    expect(await stand.debitsOf(terms)).toMatchObject([{ number: order.number, amount: 1234, outcome: 'paid' }]);
  });

  test('is ended by us, and again; then nothing is debited', async () => {
    const terms = await stand.signed();
    await stand.terminate(terms);
    await stand.terminate(terms);
    await expect(stand.ask(terms)).resolves.toMatchObject({ kind: 'ended', how: 'terminated' });
    const { content } = await stand.told('dut_user_unsign', terms.number);
    expect(content).toEqual({
      kind: 'mandate',
      number: terms.number,
      contractId: terms.contractId,
      state: { kind: 'ended', how: 'terminated', by: 'user', endedAt: stand.now },
    });
    const submission = await stand.submit(stand.debit(terms));
    expect(submission).toMatchObject({ kind: 'refused' });
    expect(policy.decline((submission as { platformCode: string }).platformCode)).toBe('ended');
  });
});

describe('an agreement', () => {
  beforeEach(() => stand.open());

  test('that the user has left unsigned is not in force, and need not be ended', async () => {
    const terms = stand.terms();
    await expect(stand.page(terms, 'cancel')).resolves.toMatchObject({ resultStatus: '6001' });
    await expect(stand.ask(terms)).resolves.toEqual({ kind: 'pending' });
    await expect(stand.terminate(terms)).resolves.toBeUndefined();
  });

  test('that the user ends in Alipay is told to the gateway of the app', async () => {
    const terms = await stand.signed();
    await stand.contract(terms, { does: 'terminate', by: 'user' });
    const { content } = await stand.told('dut_user_unsign', terms.number);
    expect(content).toMatchObject({ kind: 'mandate', number: terms.number, state: { kind: 'ended', by: 'user' } });
    await expect(stand.ask(terms)).resolves.toMatchObject({ kind: 'ended', by: 'user' });
    await expect(stand.terminate(terms)).resolves.toBeUndefined();
  });

  test.each(['busy', 'status_500', 'garbage', 'wrong_signature'])('%s leaves its end unknown', async (kind) => {
    const terms = await stand.signed();
    await stand.fault('alipay.user.agreement.unsign', kind);
    const ending = stand.terminate(terms);
    await expect(ending).rejects.toMatchObject({ problem: 'platform_unknown' });
    await expect(stand.terminate(terms)).resolves.toBeUndefined();
  });

  test.each(['wrong_signature', 'forge'])('is not believed from a notification with the fault %s', async (kind) => {
    await stand.fault(undefined, kind);
    const terms = stand.terms();
    await stand.page(terms);
    await expect(stand.told('dut_user_sign', terms.number)).rejects.toMatchObject({ refusal: 'signature_invalid' });
  });

  test('of a person whom the app knows by user_id', async () => {
    await stand.close();
    await stand.open({ idMode: 'user_id' });
    const payer = (await stand.shop.program.token('ann'))['user_id']!;
    const terms = await stand.signed({ payer });
    await expect(stand.ask({ ...terms, contractId: null })).resolves.toMatchObject({ payer });
    const { content } = await stand.told('dut_user_sign', terms.number);
    expect(content).toMatchObject({ state: { kind: 'active', payer } });
  });
});
