import { Global, Module } from '@nestjs/common';
import { Config } from '../config/config.js';
import { EventReaders } from '../events/event-readers.js';
import { AddressRules } from './addresses.js';
import { Courier } from './courier.js';
import { DeliveriesController } from './deliveries.controller.js';
import { Deliveries } from './deliveries.service.js';
import { DeliveryCounts } from './delivery-counts.js';
import { DeliveryLane } from './delivery-lane.js';
import { DeliveryResults } from './delivery-results.js';
import { Disabling } from './disabling.js';
import { EndpointBook } from './endpoint-book.js';
import { EndpointViews } from './endpoint-views.js';
import { EndpointsController } from './endpoints.controller.js';
import { Endpoints } from './endpoints.service.js';
import { DELIVERIES } from './event-subscription.js';
import { HostResolver } from './resolver.js';
import { Sender } from './sender.js';
import { Targets } from './targets.js';

@Global()
@Module({
  controllers: [EndpointsController, DeliveriesController],
  providers: [
    Courier,
    Deliveries,
    DeliveryCounts,
    DeliveryLane,
    DeliveryResults,
    Disabling,
    EndpointBook,
    EndpointViews,
    Endpoints,
    {
      provide: AddressRules,
      inject: [Config],
      useFactory: ({ webhookAllow }: Config) => new AddressRules(webhookAllow),
    },
    {
      provide: Targets,
      inject: [AddressRules, HostResolver],
      useFactory: (rules: AddressRules, resolver: HostResolver) => new Targets(rules, resolver),
    },
    { provide: Sender, inject: [Targets], useFactory: (targets: Targets) => new Sender(targets) },
  ],
  exports: [DeliveryCounts],
})
export class WebhooksModule {
  constructor(readers: EventReaders) {
    readers.register(DELIVERIES);
  }
}
