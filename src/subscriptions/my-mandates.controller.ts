import { Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { PageQuery } from '../common/pagination.js';
import { Context, type RequestContext, User, type UserCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { MandateBook } from './mandate-book.js';
import { MandatePage, MandateView, MyMandateQuery } from './mandates.schemas.js';

@ApiTags('My subscriptions')
@Controller('v1/me/mandates')
export class MyMandatesController {
  constructor(private readonly book: MandateBook) {}

  @Get()
  @Operation({ caller: 'user', id: 'listMyMandates', summary: 'List my mandates, newest first', returns: MandatePage })
  list(@User() { app, userId }: UserCaller, @Query({ schema: MyMandateQuery }) query: PageQuery) {
    return this.book.list(app.id, { ...query, userId });
  }

  @Post(':id/terminate')
  @Operation({
    caller: 'user',
    id: 'terminateMyMandate',
    summary: 'End a mandate of mine',
    description: 'Nothing is debited any more, and the subscription ends with its period.',
    returns: MandateView,
    write: true,
    problems: ['mandate_not_found'],
  })
  terminate(
    @User() { app, userId }: UserCaller,
    @Param('id') id: string,
    @Context() context: RequestContext,
  ): Promise<MandateView> {
    return this.book.terminate(app, id, context, userId);
  }
}
