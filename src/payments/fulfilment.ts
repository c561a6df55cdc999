import { Injectable } from '@nestjs/common';
import { problem } from '../common/problems.js';
import { Platforms } from '../platforms/registry.js';
import type { AppRecord, RequestContext } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { PayAccountsBook } from './pay-accounts.js';
import type { PaymentView } from './payments.schemas.js';
import { Payments } from './payments.service.js';
import { orderOf } from './rows.js';

/** Tells the platform that the goods were handed over, where that decides when it pays the merchant out (Douyin). */
@Injectable()
export class Fulfilment {
  constructor(
    private readonly payments: Payments,
    private readonly platforms: Platforms,
    private readonly book: PayAccountsBook,
    private readonly idempotency: Idempotency,
  ) {}

  /** Nothing to tell on other platforms. Throws `payment_not_paid`, and PlatformError, also when it was told before. */
  async report(app: AppRecord, id: string, context: RequestContext): Promise<PaymentView> {
    const payment = await this.payments.find(app.id, id);
    const attempt = (await this.payments.attemptsOf(app.id, [id])).find(({ kept }) => kept === true);
    if (!attempt) throw problem('payment_not_paid', `Payment ${id} is ${payment.status}.`, { paymentId: id });
    const accounts = await this.book.of(app, attempt);
    const order = orderOf(attempt, payment.subject, this.book.notifyUrl(accounts));
    await this.idempotency.onceAsking(
      context.idempotency,
      async () => this.platforms.payments(attempt.platform).fulfil?.(accounts, order),
      async () => ({ id, result: undefined }),
      async () => undefined,
    );
    return this.payments.view(app, payment);
  }
}
