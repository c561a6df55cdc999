import { newNumber } from '../../src/common/ids.js';
import { toFen } from '../../src/common/money.js';
import {
  CallbackRefused,
  type CallbackRefusal,
  type ClientAction,
  type PaidFacts,
  type PayAccounts,
  type PayOrder,
  type PlatformCallback,
  type PlatformPayments,
  type RawCallback,
  type RefundFacts,
  type RefundOrder,
  type RefundState,
} from '../../src/platforms/payment-platform.js';
import { PlatformError } from '../../src/platforms/errors.js';
import { problemOf } from './bench.js';

/** What our server says to a platform. A platform may need fewer: where the client places the order, nobody submits it. */
export type PlatformCall = 'submit' | 'query' | 'close' | 'refund' | 'queryRefund';
export type PaymentFault =
  | 'timeout_before'
  | 'timeout_after'
  | 'busy'
  | 'status_500'
  | 'garbage'
  | 'forge'
  | 'wrong_signature'
  | 'wrong_amount'
  | 'duplicate';

/** One developer on one platform, as the contract needs it. Everything behind it is real. */
export interface PaymentBench {
  readonly payments: PlatformPayments;
  /** The same, with an HTTP client that gives up soon. */
  readonly impatient: PlatformPayments;
  readonly accounts: PayAccounts;
  /** The openid of the person who pays. */
  readonly payer: string;
  readonly notifyUrl: string;
  /** Headers without which a callback proves nothing; empty where all of it is in the body. */
  readonly signatureHeaders: readonly string[];
  businessNow(): Date;
  /** Business time moves on; what is due at the platform then happens. */
  pass(seconds: number): Promise<void>;
  /** The person does that on the payment page; true when the client reports a payment. */
  cashier(action: ClientAction, outcome: 'pay' | 'cancel'): Promise<boolean>;
  fault(kind: PaymentFault, at: PlatformCall | 'callback', times?: number): Promise<void>;
  noFaults(): Promise<void>;
  /** How callbacks are answered from now on. */
  answering: 'accepted' | 'retry';
  /** The callbacks that have come. */
  readonly received: readonly RawCallback[];
  /** The callback number `count` (from 1), come or to come. */
  callback(count: number): Promise<RawCallback>;
  /** Another developer with a mini-program, a merchant and keys of its own. */
  another(): Promise<PaymentBench>;
  close(): Promise<void>;
}

const DAY = 86_400;
/** More often than any call is repeated at once. */
const ALWAYS = 20;
const TROUBLES = ['status_500', 'garbage'] as const;

/** What every PlatformPayments does, whatever its wire looks like. `calls`: those that the platform needs. */
export function behavesLikeAPaymentPlatform(
  name: string,
  calls: readonly PlatformCall[],
  open: () => Promise<PaymentBench>,
): void {
  describe(`${name} as a payment platform`, () => {
    let bench: PaymentBench;
    let payments: PlatformPayments;
    let accounts: PayAccounts;
    beforeAll(async () => {
      bench = await open();
      ({ payments, accounts } = bench);
    });
    afterEach(async () => {
      bench.answering = 'accepted';
      await bench.noFaults();
    });
    afterAll(() => bench.close());

    const anOrder = (over: Partial<PayOrder> = {}): PayOrder => ({
      number: newNumber(),
      amount: toFen(1990),
      currency: 'CNY',
      subject: '一个月会员 & tea = 1/2',
      payer: bench.payer,
      expiresAt: new Date(bench.businessNow().getTime() + 1_800_000),
      notifyUrl: bench.notifyUrl,
      settings: payments.testSettings,
      handle: null,
      transactionId: null,
      ...over,
    });
    const aRefund = (payment: PayOrder, over: Partial<RefundOrder> = {}): RefundOrder => ({
      number: newNumber(),
      amount: payment.amount,
      reason: '不好喝',
      notifyUrl: payment.notifyUrl,
      platformRefundId: null,
      payment,
      refundedBefore: toFen(0),
      ...over,
    });

    async function submitted(over: Partial<PayOrder> = {}): Promise<PayOrder> {
      const order = anOrder(over);
      const submission = await payments.submit(accounts, order, bench.businessNow());
      if (submission.kind !== 'ready') throw new Error(JSON.stringify(submission));
      const { handle, handleExpiresAt } = submission;
      return { ...order, handle, handleExpiresAt };
    }
    const actionOf = (order: PayOrder) => payments.clientAction(accounts, order, bench.businessNow());
    /** An order that the platform has and nobody has paid. */
    async function waiting(): Promise<PayOrder> {
      const order = await submitted();
      expect(await bench.cashier(actionOf(order), 'cancel')).toBe(false);
      return order;
    }
    /** A paid order with the platform's id of it, as our row has it then. */
    async function paid(over: Partial<PayOrder> = {}): Promise<PayOrder> {
      const order = await submitted(over);
      expect(await bench.cashier(actionOf(order), 'pay')).toBe(true);
      const { transactionId } = await factsOf(order);
      return { ...order, transactionId };
    }
    const query = (order: PayOrder) => payments.query(accounts, order);
    async function factsOf(order: PayOrder): Promise<PaidFacts> {
      const state = await query(order);
      if (state.kind !== 'succeeded') throw new Error(`the order is ${state.kind}`);
      return state.paid;
    }
    const refund = (one: RefundOrder) => payments.refund(accounts, one);
    const queryRefund = (one: RefundOrder) => payments.queryRefund(accounts, one);
    const isTaken = ({ kind }: RefundState) => kind === 'pending' || kind === 'succeeded';
    /** Lets the platform carry out a refund, and gives what it says of it. */
    async function carriedOut(one: RefundOrder): Promise<RefundFacts> {
      for (let round = 0; round < 20; round++) {
        const state = await queryRefund(one);
        if (state.kind === 'succeeded') return state.facts;
        await bench.pass(600);
      }
      throw new Error('the refund does not come to an end');
    }

    const receiver = (of = accounts) => (payments.callbacksTo === 'program' ? of.program : of.merchant);
    const read = (raw: RawCallback, of = accounts) => payments.readCallback(receiver(of), raw);
    /** The first `count` callbacks about which `is` says yes, come or to come. */
    async function told(is: (callback: PlatformCallback) => boolean, count = 1) {
      const found: { raw: RawCallback; callback: PlatformCallback }[] = [];
      for (let number = 1; found.length < count; number++) {
        const raw = await bench.callback(number);
        const callback = await read(raw).catch(() => undefined);
        if (callback && is(callback)) found.push({ raw, callback });
      }
      return found;
    }
    const aboutPayment =
      ({ number }: PayOrder) =>
      ({ content }: PlatformCallback) =>
        content.kind === 'payment' && content.number === number;
    const aboutRefund =
      ({ number }: RefundOrder) =>
      ({ content }: PlatformCallback) =>
        content.kind === 'refund' && content.refundNumber === number;
    const tellsSuccess = async (order: PayOrder) => (await told(aboutPayment(order)))[0]!;
    async function refusalOf(reading: Promise<unknown>): Promise<CallbackRefusal> {
      const error: unknown = await reading.then(
        () => new Error('the callback was believed'),
        (reason: unknown) => reason,
      );
      if (error instanceof CallbackRefused) return error.refusal;
      throw error;
    }

    describe('an order', () => {
      test('is absent before anybody has placed it, pending until it is paid, then succeeded', async () => {
        expect(await query(anOrder())).toEqual({ kind: 'absent' });
        const order = await waiting();
        expect(await query(order)).toEqual({ kind: 'pending' });
        const before = Math.floor(bench.businessNow().getTime() / 1_000) * 1_000;
        expect(await bench.cashier(actionOf(order), 'pay')).toBe(true);
        const facts = await factsOf(order);
        expect(facts).toMatchObject({ amount: order.amount, currency: 'CNY' });
        expect(facts.transactionId).toMatch(/^\S+$/);
        expect(facts.paidAt.getTime()).toBeGreaterThanOrEqual(before);
        expect(facts.paidAt.getTime()).toBeLessThanOrEqual(bench.businessNow().getTime());
        // What a platform does not tell is left out; what it tells is ours.
        const { merchant, program } = accounts;
        const { merchantId = merchant.merchantId, platformAppId = program.platformAppId, payer = order.payer } = facts;
        expect([merchantId, platformAppId, payer]).toEqual([merchant.merchantId, program.platformAppId, order.payer]);
      });

      test('sent again is the same order, and can be paid once', async () => {
        const order = await submitted();
        const again = await payments.submit(accounts, order, bench.businessNow());
        expect(again.kind).toBe('ready');
        const { handle } = again as { handle: string };
        expect(await bench.cashier(actionOf({ ...order, handle }), 'pay')).toBe(true);
        expect(await bench.cashier(actionOf({ ...order, handle }), 'pay')).toBe(false);
        expect(await bench.cashier(actionOf(order), 'pay')).toBe(false);
        expect((await factsOf(order)).amount).toBe(order.amount);
      });

      test('tells the client until when it can be paid, and by which function', async () => {
        const action = actionOf(await submitted());
        expect(action).toMatchObject({ platform: accounts.program.platform, proof: 'callback' });
        expect(action.method).toMatch(/^\w+$/);
        const left = Date.parse(action.expiresAt) - bench.businessNow().getTime();
        expect(left).toBeGreaterThan(0);
        expect(left).toBeLessThanOrEqual(1_800_000);
      });

      test('is not paid with parameters of which somebody has changed one character', async () => {
        const order = await submitted();
        const action = actionOf(order);
        for (const [parameter, value] of Object.entries(action.params)) {
          if (typeof value !== 'string') continue;
          // Not the end: the last character of base64 may mean nothing.
          for (const at of [0, Math.floor(value.length / 3), Math.floor(value.length / 2)]) {
            const changed = value.slice(0, at) + (value[at] === '1' ? '2' : '1') + value.slice(at + 1);
            const params = { ...action.params, [parameter]: changed };
            expect([parameter, at, await bench.cashier({ ...action, params }, 'pay')]).toEqual([parameter, at, false]);
          }
        }
        expect((await query(order)).kind).not.toBe('succeeded');
        expect(await bench.cashier(action, 'pay')).toBe(true);
      });

      test.each(['a'.repeat(26), '7'.repeat(26), 'abcdefghijklmnopqrstuvwxyz', 'a234567bcdefghijklmnopqrst'])(
        'may have the number %s, and so may its refund',
        async (number) => {
          const order = await paid({ number });
          expect((await tellsSuccess(order)).callback.content).toMatchObject({ number });
          const one = aRefund(order, { number: `${number.slice(1)}b` });
          expect(isTaken(await refund(one))).toBe(true);
          expect(isTaken(await queryRefund(one))).toBe(true);
        },
      );

      test('that nobody pays is closed, now or when its time is over, and cannot be paid any more', async () => {
        const order = await waiting();
        const action = actionOf(order);
        const closing = await payments.close(accounts, order);
        expect(['closed', 'waits']).toContain(closing.kind);
        if (closing.kind === 'waits') {
          expect(closing.until.getTime()).toBeGreaterThanOrEqual(order.expiresAt.getTime());
          await bench.pass((closing.until.getTime() - bench.businessNow().getTime()) / 1_000 + 1);
        }
        expect(await query(order)).toEqual({ kind: 'closed' });
        expect(await bench.cashier(action, 'pay')).toBe(false);
        expect(await query(order)).toEqual({ kind: 'closed' });
      });

      test('whose time ran out is paid by nobody, and closed by then or by our doing', async () => {
        const order = await waiting();
        await bench.pass(3 * 3_600);
        expect(await bench.cashier(actionOf(order), 'pay')).toBe(false);
        // Not every platform closes what it no longer lets anybody pay.
        if ((await query(order)).kind === 'pending')
          expect((await payments.close(accounts, order)).kind).toBe('closed');
        expect(await query(order)).toEqual({ kind: 'closed' });
      });

      test('that is paid cannot be closed', async () => {
        const order = await paid();
        expect(['paid', 'waits']).toContain((await payments.close(accounts, order)).kind);
        expect(await factsOf(order)).toMatchObject({ transactionId: order.transactionId });
      });

      test('that is absent stays so for ever from a time that lies after its submission', () => {
        const order = anOrder();
        expect(payments.absentIsFinalAt(order, bench.businessNow()).getTime()).toBeGreaterThan(Date.now());
      });
    });

    describe('a refund', () => {
      test('gives back a part, then the rest, and never more; the payment stays paid', async () => {
        const order = await paid();
        const part = aRefund(order, { amount: toFen(500) });
        expect(await queryRefund(part)).toEqual({ kind: 'absent' });
        expect(isTaken(await refund(part))).toBe(true);
        const facts = await carriedOut(part);
        expect(facts.amount ?? part.amount).toBe(part.amount);

        await bench.pass(payments.refundSpacing);
        const tooMuch = aRefund(order, { amount: toFen(1491), refundedBefore: toFen(500) });
        expect(await refund(tooMuch)).toMatchObject({ kind: 'failed', detail: expect.any(String) as string });
        expect(await queryRefund(tooMuch)).toEqual({ kind: 'absent' });
        const rest = aRefund(order, { amount: toFen(1490), refundedBefore: toFen(500) });
        expect(isTaken(await refund(rest))).toBe(true);
        await carriedOut(rest);

        await bench.pass(payments.refundSpacing);
        const one = aRefund(order, { amount: toFen(1), refundedBefore: order.amount });
        expect(await refund(one)).toMatchObject({ kind: 'failed' });
        expect(await factsOf(order)).toMatchObject({ transactionId: order.transactionId, amount: order.amount });
      });

      test('sent twice under its number is one refund', async () => {
        const order = await paid();
        const half = aRefund(order, { amount: toFen(995) });
        expect(isTaken(await refund(half))).toBe(true);
        expect(isTaken(await refund(half))).toBe(true);
        await carriedOut(half);
        expect(isTaken(await refund(half))).toBe(true);
        // If it had been two, nothing would be left.
        await bench.pass(payments.refundSpacing);
        const other = aRefund(order, { amount: toFen(995), refundedBefore: toFen(995) });
        expect(isTaken(await refund(other))).toBe(true);
        await carriedOut(other);
      });

      test('of more than was paid, or of what nobody paid, has failed', async () => {
        const order = await paid();
        expect(await refund(aRefund(order, { amount: toFen(1991) }))).toMatchObject({ kind: 'failed' });
        expect(await refund(aRefund(await waiting()))).toMatchObject({ kind: 'failed' });
        // It has cost the order nothing.
        expect(isTaken(await refund(aRefund(order)))).toBe(true);
      });

      test('that was never sent is absent, also of a payment with another refund', async () => {
        const order = await paid();
        expect(isTaken(await refund(aRefund(order, { amount: toFen(1) })))).toBe(true);
        expect(await queryRefund(aRefund(order))).toEqual({ kind: 'absent' });
      });
    });

    describe('a callback', () => {
      test('of a payment tells what the answer to a question tells', async () => {
        const order = await paid();
        const { content } = (await tellsSuccess(order)).callback;
        if (content.kind !== 'payment' || content.state.kind !== 'succeeded') throw new Error(content.kind);
        const asked = await factsOf(order);
        const { transactionId, paidAt, amount, currency, ...more } = content.state.paid;
        expect({ transactionId, paidAt, amount, currency }).toEqual({
          transactionId: asked.transactionId,
          paidAt: asked.paidAt,
          amount: order.amount,
          currency: 'CNY',
        });
        const { program, merchant } = accounts;
        const ours = {
          merchantId: merchant.merchantId,
          platformAppId: program.platformAppId,
          payer: order.payer,
        };
        expect({ ...ours, ...more }).toEqual(ours);
      });

      test('of a refund tells nothing that the answer to a question denies', async () => {
        const order = await paid();
        const one = aRefund(order, { amount: toFen(500) });
        await refund(one);
        const asked = await carriedOut(one);
        const [{ callback } = {}] = await told(aboutRefund(one));
        const { content } = callback!;
        if (content.kind !== 'refund') throw new Error(content.kind);
        expect(content.transactionId ?? order.transactionId).toBe(order.transactionId);
        expect(content.paymentNumber ?? order.number).toBe(order.number);
        expect(['pending', 'succeeded']).toContain(content.state.kind);
        const facts = 'facts' in content.state ? content.state.facts : {};
        expect({ amount: one.amount, ...asked, ...facts }).toEqual({ amount: one.amount, ...asked });
      });

      test('is refused with one flipped bit anywhere, or is no other callback', async () => {
        const { raw, callback } = await tellsSuccess(await paid());
        const believed: string[] = [];
        const attempt = async (where: string, changed: RawCallback) => {
          const outcome = await read(changed).catch((error: unknown) => error);
          if (outcome instanceof CallbackRefused) return;
          // Signatures are base64, whose last character has bits without meaning: the same signature spelt otherwise.
          expect([where, outcome]).toEqual([where, callback]);
          believed.push(where);
        };
        for (let i = 0; i < raw.body.length; i++) {
          const body = Buffer.from(raw.body);
          body[i] = body[i]! ^ 1;
          await attempt(`body ${i}`, { ...raw, body });
        }
        for (const header of bench.signatureHeaders) {
          const value = raw.headers[header]!;
          for (let i = 0; i < value.length; i++) {
            const flipped = String.fromCharCode(value.charCodeAt(i) ^ 1);
            const headers = { ...raw.headers, [header]: value.slice(0, i) + flipped + value.slice(i + 1) };
            await attempt(`${header} ${i}`, { ...raw, headers });
          }
        }
        expect(believed.length).toBeLessThanOrEqual(6);
        expect(await read(raw)).toEqual(callback);
      });

      test('that is cut, doubled, empty or no callback at all is refused', async () => {
        const { raw } = await tellsSuccess(await paid());
        const bodies = [
          raw.body.subarray(0, -1),
          Buffer.concat([raw.body, raw.body]),
          Buffer.concat([raw.body, Buffer.from(' ')]),
          Buffer.alloc(0),
          Buffer.from('{}'),
          Buffer.from('\xff\xfe&=', 'latin1'),
        ];
        for (const body of bodies) await refusalOf(read({ ...raw, body }));
        await refusalOf(read({ ...raw, headers: {}, body: Buffer.from('{"id":1}') }));
      });

      test('without one of the headers that sign it says that this header is missing', async () => {
        const { raw } = await tellsSuccess(await paid());
        for (const header of bench.signatureHeaders) {
          for (const value of [undefined, '']) {
            const headers = { ...raw.headers, [header]: value };
            expect(await refusalOf(read({ ...raw, headers }))).toBe('headers_missing');
          }
        }
        const others = Object.entries(raw.headers).filter(([header]) => !bench.signatureHeaders.includes(header));
        const bare = read({ ...raw, headers: Object.fromEntries(others) });
        if (bench.signatureHeaders.length > 0) expect(await refusalOf(bare)).toBe('headers_missing');
        else expect((await bare).content.kind).toBe('payment');
      });

      test('for another developer is not believed, nor is theirs by us', async () => {
        const other = await bench.another();
        const { raw } = await tellsSuccess(await paid());
        await refusalOf(read(raw, other.accounts));
        const theirs = anOrder({ notifyUrl: other.notifyUrl, payer: other.payer });
        const submission = await payments.submit(other.accounts, theirs, other.businessNow());
        if (submission.kind !== 'ready') throw new Error(submission.kind);
        const order = { ...theirs, handle: submission.handle };
        await other.cashier(payments.clientAction(other.accounts, order, other.businessNow()), 'pay');
        const foreign = await other.callback(1);
        expect((await read(foreign, other.accounts)).content).toMatchObject({ kind: 'payment', number: order.number });
        await refusalOf(read(foreign));
        await other.close();
      });

      test('that comes twice has one key, and no other callback has it', async () => {
        await bench.fault('duplicate', 'callback');
        const order = await paid();
        const twice = await told(aboutPayment(order), 2);
        const one = aRefund(order);
        await refund(one);
        await carriedOut(one);
        const [refunded] = await told(aboutRefund(one));
        const other = await tellsSuccess(await paid());
        const keys = [...twice, refunded!, other].map(({ callback }) => callback.deduplicationKey);
        expect(keys[1]).toBe(keys[0]);
        expect(new Set(keys).size).toBe(3);
        expect(keys.every((key) => key.length >= 16 && key.length <= 128)).toBe(true);
      });

      test('comes again after “retry”, under the same key, and no more once it is acknowledged', async () => {
        bench.answering = 'retry';
        const order = await paid();
        await tellsSuccess(order);
        bench.answering = 'accepted';
        await bench.pass(600);
        const [first, second] = await told(aboutPayment(order), 2);
        expect(second!.callback).toEqual(first!.callback);
        await bench.pass(2 * DAY);
        const all = await Promise.all(bench.received.map((raw) => read(raw).catch(() => undefined)));
        expect(all.filter((callback) => callback && aboutPayment(order)(callback))).toHaveLength(2);
      });

      test.each(['forge', 'wrong_signature'] as const)(
        'with the fault %s is refused, and the genuine one follows',
        async (kind) => {
          const count = bench.received.length;
          await bench.fault(kind, 'callback');
          const order = await paid();
          expect(await refusalOf(read(await bench.callback(count + 1)))).toBe('signature_invalid');
          await bench.pass(600);
          expect((await tellsSuccess(order)).callback.content).toMatchObject({ state: { kind: 'succeeded' } });
        },
      );

      test('of another amount tells that amount, to be compared', async () => {
        await bench.fault('wrong_amount', 'callback');
        const order = await paid();
        const { content } = (await tellsSuccess(order)).callback;
        expect(content).toMatchObject({ state: { kind: 'succeeded', paid: { amount: order.amount + 1 } } });
      });

      test('that is refused, or not stored, is answered so that a proxy can tell', () => {
        expect(payments.acknowledge({ kind: 'refused' }).status).toBe(401);
        expect(payments.acknowledge({ kind: 'retry' }).status).toBe(500);
      });
    });

    describe('when the platform is in trouble,', () => {
      const sent = calls.filter((call) => call === 'submit');
      if (sent.length > 0) {
        test('an order whose answer is lost is in doubt, and a question tells that it is there', async () => {
          await bench.fault('timeout_after', 'submit');
          const order = anOrder();
          const lost = bench.impatient.submit(accounts, order, bench.businessNow());
          expect((await problemOf(lost)).problem).toBe('platform_unknown');
          expect(await query(order)).toEqual({ kind: 'pending' });
          expect((await payments.submit(accounts, order, bench.businessNow())).kind).toBe('ready');
        });

        test('an order that never arrived is in doubt, and a question tells that it is not there', async () => {
          await bench.fault('timeout_before', 'submit');
          const order = anOrder();
          const lost = bench.impatient.submit(accounts, order, bench.businessNow());
          expect((await problemOf(lost)).problem).toBe('platform_unknown');
          expect(await query(order)).toEqual({ kind: 'absent' });
        });

        test.each(['busy', ...TROUBLES] as const)('%s never makes an order ready or refused', async (kind) => {
          await bench.fault(kind, 'submit', ALWAYS);
          const order = anOrder();
          const { problem } = await problemOf(payments.submit(accounts, order, bench.businessNow()));
          expect(['platform_unknown', 'platform_busy', 'platform_rate_limited']).toContain(problem);
          await bench.noFaults();
          expect(await query(order)).toEqual({ kind: 'absent' });
          expect((await payments.submit(accounts, order, bench.businessNow())).kind).toBe('ready');
        });
      } else {
        test('an order is ready all the same: the client places it', async () => {
          expect((await payments.submit(accounts, anOrder(), bench.businessNow())).kind).toBe('ready');
        });
      }

      if (calls.includes('close')) {
        test.each(['timeout_after', ...TROUBLES] as const)('%s never closes an order for sure', async (kind) => {
          await bench.fault(kind, 'close', ALWAYS);
          const order = await waiting();
          expect((await problemOf(bench.impatient.close(accounts, order))).problem).toBe('platform_unknown');
          await bench.noFaults();
          expect((await query(order)).kind).toBe(kind === 'timeout_after' ? 'closed' : 'pending');
        });
      }

      test.each(['busy', 'timeout_before', 'timeout_after', ...TROUBLES] as const)(
        '%s never answers a question',
        async (kind) => {
          const order = await paid();
          const one = aRefund(order);
          await bench.fault(kind, 'query', ALWAYS);
          await bench.fault(kind, 'queryRefund', ALWAYS);
          const questions = [bench.impatient.query(accounts, order), bench.impatient.queryRefund(accounts, one)];
          for (const problem of await Promise.all(questions.map(problemOf)))
            expect(problem).toBeInstanceOf(PlatformError);
          await bench.noFaults();
          expect([(await query(order)).kind, (await queryRefund(one)).kind]).toEqual(['succeeded', 'absent']);
        },
      );

      test('a refund whose answer is lost is in doubt; a question tells the truth, and a repeat gives once', async () => {
        const order = await paid();
        const all = aRefund(order);
        await bench.fault('timeout_after', 'refund');
        expect((await problemOf(bench.impatient.refund(accounts, all))).problem).toBe('platform_unknown');
        expect(isTaken(await queryRefund(all))).toBe(true);
        expect(isTaken(await refund(all))).toBe(true);
        expect((await carriedOut(all)).amount ?? all.amount).toBe(all.amount);
      });

      test('a refund that never arrived is in doubt; it is absent, and a repeat makes it', async () => {
        const all = aRefund(await paid());
        await bench.fault('timeout_before', 'refund');
        expect((await problemOf(bench.impatient.refund(accounts, all))).problem).toBe('platform_unknown');
        expect(await queryRefund(all)).toEqual({ kind: 'absent' });
        expect(isTaken(await refund(all))).toBe(true);
      });

      test.each(['busy', ...TROUBLES] as const)('%s neither makes a refund nor ends it', async (kind) => {
        const all = aRefund(await paid());
        await bench.fault(kind, 'refund', ALWAYS);
        const outcome = await refund(all).then(
          (state) => state.kind,
          (error: unknown) => (error instanceof PlatformError ? error.problem : error),
        );
        expect(['later', 'platform_unknown', 'platform_busy', 'platform_rate_limited']).toContain(outcome);
        await bench.noFaults();
        expect(await queryRefund(all)).toEqual({ kind: 'absent' });
        expect(isTaken(await refund(all))).toBe(true);
      });
    });

    test('its settings are strict, may all be left out, and the stock of the sandbox fills what is required', () => {
      const { settings, testSettings, requiredSettings } = payments;
      expect(settings.safeParse({}).success).toBe(true);
      expect(settings.safeParse(testSettings).success).toBe(true);
      expect(settings.safeParse({ ...testSettings, nobodyKnowsThis: 1 }).success).toBe(false);
      expect(Object.keys(testSettings)).toEqual(expect.arrayContaining([...requiredSettings]));
    });

    test('it asks again at growing distances, and finds nothing wrong with good accounts', async () => {
      for (const seconds of [payments.askAfter.payment, payments.askAfter.refund]) {
        expect(seconds.length).toBeGreaterThan(2);
        expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
      }
      const { checks } = await payments.verifyMerchant(accounts.merchant, [accounts.program]);
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(payments.merchant.merchantId.safeParse(accounts.merchant.merchantId).success).toBe(true);
      expect(payments.merchant.credentials.safeParse(accounts.merchant.credentials).success).toBe(true);
    });
  });
}
