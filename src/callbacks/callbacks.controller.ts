import { Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { CallbackDetail, CallbackPage, CallbackQuery, CallbackView } from './callbacks.schemas.js';
import { Callbacks } from './callbacks.service.js';

@ApiTags('Callbacks')
@Controller('v1/callbacks')
export class CallbacksController {
  constructor(private readonly callbacks: Callbacks) {}

  @Get()
  @Operation({
    caller: 'server',
    id: 'listCallbacks',
    summary: 'What the platforms have told, newest first',
    returns: CallbackPage,
  })
  list(@Server() { app }: ServerCaller, @Query({ schema: CallbackQuery }) query: CallbackQuery) {
    return this.callbacks.list(app.id, query);
  }

  @Get(':id')
  @Operation({
    caller: 'server',
    id: 'getCallback',
    summary: 'Read a callback as it arrived',
    returns: CallbackDetail,
    problems: ['callback_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<CallbackDetail> {
    return this.callbacks.get(app.id, id);
  }

  @Post(':id/rerun')
  @Operation({
    caller: 'server',
    id: 'rerunCallback',
    summary: 'Do again what a parked callback says',
    description: 'It is verified once more. Still parked afterwards when it still does not fit.',
    returns: CallbackView,
    write: true,
    problems: ['callback_not_found', 'callback_not_parked'],
  })
  rerun(@Server() caller: ServerCaller, @Param('id') id: string, @Context() context: RequestContext) {
    return this.callbacks.rerun(caller, id, context);
  }
}
