import { Injectable, Logger } from '@nestjs/common';
import { DateTime } from 'luxon';
import { Prices } from '../catalog/prices.service.js';
import { DomainError } from '../common/errors.js';
import { Notifications } from '../notifications/notifications.service.js';
import { MessageTemplates } from '../notifications/template-book.js';
import type { VariableType, VariableValue } from '../notifications/variables.js';
import type { AppRecord } from '../tenancy/caller.js';
import { titleOf } from './amounts.js';
import type { BillingSettingsView } from './billing-settings.schemas.js';
import { InvoiceBook } from './invoice-book.js';
import type { InvoiceRow, SubscriptionRow } from './rows.js';

/** What a template of the developer's may hold, by the names of its variables. */
interface Facts {
  readonly product: string;
  /** Fen. */
  readonly amount: number;
  /** When the period begins that is to be paid. */
  readonly date: Date;
}

/**
 * Messages about invoices that are to be paid by hand, and about debits that did not succeed. Each goes out once, to who
 * has agreed to be written to; none is worth holding anything up for.
 */
@Injectable()
export class Reminders {
  readonly #log = new Logger(Reminders.name);

  constructor(
    private readonly invoices: InvoiceBook,
    private readonly prices: Prices,
    private readonly templates: MessageTemplates,
    private readonly notifications: Notifications,
  ) {}

  /** After a step of a subscription; may be called any number of times. Never throws. */
  async send(app: AppRecord, row: SubscriptionRow, settings: BillingSettingsView): Promise<void> {
    const { renewalTemplate, failureTemplate } = settings;
    if (renewalTemplate === null && failureTemplate === null) return;
    try {
      for (const invoice of await this.invoices.open(row)) {
        if (invoice.kind !== 'period') continue;
        const isRenewal = row.renewal === 'manual' && row.status !== 'incomplete';
        if (renewalTemplate !== null && isRenewal) await this.#send(app, row, invoice, renewalTemplate, 'renewal');
        const why = `failure-${invoice.failures}`;
        if (failureTemplate !== null && invoice.failures > 0) await this.#send(app, row, invoice, failureTemplate, why);
      }
    } catch (error) {
      if (!(error instanceof DomainError)) this.#log.error({ subscription: row.id, err: error }, 'nobody was reminded');
      else this.#log.warn({ subscription: row.id, code: error.code }, `nobody was reminded: ${error.message}`);
    }
  }

  async #send(app: AppRecord, row: SubscriptionRow, invoice: InvoiceRow, key: string, why: string): Promise<void> {
    const template = await this.templates.find(app.id, key);
    const { product } = await this.prices.offer(app.id, row.priceId);
    const name = titleOf({ name: product.name, quantity: row.quantity });
    const facts: Facts = { product: name, amount: invoice.amount, date: invoice.periodStart };
    const data = Object.fromEntries(
      template.variables.flatMap(({ name: variable, type }) => {
        const value = valueOf(facts, variable, type, template.timeZone);
        return value === undefined ? [] : [[variable, value]];
      }),
    );
    await this.notifications.create(
      { kind: 'server', app, keyId: 'billing' },
      {
        ...{ to: { userId: row.userId }, template: key, data, priority: 'normal' },
        dedupeKey: `${why}-${invoice.id}`,
      },
      { requestId: invoice.id, actor: 'billing', ip: '', userAgent: undefined, idempotency: undefined },
    );
  }
}

/** As the type of the variable wants it; undefined for one that we do not know. */
function valueOf(facts: Facts, variable: string, type: VariableType, zone: string): VariableValue | undefined {
  const value = (facts as unknown as Readonly<Record<string, string | number | Date>>)[variable];
  if (!(value instanceof Date)) return value;
  if (type === 'datetime') return value.toISOString();
  return DateTime.fromJSDate(value, { zone }).toFormat(type === 'time' ? 'HH:mm' : 'yyyy-MM-dd');
}
