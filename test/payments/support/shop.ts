import type { PlatformCode } from '../../../src/platforms/platform.js';
import { until } from '../../queues/support/until.js';
import {
  type Answer,
  anApp,
  aLogin,
  type Ask,
  ask,
  type LoggedIn,
  must,
  sandbox,
  type TestApp,
} from '../../support/client.js';
import type { Minibase } from '../../support/minibase.js';

export interface ClientAction {
  readonly platform: PlatformCode;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly next?: unknown;
  readonly expiresAt: string;
}

export interface Attempt {
  readonly id: string;
  readonly number: string;
  readonly platform: PlatformCode;
  readonly status: string;
  readonly platformTransactionId: string | null;
}

export interface Payment {
  readonly id: string;
  readonly status: string;
  readonly amount: number;
  readonly amountRefunded: number;
  readonly reference: string | null;
  readonly attempts: readonly Attempt[];
  readonly clientAction?: ClientAction;
  readonly closingSince: string | null;
  readonly code?: string;
  readonly paymentId?: string;
}

export interface Refund {
  readonly id: string;
  readonly number: string;
  readonly status: string;
  readonly source: string;
  readonly amount: number;
  readonly decideBefore: string | null;
  readonly code?: string;
}

export const PLATFORMS: readonly PlatformCode[] = ['wechat', 'alipay', 'douyin'];

/** A test app that can take money on some platforms, and one user who has come from each of them. */
export class Shop {
  private constructor(
    readonly minibase: Minibase,
    readonly app: TestApp,
    readonly merchants: Readonly<Partial<Record<PlatformCode, { id: string; merchantId: string }>>>,
    readonly login: LoggedIn,
    /** The person with the phone. */
    readonly person: string,
  ) {}

  static async open(minibase: Minibase, platforms: readonly PlatformCode[] = ['wechat']): Promise<Shop> {
    const app = await anApp(minibase, platforms);
    const merchants: Partial<Record<PlatformCode, { id: string; merchantId: string }>> = {};
    for (const platform of platforms) {
      merchants[platform] = await must(minibase.url, 'POST', '/v1/merchant-accounts', {
        token: app.secretKey,
        body: { platform },
      });
    }
    const person = 'ming';
    const [first, ...others] = platforms;
    const login = await aLogin(minibase, app, person, first);
    for (const platform of others) {
      const { code } = await sandbox<{ code: string }>(minibase, 'login', {
        platform,
        platformAppId: app.programs[platform].platformAppId,
        user: person,
      });
      await must(minibase.url, 'POST', '/v1/me/identities', { token: login.accessToken, body: { platform, code } });
    }
    return new Shop(minibase, app, merchants, login, person);
  }

  /** A request of the developer's server. */
  server<T = Payment>(method: string, path: string, over: Ask = {}): Promise<Answer<T>> {
    return ask<T>(this.minibase.url, method, path, { token: this.app.secretKey, ...over });
  }

  /** A request of the user's mini-program. */
  mine<T = Payment>(method: string, path: string, over: Ask = {}): Promise<Answer<T>> {
    return ask<T>(this.minibase.url, method, path, { token: this.login.accessToken, ...over });
  }

  /** A payment for the shop's user; unless told otherwise of 9.90 yuan, with an attempt on WeChat. */
  async payment(over: Record<string, unknown> = {}): Promise<Payment> {
    const body = { userId: this.login.user.id, amount: 990, subject: 'Coffee', platform: 'wechat', ...over };
    const { status, body: payment } = await this.server('POST', '/v1/payments', { body });
    if (status >= 400) throw new Error(`a payment was refused: ${JSON.stringify(payment)}`);
    return payment;
  }

  async read(id: string): Promise<Payment> {
    return (await this.server('GET', `/v1/payments/${id}`)).body;
  }

  /** What the person does on the payment page; gives what the client call returns. */
  cashier(clientAction: ClientAction | undefined, outcome: 'pay' | 'cancel' | 'fail' = 'pay', user = this.person) {
    if (!clientAction) throw new Error('there is nothing to pay with');
    return sandbox(this.minibase, 'cashier', { clientAction, user, outcome });
  }

  /** A payment that was paid, and whose callback has arrived. */
  async paid(over: Record<string, unknown> = {}): Promise<Payment> {
    const payment = await this.payment(over);
    await this.cashier(payment.clientAction);
    return this.until(payment.id, 'succeeded');
  }

  async until(id: string, status: string): Promise<Payment> {
    let payment = await this.read(id);
    await until(`payment ${id} is ${status}, not ${payment.status}`, async () => {
      payment = await this.read(id);
      return payment.status === status;
    });
    return payment;
  }

  refund(paymentId: string, over: Record<string, unknown> = {}, asking: Ask = {}): Promise<Answer<Refund>> {
    return this.server<Refund>('POST', '/v1/refunds', { body: { paymentId, ...over }, ...asking });
  }

  async untilRefund(id: string, status: string, ms?: number): Promise<Refund> {
    let refund!: Refund;
    const holds = async () => {
      refund = (await this.server<Refund>('GET', `/v1/refunds/${id}`)).body;
      return refund.status === status;
    };
    await until(`refund ${id} is ${status}`, holds, ms);
    return refund;
  }

  /** Lets the time pass, an hour or `step` seconds at a time, until a refund has come to `status`. */
  async advanceUntilRefund(id: string, status: string, step = 3_600): Promise<Refund> {
    for (let round = 0; round < 40; round++) {
      await this.advance(step);
      const came = await this.untilRefund(id, status, 500).catch(() => undefined);
      if (came) return came;
    }
    return this.untilRefund(id, status);
  }

  /** Waits until the platform has a refund, so that its own clock may be moved. */
  async untilSent(id: string): Promise<void> {
    await until(`refund ${id} is sent`, async () => {
      const { body } = await this.server<Refund>('GET', `/v1/refunds/${id}`);
      return body.status !== 'requested';
    });
  }

  faults(
    platform: PlatformCode,
    kind: string,
    over: Record<string, unknown> = {},
    match: Record<string, unknown> = {},
  ) {
    return sandbox(this.minibase, 'faults', { match: { platform, ...match }, kind, ...over });
  }

  /** Moves the business time of the app and of its accounts in the sandbox to `to`, or by `seconds`. */
  async advance(seconds: number): Promise<void> {
    const { database, clock } = this.minibase;
    await database.dataSource.query(`update apps set clock_offset = clock_offset + $2 where id = $1`, [
      this.app.appId,
      seconds * 1_000,
    ]);
    const [row] = await database.dataSource.query<{ clock_offset: string }[]>(
      `select clock_offset from apps where id = $1`,
      [this.app.appId],
    );
    const accounts = Object.entries(this.merchants).flatMap(([platform, merchant]) => [
      { platform, merchantId: merchant.merchantId },
      { platform, platformAppId: this.app.programs[platform as PlatformCode].platformAppId },
    ]);
    const now = new Date(clock.now().getTime() + Number(row?.clock_offset ?? 0)).toISOString();
    await sandbox(this.minibase, 'clock', { accounts, now });
    this.minibase.forgetApps();
  }
}
