import { Global, Module } from '@nestjs/common';
import { Audience } from './audience.js';
import { BroadcastLane } from './broadcast-lane.js';
import { BroadcastPauses } from './broadcast-pauses.js';
import { BroadcastsController } from './broadcasts.controller.js';
import { Broadcasts } from './broadcasts.service.js';
import { ConsentLedger } from './consent-ledger.js';
import { ConsentPushes } from './consent-pushes.js';
import { ConsentReports } from './consent-reports.js';
import { ConsentSweep } from './consent-sweep.js';
import { ConsentUserListener } from './consent-user-listener.js';
import { ConsentViews } from './consent-views.js';
import { ConsentsController } from './consents.controller.js';
import { Consents } from './consents.service.js';
import { DeliveryNews } from './delivery-news.js';
import { TemplateImport } from './import.service.js';
import { MessageAccountsController } from './message-accounts.controller.js';
import { MessageAccounts } from './message-accounts.js';
import { MessageCourier } from './message-courier.js';
import { MessageLane } from './message-lane.js';
import { MessageResults } from './message-results.js';
import { NotificationCounts } from './notification-counts.js';
import { NotificationDueTimes } from './notification-due-times.js';
import { NotificationUserListener } from './notification-user-listener.js';
import { NotificationsController } from './notifications.controller.js';
import { Notifications } from './notifications.service.js';
import { PushHandler } from './push-handler.js';
import { Routing } from './routing.js';
import { SendingTroubles } from './sending-troubles.js';
import { SettlingLane } from './settling-lane.js';
import { MessageTemplates } from './template-book.js';
import { TemplateCounts } from './template-counts.js';
import { MessageTemplatesController } from './templates.controller.js';
import { Templates } from './templates.service.js';

@Global()
@Module({
  controllers: [
    BroadcastsController,
    ConsentsController,
    MessageAccountsController,
    MessageTemplatesController,
    NotificationsController,
  ],
  providers: [
    Audience,
    BroadcastLane,
    BroadcastPauses,
    Broadcasts,
    ConsentLedger,
    ConsentPushes,
    ConsentReports,
    ConsentSweep,
    ConsentUserListener,
    ConsentViews,
    Consents,
    DeliveryNews,
    MessageAccounts,
    MessageCourier,
    MessageLane,
    MessageResults,
    MessageTemplates,
    NotificationCounts,
    NotificationDueTimes,
    NotificationUserListener,
    Notifications,
    PushHandler,
    Routing,
    SendingTroubles,
    SettlingLane,
    TemplateCounts,
    TemplateImport,
    Templates,
  ],
  exports: [MessageTemplates, NotificationCounts, Notifications],
})
export class NotificationsModule {}
