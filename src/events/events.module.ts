import { Global, Module } from '@nestjs/common';
import { Announcer } from './announce.js';
import { EventReaders } from './event-readers.js';
import { EventRetention } from './event-retention.js';
import { EventsController } from './events.controller.js';
import { Events } from './events.service.js';
import { Relay } from './relay.js';

@Global()
@Module({
  controllers: [EventsController],
  providers: [Announcer, EventReaders, EventRetention, Events, Relay],
  exports: [Announcer, EventReaders, Relay],
})
export class EventsModule {}
