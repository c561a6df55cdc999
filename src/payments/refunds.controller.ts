import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Context, type RequestContext, Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import { CreateRefund, RefundPage, RefundQuery, RefundView, RejectRefund } from './refunds.schemas.js';
import { Refunds } from './refunds.service.js';

const EXAMPLE = { paymentId: 'pay_019a6b0c4d5e7f00a1b2c3d4e5f60718', amount: 300, reason: 'Out of stock' };

@ApiTags('Refunds')
@Controller('v1/refunds')
export class RefundsController {
  constructor(private readonly refunds: Refunds) {}

  @Post()
  @Operation({
    caller: 'server',
    id: 'createRefund',
    summary: 'Give back all or a part of a payment',
    description: 'The amount is reserved at once; the money goes out right after. Repeats of a `reference` answer 200.',
    status: 201,
    returns: RefundView,
    write: true,
    problems: ['payment_not_found', 'payment_not_paid', 'refund_exceeds_payment', 'refund_reference_taken'],
    example: EXAMPLE,
  })
  async create(
    @Server() caller: ServerCaller,
    @Body({ schema: CreateRefund }) body: CreateRefund,
    @Context() context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RefundView> {
    const { isNew, refund } = await this.refunds.create(caller, body, context);
    if (!isNew && !context.idempotency?.replayed) void reply.status(200);
    return refund;
  }

  @Get()
  @Operation({ caller: 'server', id: 'listRefunds', summary: 'List refunds, newest first', returns: RefundPage })
  list(@Server() { app }: ServerCaller, @Query({ schema: RefundQuery }) query: RefundQuery) {
    return this.refunds.list(app.id, query);
  }

  @Get(':id')
  @Operation({
    caller: 'server',
    id: 'getRefund',
    summary: 'Read a refund',
    returns: RefundView,
    problems: ['refund_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<RefundView> {
    return this.refunds.get(app.id, id);
  }

  @Post(':id/approve')
  @Operation({
    caller: 'server',
    id: 'approveRefund',
    summary: 'Agree to a refund that the user asked for at the platform',
    returns: RefundView,
    write: true,
    problems: ['refund_not_found', 'refund_not_decidable'],
  })
  approve(@Server() caller: ServerCaller, @Param('id') id: string, @Context() context: RequestContext) {
    return this.refunds.decide(caller, id, { approve: true }, context);
  }

  @Post(':id/reject')
  @Operation({
    caller: 'server',
    id: 'rejectRefund',
    summary: 'Refuse a refund that the user asked for at the platform',
    returns: RefundView,
    write: true,
    problems: ['refund_not_found', 'refund_not_decidable'],
    example: { reason: 'The goods were used.' },
  })
  reject(
    @Server() caller: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: RejectRefund }) { reason }: RejectRefund,
    @Context() context: RequestContext,
  ): Promise<RefundView> {
    return this.refunds.decide(caller, id, { approve: false, reason }, context);
  }
}
