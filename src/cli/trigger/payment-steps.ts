import type { PlatformCode } from '../../platforms/platform.js';
import type { PaymentView } from '../../payments/payments.schemas.js';
import type { RefundView } from '../../payments/refunds.schemas.js';
import type { Expected } from './scene.js';
import type { PayingProgram, Person, Program, Stage } from './stage.js';

/** A payment that a person is asked for, in one mini-program. */
export interface Order {
  readonly program: PayingProgram;
  readonly person: Person;
  readonly payment: PaymentView;
}

/** The developer's server asks a person for money; with `at`, for a mini-program in which it is to be paid. */
export async function askForMoney(stage: Stage, person: Person, at?: Program): Promise<PaymentView> {
  const payment = await stage.ask<PaymentView>('/v1/payments', {
    body: {
      userId: person.user.id,
      subject: 'Coffee',
      ...stage.money,
      ...(at && { platform: at.platform, platformAppId: at.platformAppId }),
    },
  });
  const yuan = (payment.amount / 100).toFixed(2);
  stage.say(`Your server asks for ${yuan} yuan${at ? ` on ${at.platform}` : ''}: ${payment.id}`);
  return payment;
}

/** A payment with an attempt on the first of the platforms that the app has. */
export async function placeOrder(stage: Stage, platforms: readonly PlatformCode[]): Promise<Order> {
  const [program] = await stage.paying(platforms);
  const person = await stage.person(program);
  return { program, person, payment: await askForMoney(stage, person, program) };
}

/** The person confirms on the payment page. */
export async function confirm(stage: Stage, { name }: Person, clientAction: PaymentView['clientAction']) {
  const said = await stage.sandbox<object>('cashier', { clientAction, user: name, outcome: 'pay' });
  stage.say(`${name} pays; the client is told ${JSON.stringify(said)}`);
}

/** The event of a payment's stream; should the platform's callback not arrive, the platform is asked. */
export const ofPayment = (stage: Stage, { id }: PaymentView): Expected => ({
  streamId: id,
  help: () => stage.ask(`/v1/payments/${id}/refresh`, { method: 'POST' }),
});

/** An order that was paid, and whose payment has succeeded. */
export async function paidOrder(stage: Stage, platforms: readonly PlatformCode[]): Promise<Order> {
  const order = await placeOrder(stage, platforms);
  await confirm(stage, order.person, order.payment.clientAction);
  await stage.until('payment.succeeded', ofPayment(stage, order.payment));
  return order;
}

/** The developer's server gives all of it back. */
export async function giveBack(stage: Stage, { payment }: Order): Promise<Expected> {
  const { id } = await stage.ask<RefundView>('/v1/refunds', { body: { paymentId: payment.id } });
  stage.say(`Your server refunds it: ${id}`);
  return ofRefund(payment, id);
}

export const ofRefund = ({ id: streamId }: PaymentView, refundId: string): Expected => ({
  streamId,
  isIt: ({ data }) => data['refundId'] === refundId,
});
