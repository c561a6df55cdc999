import { PLATFORM_CODES } from '../../platforms/platform.js';
import type { PaymentView, StartedAttempt } from '../../payments/payments.schemas.js';
import { askForMoney, confirm, ofPayment, placeOrder } from './payment-steps.js';
import type { Scene } from './scene.js';
import type { Program, Stage } from './stage.js';

/** Longer than the other platform's callback takes to arrive. */
const HELD_BACK_MS = 3_000;

export const paymentCreated: Scene = {
  does: 'your server asks a person for money and names no platform',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const [program] = await stage.programs(platforms);
    return ofPayment(stage, await askForMoney(stage, await stage.person(program)));
  },
};

export const paymentPending: Scene = {
  does: 'a person chooses a platform for a payment that your server has asked for',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const [program] = await stage.paying(platforms);
    const payment = await askForMoney(stage, await stage.person(program));
    await attempt(stage, payment, program);
    return ofPayment(stage, payment);
  },
};

export const paymentSucceeded: Scene = {
  does: 'a person pays',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const { person, payment } = await placeOrder(stage, platforms);
    await confirm(stage, person, payment.clientAction);
    return ofPayment(stage, payment);
  },
};

export const paymentClosed: Scene = {
  does: 'your server asks for money and cancels before anybody pays',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const [program] = await stage.programs(platforms);
    const payment = await askForMoney(stage, await stage.person(program));
    await stage.ask(`/v1/payments/${payment.id}/cancel`, { method: 'POST' });
    stage.say('Your server cancels it');
    return ofPayment(stage, payment);
  },
};

export const unexpectedSuccess: Scene = {
  does: 'a person pays for the same thing on two platforms',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const [first, second] = await stage.paying(platforms, 2);
    const person = await stage.person(first);
    await stage.ask('/v1/me/identities', {
      token: person.accessToken,
      body: await stage.loginCode(second!, person.name),
    });
    const payment = await askForMoney(stage, person, first);
    const { clientAction } = await attempt(stage, payment, second!);
    // Were the first one told of at once, the second order would be closed before anybody can pay it.
    await stage.fault(first, 'delay', { direction: 'out' }, { milliseconds: HELD_BACK_MS });
    await confirm(stage, person, payment.clientAction);
    await confirm(stage, person, clientAction);
    return ofPayment(stage, payment);
  },
};

export const callbackParked: Scene = {
  does: 'a person pays, and the platform tells of another amount',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const { program, person, payment } = await placeOrder(stage, platforms);
    const after = await stage.newest({ type: 'callback.parked' });
    await stage.fault(program, 'wrong_amount', { direction: 'out' });
    await confirm(stage, person, payment.clientAction);
    stage.say(`The payment waits until ${program.platform} is asked: POST /v1/payments/${payment.id}/refresh`);
    return { after, isIt: ({ data }) => data['objectId'] === payment.id };
  },
};

function attempt(stage: Stage, { id }: PaymentView, { platform, platformAppId }: Program): Promise<StartedAttempt> {
  stage.say(`It is to be paid on ${platform}`);
  return stage.ask(`/v1/payments/${id}/attempts`, { body: { platform, platformAppId } });
}
