import { Injectable } from '@nestjs/common';
import { InvoicePayments } from '../payments/invoice-payments.js';
import type { ClientAction } from '../platforms/payment-platform.js';
import type { AppRecord } from '../tenancy/caller.js';
import { InvoiceBook } from './invoice-book.js';
import { Mandates } from './mandates.service.js';
import type { SubscriptionRow } from './rows.js';

/** What a user has to do for a subscription, if anything: pay, sign, or both on one page. Built anew at each read. */
@Injectable()
export class ClientActions {
  constructor(
    private readonly payments: InvoicePayments,
    private readonly invoices: InvoiceBook,
    private readonly mandates: Mandates,
  ) {}

  async of(app: AppRecord, row: SubscriptionRow): Promise<ClientAction | undefined> {
    const change = row.pendingChange;
    if (change?.invoiceId) return this.#pay(app, await this.invoices.find(app.id, change.invoiceId));
    if (change?.mandateId) return this.#sign(app, change.mandateId);
    if (row.status !== 'incomplete') return undefined;
    const [invoice] = await this.invoices.open(row);
    if (invoice && invoice.paymentId !== null) return this.#pay(app, invoice);
    return row.mandateId === null ? undefined : this.#sign(app, row.mandateId);
  }

  async #pay(app: AppRecord, { paymentId }: { paymentId: string | null }): Promise<ClientAction | undefined> {
    if (paymentId === null) return undefined;
    const { payment } = await this.payments.find(app.id, paymentId);
    return this.payments.clientAction(app, payment);
  }

  async #sign(app: AppRecord, mandateId: string): Promise<ClientAction | undefined> {
    const mandate = await this.mandates.find(app.id, mandateId);
    return mandate && this.mandates.signAction(app, mandate);
  }
}
