import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { BroadcastPage, BroadcastQuery, BroadcastView, CreateBroadcast } from './broadcasts.schemas.js';
import { Broadcasts } from './broadcasts.service.js';

const EXAMPLE = {
  template: 'order.shipped',
  data: { item: 'Coffee', time: '2026-11-20T15:01:00+08:00' },
  filter: { platform: 'wechat' },
  quietHours: { from: '22:00', to: '08:00', timeZone: 'Asia/Shanghai' },
};

@ApiTags('Broadcasts')
@Controller('v1/broadcasts')
export class BroadcastsController {
  constructor(private readonly broadcasts: Broadcasts) {}

  @Post()
  @Operation({
    caller: 'server',
    id: 'createBroadcast',
    summary: 'Send a template message to every user with a consent for it',
    description: 'One message per user, behind all other messages of their mini-program. It goes on after any crash.',
    status: 201,
    returns: BroadcastView,
    write: true,
    problems: [
      'message_template_not_found',
      'message_template_not_mapped',
      'message_data_invalid',
      'platform_account_missing',
      'platform_capability_missing',
    ],
    example: EXAMPLE,
  })
  create(
    @Server() caller: ServerCaller,
    @Body({ schema: CreateBroadcast }) body: CreateBroadcast,
    @Context() context: RequestContext,
  ): Promise<BroadcastView> {
    return this.broadcasts.create(caller, body, context);
  }

  @Get()
  @Operation({
    caller: 'server',
    id: 'listBroadcasts',
    summary: 'List broadcasts, newest first',
    returns: BroadcastPage,
  })
  list(@Server() { app }: ServerCaller, @Query({ schema: BroadcastQuery }) query: BroadcastQuery) {
    return this.broadcasts.list(app.id, query);
  }

  @Get(':id')
  @Operation({
    caller: 'server',
    id: 'getBroadcast',
    summary: 'Read a broadcast and how far it is',
    returns: BroadcastView,
    problems: ['broadcast_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<BroadcastView> {
    return this.broadcasts.get(app.id, id);
  }

  @Post(':id/pause')
  @Operation({
    caller: 'server',
    id: 'pauseBroadcast',
    summary: 'Send no more of a broadcast for now; what is on its way still arrives',
    returns: BroadcastView,
    write: true,
    problems: ['broadcast_not_found', 'broadcast_not_running'],
  })
  pause(@Server() caller: ServerCaller, @Param('id') id: string, @Context() context: RequestContext) {
    return this.broadcasts.pause(caller, id, context);
  }

  @Post(':id/resume')
  @Operation({
    caller: 'server',
    id: 'resumeBroadcast',
    summary: 'Go on with a broadcast that was paused',
    returns: BroadcastView,
    write: true,
    problems: ['broadcast_not_found', 'broadcast_not_running'],
  })
  resume(@Server() caller: ServerCaller, @Param('id') id: string, @Context() context: RequestContext) {
    return this.broadcasts.resume(caller, id, context);
  }

  @Post(':id/cancel')
  @Operation({
    caller: 'server',
    id: 'cancelBroadcast',
    summary: 'Send no more of a broadcast, for good; what is on its way still arrives',
    returns: BroadcastView,
    write: true,
    problems: ['broadcast_not_found', 'broadcast_not_running'],
  })
  cancel(@Server() caller: ServerCaller, @Param('id') id: string, @Context() context: RequestContext) {
    return this.broadcasts.cancel(caller, id, context);
  }
}
