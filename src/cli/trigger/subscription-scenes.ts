import { PLATFORM_CODES, type PlatformCode } from '../../platforms/platform.js';
import type { StartedSubscription } from '../../subscriptions/subscriptions.schemas.js';
import { confirm } from './payment-steps.js';
import type { NoScene, Scene } from './scene.js';
import type { Person, Stage } from './stage.js';

type Recurring = Readonly<Record<string, unknown>>;
type Verb = 'cancel' | 'resume' | 'pause';

const MONTHLY: Recurring = { interval: 'month' };

/** Only time brings these about. */
export const IN_TIME: NoScene = { whyNot: 'move the clock of the test app on: POST /v1/test-clock/advance' };
export const BY_CONTRACT: NoScene = { whyNot: 'subscribe with renewal "automatic", and sign or end the contract' };

/** A person subscribes and pays by hand; then your server does the rest. */
const afterPaying = (does: string, ...verbs: readonly [Verb, object?][]): Scene => ({
  does,
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const { subscription } = await subscribed(stage, platforms);
    await stage.until('subscription.activated', { streamId: subscription.id });
    for (const [verb, body] of verbs) await act(stage, subscription.id, verb, body);
    return { streamId: subscription.id };
  },
});

export const subscriptionCreated: Scene = {
  does: 'a person subscribes, and has not paid yet',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const { started } = await subscribe(stage, platforms, MONTHLY);
    return { streamId: started.subscription.id };
  },
};

export const subscriptionActivated: Scene = {
  does: 'a person subscribes and pays',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const { subscription } = await subscribed(stage, platforms);
    return { streamId: subscription.id };
  },
};

export const subscriptionTrialing: Scene = {
  does: 'a person begins a trial',
  platforms: PLATFORM_CODES,
  async play(stage, platforms) {
    const { started } = await subscribe(stage, platforms, { ...MONTHLY, trialDays: 7 });
    return { streamId: started.subscription.id };
  },
};

export const subscriptionCanceled = afterPaying('your server ends a subscription now', ['cancel', { at: 'now' }]);
export const cancelScheduled = afterPaying('your server ends a subscription with its period', ['cancel', {}]);
export const cancelUndone = afterPaying('your server keeps a subscription after all', ['cancel', {}], ['resume']);
export const subscriptionPaused = afterPaying('your server pauses a subscription', ['pause']);
export const subscriptionResumed = afterPaying('your server resumes a paused subscription', ['pause'], ['resume']);

async function act(stage: Stage, id: string, verb: Verb, body?: object): Promise<void> {
  await stage.ask(`/v1/subscriptions/${id}/${verb}`, body ? { body } : { method: 'POST' });
  stage.say(`Your server asks for it: ${verb}`);
}

async function subscribed(stage: Stage, platforms: readonly PlatformCode[]): Promise<StartedSubscription> {
  const { person, started } = await subscribe(stage, platforms, MONTHLY);
  await confirm(stage, person, started.clientAction);
  return started;
}

async function subscribe(
  stage: Stage,
  platforms: readonly PlatformCode[],
  recurring: Recurring,
): Promise<{ person: Person; started: StartedSubscription }> {
  const [program] = await stage.paying(platforms);
  const person = await stage.person(program);
  const product = await stage.ask<{ id: string }>('/v1/products', { body: { name: 'Pro', features: { pro: true } } });
  const { amount } = stage.money;
  const price = await stage.ask<{ id: string }>('/v1/prices', { body: { productId: product.id, amount, recurring } });
  const { platform, platformAppId } = program;
  const body = { userId: person.user.id, priceId: price.id, platform, platformAppId, renewal: 'manual' };
  const started = await stage.ask<StartedSubscription>('/v1/subscriptions', { body });
  stage.say(`${person.name} subscribes: ${started.subscription.id}`);
  return { person, started };
}
