import { until } from '../../queues/support/until.js';
import { must, sandbox } from '../../support/client.js';
import type { Club, Subscription } from './club.js';

export interface Mandate {
  readonly id: string;
  readonly number: string;
  readonly status: string;
  readonly subscriptionId: string;
}

/** Subscribes on WeChat, paid and signed on one page. */
export async function signed(club: Club, over: Parameters<Club['price']>[0] = {}): Promise<Subscription> {
  const { subscription, clientAction } = await club.start(await club.price(over), { renewal: 'automatic' });
  await club.shop.cashier(clientAction);
  await until('the contract is signed', async () => (await club.told(subscription.id)).includes('mandate.signed'));
  return club.until(subscription.id, 'active');
}

/** Lets days pass by the test clock, with everything that is due in them. */
export async function pass(club: Club, days: number): Promise<void> {
  const { minibase, app } = club.shop;
  await must(minibase.url, 'POST', '/v1/test-clock/advance', { token: app.secretKey, body: { days } });
}

/** Newest first. */
export async function mandates(club: Club): Promise<readonly Mandate[]> {
  return (await club.shop.server<{ data: Mandate[] }>('GET', '/v1/mandates?limit=100')).body.data;
}

/** The person ends the contract in the mini-program, and the platform knows it. */
export async function terminate(club: Club, subscriptionId: string): Promise<void> {
  const mandate = (await mandates(club)).find((one) => one.subscriptionId === subscriptionId);
  if (!mandate) throw new Error('there is no contract');
  await club.shop.mine('POST', `/v1/me/mandates/${mandate.id}/terminate`);
  await until('it is over', async () => (await club.told(subscriptionId)).includes('mandate.ended'));
}

/** What the person has on WeChat: nothing for the next `times` debits, or always. */
export function wallet(club: Club, balance: 'full' | 'empty', times?: number) {
  const { minibase, app } = club.shop;
  const { platformAppId } = app.programs.wechat;
  return sandbox(minibase, 'wallet', { platform: 'wechat', platformAppId, user: 'ming', balance, times });
}

/** A further product of the club's, with one feature of its name. */
export async function aProduct(club: Club, name: string): Promise<string> {
  const { minibase, app } = club.shop;
  const body = { name, features: { [name]: true } };
  return (await must<{ id: string }>(minibase.url, 'POST', '/v1/products', { token: app.secretKey, body })).id;
}
