import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context, type RequestContext, Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import {
  RedeliverEvent,
  RedeliveryView,
  WebhookDeliveryDetail,
  WebhookDeliveryPage,
  WebhookDeliveryQuery,
} from './deliveries.schemas.js';
import { Deliveries } from './deliveries.service.js';

@ApiTags('Webhooks')
@Controller('v1')
export class DeliveriesController {
  constructor(private readonly deliveries: Deliveries) {}

  @Get('webhook-deliveries')
  @Operation({
    caller: 'server',
    id: 'listWebhookDeliveries',
    summary: 'List deliveries, newest event first',
    description: '`status=dead` lists those that nobody tries any more.',
    returns: WebhookDeliveryPage,
  })
  list(@Server() { app }: ServerCaller, @Query({ schema: WebhookDeliveryQuery }) query: WebhookDeliveryQuery) {
    return this.deliveries.list(app.id, query);
  }

  @Get('webhook-deliveries/:id')
  @Operation({
    caller: 'server',
    id: 'getWebhookDelivery',
    summary: 'Read a delivery with its attempts',
    returns: WebhookDeliveryDetail,
    problems: ['webhook_delivery_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<WebhookDeliveryDetail> {
    return this.deliveries.get(app.id, id);
  }

  @Post('events/:id/redeliver')
  @Operation({
    caller: 'server',
    id: 'redeliverEvent',
    summary: 'Send an event again, whatever came of it before',
    description: 'With the same `webhook-id` and the same bytes, to one endpoint or to all that want it.',
    status: 202,
    returns: RedeliveryView,
    write: true,
    problems: ['event_not_found', 'webhook_endpoint_not_found', 'webhook_endpoint_disabled'],
    example: { endpointId: 'wep_019a6b0c4d5e7f00a1b2c3d4e5f60718' },
  })
  redeliver(
    @Server() { app }: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: RedeliverEvent }) body: RedeliverEvent,
    @Context() context: RequestContext,
  ): Promise<RedeliveryView> {
    return this.deliveries.redeliver(app.id, id, body, context);
  }
}
