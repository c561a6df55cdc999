import { Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { MandateBook } from './mandate-book.js';
import { MandatePage, MandateQuery, MandateView } from './mandates.schemas.js';

@ApiTags('Mandates')
@Controller('v1/mandates')
export class MandatesController {
  constructor(private readonly book: MandateBook) {}

  @Get()
  @Operation({ caller: 'server', id: 'listMandates', summary: 'List mandates, newest first', returns: MandatePage })
  list(@Server() { app }: ServerCaller, @Query({ schema: MandateQuery }) query: MandateQuery) {
    return this.book.list(app.id, query);
  }

  @Get(':id')
  @Operation({
    caller: 'server',
    id: 'getMandate',
    summary: 'Read a mandate',
    returns: MandateView,
    problems: ['mandate_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<MandateView> {
    return this.book.get(app.id, id);
  }

  @Post(':id/terminate')
  @Operation({
    caller: 'server',
    id: 'terminateMandate',
    summary: 'End a mandate',
    description: 'Nothing is debited any more, and the subscription ends with its period.',
    returns: MandateView,
    write: true,
    problems: ['mandate_not_found'],
  })
  terminate(
    @Server() { app }: ServerCaller,
    @Param('id') id: string,
    @Context() context: RequestContext,
  ): Promise<MandateView> {
    return this.book.terminate(app, id, context);
  }
}
