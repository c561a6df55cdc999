import { z } from 'zod';

const timeZone = z.string().min(1).max(64).meta({
  description: 'IANA name; in which periods of new subscriptions are counted.',
});
const graceDays = z.int().min(0).max(60).meta({
  description: 'Days for which entitlements outlast a period that is not paid, but never longer than the period.',
});
const finalAction = z.enum(['cancel', 'mark_unpaid']).meta({
  description: 'What becomes of a subscription that was not paid in time.',
});
const reminderDays = z.int().min(1).max(30).meta({
  description: 'Days before the end at which the next period of a manual renewal is invoiced, and the user reminded.',
});
const template = z.string().min(1).max(64).nullable();
const renewalTemplate = template.meta({
  description: 'Key of the message template that reminds of a period to be paid by hand; null: nobody is reminded.',
});
const failureTemplate = template.meta({
  description: 'Key of the message template that tells of a debit that did not succeed; null: nobody is told.',
});

export const BillingSettingsView = z
  .object({ timeZone, graceDays, finalAction, reminderDays, renewalTemplate, failureTemplate })
  .meta({ id: 'BillingSettings' });
export type BillingSettingsView = z.infer<typeof BillingSettingsView>;

export const UpdateBillingSettings = z
  .strictObject({ timeZone, graceDays, finalAction, reminderDays, renewalTemplate, failureTemplate })
  .partial()
  .meta({ id: 'UpdateBillingSettings' });
export type UpdateBillingSettings = z.infer<typeof UpdateBillingSettings>;
