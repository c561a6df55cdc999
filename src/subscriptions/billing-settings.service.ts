import { Injectable } from '@nestjs/common';
import { DateTime } from 'luxon';
import { invalid } from '../common/problems.js';
import { Database, statement, type Tx } from '../database/database.js';
import { Audit } from '../tenancy/audit.js';
import type { RequestContext, ServerCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import type { BillingSettingsView, UpdateBillingSettings } from './billing-settings.schemas.js';

const FIND = statement(`
  select time_zone as "timeZone", grace_days as "graceDays", final_action as "finalAction",
    reminder_days as "reminderDays", renewal_template as "renewalTemplate", failure_template as "failureTemplate"
  from billing_settings where app_id = $1`);
const SAVE = statement(`
  insert into billing_settings
    (app_id, time_zone, grace_days, final_action, reminder_days, renewal_template, failure_template)
  values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (app_id) do update set time_zone = excluded.time_zone, grace_days = excluded.grace_days,
    final_action = excluded.final_action, reminder_days = excluded.reminder_days,
    renewal_template = excluded.renewal_template, failure_template = excluded.failure_template, updated_at = now()`);

/** What holds until somebody says otherwise; the columns' defaults are the same. */
const DEFAULTS: BillingSettingsView = {
  timeZone: 'Asia/Shanghai',
  graceDays: 7,
  finalAction: 'cancel',
  reminderDays: 3,
  renewalTemplate: null,
  failureTemplate: null,
};

/** How an app bills. A change concerns what is billed from then on; the time zone, only new subscriptions. */
@Injectable()
export class BillingSettings {
  constructor(
    private readonly db: Database,
    private readonly idempotency: Idempotency,
    private readonly audit: Audit,
  ) {}

  async of(appId: string, tx?: Tx): Promise<BillingSettingsView> {
    const [row] = await this.db.run<BillingSettingsView>(FIND, [appId], tx);
    return row ?? DEFAULTS;
  }

  update({ app }: ServerCaller, body: UpdateBillingSettings, context: RequestContext): Promise<BillingSettingsView> {
    const { timeZone } = body;
    if (timeZone !== undefined && !DateTime.utc().setZone(timeZone).isValid) {
      throw invalid('timeZone', 'must be a name of the IANA time zone database, such as Asia/Shanghai');
    }
    return this.idempotency.once(
      context.idempotency,
      async (tx) => {
        const settings = { ...(await this.of(app.id, tx)), ...body } as BillingSettingsView;
        const { graceDays, finalAction, reminderDays, renewalTemplate, failureTemplate } = settings;
        const values = [settings.timeZone, graceDays, finalAction, reminderDays, renewalTemplate, failureTemplate];
        await this.db.run(SAVE, [app.id, ...values], tx);
        const fields = Object.keys(body);
        const action = 'billing_settings.update';
        await this.audit.record(tx, context, { appId: app.id, action, target: app.id, fields });
        return { id: app.id, result: settings };
      },
      () => this.of(app.id),
    );
  }
}
