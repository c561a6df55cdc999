import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { EventPage, EventQuery } from './events.schemas.js';
import { Events } from './events.service.js';

@ApiTags('Events')
@Controller('v1/events')
export class EventsController {
  constructor(private readonly events: Events) {}

  @Get()
  @Operation({
    caller: 'server',
    id: 'listEvents',
    summary: 'Read what happened, oldest first',
    description:
      'Poll with `nextCursor`: no event is missed or repeated, also not one whose transaction committed late.',
    returns: EventPage,
  })
  list(@Server() { app }: ServerCaller, @Query({ schema: EventQuery }) query: EventQuery): Promise<EventPage> {
    return this.events.list(app.id, query);
  }
}
