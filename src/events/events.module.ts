import { Global, Module } from '@nestjs/common';
import { Announcer } from './announce.js';
import { EventsController } from './events.controller.js';
import { Events } from './events.service.js';
import { Relay } from './relay.js';

@Global()
@Module({
  controllers: [EventsController],
  providers: [Announcer, Events, Relay],
  exports: [Announcer, Relay],
})
export class EventsModule {}
