import { examine } from '../../../src/cli/doctor.js';
import type { PlatformCode } from '../../../src/platforms/platform.js';
import { BillingLane } from '../../../src/subscriptions/billing-lane.js';
import { type ClientAction, type Payment, Shop } from '../../payments/support/shop.js';
import { until } from '../../queues/support/until.js';
import { type Ask, must } from '../../support/client.js';
import { eventsOf } from '../../support/events.js';
import type { Minibase } from '../../support/minibase.js';

export interface Subscription {
  readonly id: string;
  readonly status: string;
  readonly renewal: string;
  readonly priceId: string;
  readonly quantity: number;
  readonly currentPeriodStart: string;
  readonly currentPeriodEnd: string;
  readonly trialEnd: string | null;
  readonly cancelAt: string | null;
  readonly cancelReason: string | null;
  readonly endedAt: string | null;
  readonly credit: number;
  readonly mandateId: string | null;
  readonly pendingChange: { readonly priceId: string; readonly at: string; readonly waitsFor: string } | null;
}

export interface Started {
  readonly subscription: Subscription;
  readonly clientAction?: ClientAction;
  readonly code?: string;
}

export interface Invoice {
  readonly id: string;
  readonly number: number;
  readonly kind: string;
  readonly status: string;
  readonly amount: number;
  readonly creditUsed: number;
  readonly lines: readonly { readonly kind: string; readonly amount: number }[];
  readonly periodStart: string;
  readonly periodEnd: string;
  readonly failures: number;
  readonly failureCode: string | null;
  readonly paymentId: string | null;
}

const DAY_S = 86_400;
const STEPS = 4;

/** A shop that sells by the period: prices of one product, a person, and a clock to move. */
export class Club {
  private constructor(
    readonly shop: Shop,
    readonly productId: string,
    /** On which people subscribe unless told otherwise. */
    readonly platform: PlatformCode,
  ) {}

  static async open(minibase: Minibase, platforms: readonly PlatformCode[] = ['wechat']): Promise<Club> {
    const shop = await Shop.open(minibase, platforms);
    const product = await must<{ id: string }>(minibase.url, 'POST', '/v1/products', {
      token: shop.app.secretKey,
      body: { name: 'Pro', features: { pro: true, seats: 5 } },
    });
    return new Club(shop, product.id, platforms[0]!);
  }

  /** A public monthly price of 19.90 yuan, unless told otherwise. */
  async price(
    over: { amount?: number; recurring?: object; productId?: string; platforms?: object } = {},
  ): Promise<string> {
    const { recurring, ...rest } = over;
    const body = {
      ...{ productId: this.productId, amount: 1990, audience: 'public', maxQuantity: 10 },
      recurring: { interval: 'month', ...recurring },
      ...rest,
    };
    return (await this.#must<{ id: string }>('POST', '/v1/prices', { body })).id;
  }

  /** The person subscribes by hand, unless told otherwise, and has done nothing more. */
  async start(priceId: string, over: object = {}): Promise<Started> {
    const body = { priceId, platform: this.platform, renewal: 'manual', ...over };
    const { status, body: started } = await this.shop.mine<Started>('POST', '/v1/me/subscriptions', { body });
    if (status !== 201) throw new Error(`no subscription: ${JSON.stringify(started)}`);
    return started;
  }

  /** The person subscribes and pays. */
  async subscribed(priceId: string, over: object = {}): Promise<Subscription> {
    const { subscription, clientAction } = await this.start(priceId, over);
    await this.shop.cashier(clientAction);
    return this.until(subscription.id, 'active');
  }

  async read(id: string): Promise<Subscription> {
    return (await this.shop.server<Subscription>('GET', `/v1/subscriptions/${id}`)).body;
  }

  act(id: string, verb: 'cancel' | 'resume' | 'pause' | 'change', body?: object, over: Ask = {}) {
    return this.shop.mine<Started>('POST', `/v1/me/subscriptions/${id}/${verb}`, { ...(body && { body }), ...over });
  }

  /** Newest first. */
  async invoices(subscriptionId: string): Promise<readonly Invoice[]> {
    const path = `/v1/invoices?subscriptionId=${subscriptionId}&limit=100`;
    return (await this.#must<{ data: Invoice[] }>('GET', path)).data;
  }

  /** The person pays the newest open invoice by hand. */
  async pay(subscriptionId: string, platform: PlatformCode = this.platform): Promise<void> {
    const open = (await this.invoices(subscriptionId)).find(({ status }) => status === 'open');
    if (!open) throw new Error('nothing is to be paid');
    const { status, body } = await this.shop.mine<{ payment: Payment; clientAction?: ClientAction }>(
      'POST',
      `/v1/me/invoices/${open.id}/pay`,
      { body: { platform } },
    );
    if (status !== 201) throw new Error(`not payable: ${JSON.stringify(body)}`);
    await this.shop.cashier(body.clientAction);
    await until(`invoice ${open.id} is paid`, async () => {
      const { body: now } = await this.shop.server<Invoice>('GET', `/v1/invoices/${open.id}`);
      return now.status === 'paid';
    });
  }

  async until(id: string, status: string, ms?: number): Promise<Subscription> {
    let current = await this.read(id);
    const holds = async () => {
      this.wake();
      current = await this.read(id);
      return current.status === status;
    };
    await until(`subscription ${id} is ${status}`, holds, ms);
    return current;
  }

  /** Lets days pass, one after the other, each with what is due on it. */
  async days(count: number): Promise<void> {
    // So that what is due one after the other within a day is also done so.
    for (let step = 0; step < count * STEPS; step += 1) {
      await this.shop.advance(DAY_S / STEPS);
      await this.settled();
    }
  }

  /** Everything that is due has been done. */
  async settled(): Promise<void> {
    const { database, clock } = this.shop.minibase;
    await until('nothing is due', async () => {
      this.wake();
      const [row] = await database.dataSource.query<{ due: string }[]>(
        `select count(*) as due from apps p,
           lateral (select next_at from subscriptions where app_id = p.id union all
             select next_at from invoices where app_id = p.id union all
             select '-infinity' from payment_attempts a where a.app_id = p.id and a.mandate ->> 'kind' = 'debit'
               and a.status in ('created', 'pending', 'unknown') and a.created_at > $2::timestamptz - interval '1 second') d
         where p.id = $1 and d.next_at <= $2::timestamptz + p.clock_offset * interval '1 millisecond' + interval '31 seconds'`,
        [this.shop.app.appId, clock.now()],
      );
      return row?.due === '0';
    });
  }

  wake(): void {
    const { minibase, app } = this.shop;
    minibase.app.get(BillingLane, { strict: false }).nudge(app.appId);
  }

  /** The types of events of a subscription so far. */
  async told(id: string): Promise<string[]> {
    const events = await eventsOf(this.shop.minibase, this.shop.app.secretKey);
    return events.filter(({ stream }) => stream.id === id).map(({ type }) => type);
  }

  /** What the person may use now. */
  async features(): Promise<Record<string, unknown>> {
    const { body } = await this.shop.mine<{ data: { feature: string; value: unknown }[] }>(
      'GET',
      '/v1/me/entitlements',
    );
    return Object.fromEntries(body.data.map(({ feature, value }) => [feature, value]));
  }

  /** Promises that are broken; none, it is hoped. */
  violations() {
    return examine(this.shop.minibase.database.dataSource, this.shop.app.appId);
  }

  #must<T>(method: string, path: string, over: Ask = {}): Promise<T> {
    return must<T>(this.shop.minibase.url, method, path, { token: this.shop.app.secretKey, ...over });
  }
}
