import { Global, Module } from '@nestjs/common';
import { Access } from './access.js';
import { BillingDueTimes } from './billing-due-times.js';
import { BillingLane } from './billing-lane.js';
import { BillingSettingsController } from './billing-settings.controller.js';
import { BillingSettings } from './billing-settings.service.js';
import { ChangeContracts } from './change-contracts.js';
import { ChangeEffect } from './change-effect.js';
import { ChangeQuotes } from './change-quotes.js';
import { Changes } from './changes.js';
import { ClientActions } from './client-actions.js';
import { Collection } from './collection.js';
import { Cycle } from './cycle.js';
import { Dunning } from './dunning.js';
import { Ending } from './ending.js';
import { EntitlementSnapshots } from './entitlement-snapshots.js';
import { EntitlementUserListener } from './entitlement-user-listener.js';
import { EntitlementsController, MyEntitlementsController } from './entitlements.controller.js';
import { Entitlements } from './entitlements.service.js';
import { Grants } from './grants.service.js';
import { InvoiceBook } from './invoice-book.js';
import { InvoiceSettling } from './invoice-settling.js';
import { InvoicesController } from './invoices.controller.js';
import { Invoices } from './invoices.service.js';
import { MandateBook } from './mandate-book.js';
import { MandateCallbacks } from './mandate-callbacks.js';
import { MandateChanges } from './mandate-changes.js';
import { MandateLane } from './mandate-lane.js';
import { MandateListeners } from './mandate-listener.js';
import { MandateReactions } from './mandate-reactions.js';
import { MandatesController } from './mandates.controller.js';
import { Mandates } from './mandates.service.js';
import { MyInvoicesController } from './my-invoices.controller.js';
import { MyMandatesController } from './my-mandates.controller.js';
import { MySubscriptionsController } from './my-subscriptions.controller.js';
import { PurchaseEntitlements } from './purchase-entitlements.js';
import { Reminders } from './reminders.js';
import { Situations } from './situations.js';
import { SubscriptionActions } from './subscription-actions.js';
import { SubscriptionBook } from './subscription-book.js';
import { SubscriptionListener } from './subscription-listener.js';
import { SubscriptionStart } from './subscription-start.js';
import { SubscriptionUserListener } from './subscription-user-listener.js';
import { SubscriptionsController } from './subscriptions.controller.js';
import { Subscriptions } from './subscriptions.service.js';
import { TrialStart } from './trial-start.js';
import { Usage } from './usage.service.js';

@Global()
@Module({
  controllers: [
    BillingSettingsController,
    EntitlementsController,
    InvoicesController,
    MandatesController,
    MyEntitlementsController,
    MyInvoicesController,
    MyMandatesController,
    MySubscriptionsController,
    SubscriptionsController,
  ],
  providers: [
    Access,
    BillingDueTimes,
    BillingLane,
    BillingSettings,
    ChangeContracts,
    ChangeEffect,
    ChangeQuotes,
    Changes,
    ClientActions,
    Collection,
    Cycle,
    Dunning,
    Ending,
    EntitlementSnapshots,
    EntitlementUserListener,
    Entitlements,
    Grants,
    InvoiceBook,
    InvoiceSettling,
    Invoices,
    MandateBook,
    MandateCallbacks,
    MandateChanges,
    MandateLane,
    MandateListeners,
    MandateReactions,
    Mandates,
    PurchaseEntitlements,
    Reminders,
    Situations,
    SubscriptionActions,
    SubscriptionBook,
    SubscriptionListener,
    SubscriptionStart,
    SubscriptionUserListener,
    Subscriptions,
    TrialStart,
    Usage,
  ],
})
export class SubscriptionsModule {}
