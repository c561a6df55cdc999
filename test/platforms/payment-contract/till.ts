import { newNumber } from '../../../src/common/ids.js';
import { toFen } from '../../../src/common/money.js';
import {
  CallbackRefused,
  type CallbackRefusal,
  type PlatformCallback,
  type RawCallback,
} from '../../../src/platforms/callback.js';
import type {
  PaidFacts,
  PayAccounts,
  PayOrder,
  PlatformPayments,
  RefundFacts,
  RefundOrder,
  RefundState,
} from '../../../src/platforms/payment-platform.js';
import type { PaymentBench } from './needs.js';

export type Till = ReturnType<typeof aTill>;

/** Where the tests of the contract sell and give back; opened and closed with the `describe` in which it is made. */
export function aTill(open: () => Promise<PaymentBench>) {
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
  const read = async (raw: RawCallback, of = accounts): Promise<PlatformCallback> => {
    const told = await bench.callbacks.read(receiver(of), raw);
    if ('kind' in told) throw new Error('the platform only asks whether the address is ours');
    return told;
  };
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

  return {
    get bench() {
      return bench;
    },
    get payments() {
      return payments;
    },
    get accounts() {
      return accounts;
    },
    ...{
      anOrder,
      aRefund,
      submitted,
      actionOf,
      waiting,
      paid,
      query,
      factsOf,
      refund,
      queryRefund,
      isTaken,
      carriedOut,
    },
    ...{ read, told, aboutPayment, aboutRefund, tellsSuccess, refusalOf },
  };
}
