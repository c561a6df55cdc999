import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { PageQuery } from '../common/pagination.js';
import { Context, type RequestContext, Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import {
  CreateWebhookEndpoint,
  NewWebhookEndpointView,
  RecoverWebhookEndpoint,
  UpdateWebhookEndpoint,
  WebhookEndpointPage,
  WebhookEndpointView,
  WebhookTestView,
} from './endpoints.schemas.js';
import { Endpoints } from './endpoints.service.js';

@ApiTags('Webhooks')
@Controller('v1/webhook-endpoints')
export class EndpointsController {
  constructor(private readonly endpoints: Endpoints) {}

  @Post()
  @Operation({
    caller: 'server',
    id: 'createWebhookEndpoint',
    summary: 'Have events sent to an address',
    description:
      'Messages follow the Standard Webhooks specification; the secret that verifies them is in `secret`, this once.',
    status: 201,
    returns: NewWebhookEndpointView,
    write: true,
    problems: ['webhook_url_refused', 'webhook_endpoint_limit', 'secret_already_shown'],
    example: { url: 'https://shop.example/webhooks', events: ['payment.succeeded', 'refund.succeeded'] },
  })
  create(
    @Server() { app }: ServerCaller,
    @Body({ schema: CreateWebhookEndpoint }) body: CreateWebhookEndpoint,
    @Context() context: RequestContext,
  ): Promise<NewWebhookEndpointView> {
    return this.endpoints.create(app.id, body, context);
  }

  @Get()
  @Operation({
    caller: 'server',
    id: 'listWebhookEndpoints',
    summary: 'List the webhook endpoints of this app',
    returns: WebhookEndpointPage,
  })
  list(@Server() { app }: ServerCaller, @Query({ schema: PageQuery }) query: PageQuery) {
    return this.endpoints.list(app.id, query);
  }

  @Get(':id')
  @Operation({
    caller: 'server',
    id: 'getWebhookEndpoint',
    summary: 'Read a webhook endpoint',
    returns: WebhookEndpointView,
    problems: ['webhook_endpoint_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<WebhookEndpointView> {
    return this.endpoints.get(app.id, id);
  }

  @Patch(':id')
  @Operation({
    caller: 'server',
    id: 'updateWebhookEndpoint',
    summary: 'Change, pause, disable or enable a webhook endpoint',
    returns: WebhookEndpointView,
    write: true,
    problems: ['webhook_endpoint_not_found', 'webhook_url_refused'],
    example: { status: 'paused' },
  })
  update(
    @Server() { app }: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: UpdateWebhookEndpoint }) body: UpdateWebhookEndpoint,
    @Context() context: RequestContext,
  ): Promise<WebhookEndpointView> {
    return this.endpoints.update(app.id, id, body, context);
  }

  @Delete(':id')
  @Operation({
    caller: 'server',
    id: 'deleteWebhookEndpoint',
    summary: 'Delete a webhook endpoint',
    description: 'Deliveries that wait are canceled; all can still be read.',
    write: true,
    problems: ['webhook_endpoint_not_found'],
  })
  remove(@Server() { app }: ServerCaller, @Param('id') id: string, @Context() context: RequestContext): Promise<void> {
    return this.endpoints.remove(app.id, id, context);
  }

  @Post(':id/rotate-secret')
  @Operation({
    caller: 'server',
    id: 'rotateWebhookSecret',
    summary: 'Give a webhook endpoint a new secret',
    description: 'For 24 hours messages carry a signature by each of the two secrets.',
    returns: NewWebhookEndpointView,
    write: true,
    problems: ['webhook_endpoint_not_found', 'secret_already_shown'],
  })
  rotate(@Server() { app }: ServerCaller, @Param('id') id: string, @Context() context: RequestContext) {
    return this.endpoints.rotate(app.id, id, context);
  }

  @Post(':id/recover')
  @Operation({
    caller: 'server',
    id: 'recoverWebhookEndpoint',
    summary: 'Send again what failed since a time',
    description:
      'Deliveries that are dead or wait for their next attempt become due at once, in the background; with `missing`, events that were never meant for this endpoint are sent too.',
    status: 202,
    returns: WebhookEndpointView,
    write: true,
    problems: ['webhook_endpoint_not_found', 'webhook_endpoint_disabled'],
    example: { since: '2026-11-20T08:00:00Z' },
  })
  recover(
    @Server() { app }: ServerCaller,
    @Param('id') id: string,
    @Body({ schema: RecoverWebhookEndpoint }) body: RecoverWebhookEndpoint,
    @Context() context: RequestContext,
  ): Promise<WebhookEndpointView> {
    return this.endpoints.recover(app.id, id, body, context);
  }

  @Post(':id/test')
  @Operation({
    caller: 'server',
    id: 'testWebhookEndpoint',
    summary: 'Send a test event to a webhook endpoint',
    status: 202,
    returns: WebhookTestView,
    write: true,
    problems: ['webhook_endpoint_not_found', 'webhook_endpoint_disabled'],
  })
  test(@Server() { app }: ServerCaller, @Param('id') id: string, @Context() context: RequestContext) {
    return this.endpoints.test(app.id, id, context);
  }
}
