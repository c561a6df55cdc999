import { until } from '../../queues/support/until.js';
import { type Answer, must, sandbox } from '../../support/client.js';
import { eventsOf } from '../../support/events.js';
import type { Club, Subscription } from './club.js';

export interface Mandate {
  readonly id: string;
  readonly subscriptionId: string;
  readonly number: string;
  readonly contractId: string | null;
  readonly status: string;
  readonly endedBy: string | null;
  readonly mostAmount: number;
}

export interface Debit {
  /** Of the attempt. */
  readonly number: string;
  readonly amount: number;
  readonly at: string;
  readonly outcome: 'paid' | 'failed' | 'refused' | 'pending';
  readonly code?: string;
}

/** What the platform itself says of a contract. */
export interface Contract {
  readonly state: string;
  readonly endedBy?: string;
  readonly debits: readonly Debit[];
}

/** A club's contracts, with what happens to them outside the mini-program. */
export class PlatformContracts {
  constructor(private readonly club: Club) {}

  /** The person subscribes, and does all that the page asks for: the first period, or the trial, has begun. */
  async begun(priceId: string, over: object = {}): Promise<Subscription> {
    const { subscription, clientAction } = await this.club.start(priceId, { renewal: 'automatic', ...over });
    await this.club.shop.cashier(clientAction);
    await until('the contract is signed', async () => (await this.of(subscription.id))?.status === 'active');
    return this.club.until(subscription.id, subscription.trialEnd === null ? 'active' : 'trialing');
  }

  /** Of the club's app, the newest first. */
  async all(): Promise<readonly Mandate[]> {
    return (await this.club.shop.server<{ data: Mandate[] }>('GET', '/v1/mandates?limit=100')).body.data;
  }

  /** The newest of a subscription. */
  async of(subscriptionId: string): Promise<Mandate | undefined> {
    return (await this.all()).find((mandate) => mandate.subscriptionId === subscriptionId);
  }

  async read(subscriptionId: string): Promise<Contract> {
    const { number } = (await this.of(subscriptionId))!;
    return this.#contract({ number });
  }

  /** Somebody ends the newest contract at the platform itself. */
  async end(subscriptionId: string, by: 'user' | 'platform' = 'user'): Promise<void> {
    const { number } = (await this.of(subscriptionId))!;
    await this.#contract({ number, does: 'terminate', by });
  }

  async untilOver(subscriptionId: string, status = 'terminated'): Promise<void> {
    await until(`the contract is ${status}`, async () => (await this.of(subscriptionId))?.status === status);
  }

  /** Debits that the platform did not even try, under whatever contract. */
  async refused(): Promise<readonly Debit[]> {
    const signed = (await this.all()).filter(({ contractId }) => contractId !== null);
    const contracts = await Promise.all(signed.map(({ number }) => this.#contract({ number })));
    return contracts.flatMap(({ debits }) => debits.filter(({ outcome }) => outcome === 'refused'));
  }

  /** `empty`: the next `times` debits find too little, or all. */
  wallet(balance: 'full' | 'empty', times?: number): Promise<unknown> {
    const { platform, shop } = this.club;
    const { platformAppId } = shop.app.programs[platform];
    return sandbox(shop.minibase, 'wallet', { platform, platformAppId, user: shop.person, balance, times });
  }

  /** What was said of debits that brought nothing, with the platform's code. */
  async failures(): Promise<readonly Record<string, unknown>[]> {
    const { minibase, app } = this.club.shop;
    const events = await eventsOf(minibase, app.secretKey);
    return events.filter(({ type }) => type === 'invoice.payment_failed').map(({ data }) => data);
  }

  /** Moves the business time with all that becomes due on the way, in order, as developers do. */
  async advance(to: { readonly days: number }): Promise<void> {
    const { minibase, app } = this.club.shop;
    const ask = { token: app.secretKey, body: to };
    const clock = await must<{ status: string; reason?: string }>(minibase.url, 'POST', '/v1/test-clock/advance', ask);
    if (clock.status !== 'ready' || clock.reason !== undefined) throw new Error(JSON.stringify(clock));
  }

  /** Jumps ahead to a business time; what is due by then is still to be done. */
  async goTo(to: Date): Promise<void> {
    const { shop } = this.club;
    const { body } = await shop.server<{ now: string }>('GET', '/v1/test-clock');
    await shop.advance(Math.round((to.getTime() - Date.parse(body.now)) / 1_000));
  }

  settings(body: object): Promise<Answer<object>> {
    return this.club.shop.server('PATCH', '/v1/billing-settings', { body });
  }

  #contract(body: object): Promise<Contract> {
    const { platform, shop } = this.club;
    return sandbox(shop.minibase, 'contract', { platform, ...body });
  }
}
