import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Context, type RequestContext, Server, type ServerCaller } from '../tenancy/caller.js';
import { Operation } from '../tenancy/operation.js';
import {
  CreatedNotifications,
  CreateNotification,
  NotificationPage,
  NotificationQuery,
  NotificationView,
} from './notifications.schemas.js';
import { Notifications } from './notifications.service.js';

const EXAMPLE = {
  to: { userId: 'usr_019a6b0c4d5e7f00a1b2c3d4e5f60718' },
  template: 'order.shipped',
  data: { item: 'Coffee', time: '2026-11-20T15:01:00+08:00' },
};

@ApiTags('Notifications')
@Controller('v1/notifications')
export class NotificationsController {
  constructor(private readonly notifications: Notifications) {}

  @Post()
  @Operation({
    caller: 'server',
    id: 'createNotification',
    summary: 'Send a template message to a user, or the same to up to 1,000',
    description:
      'It is queued and goes out at the pace of its mini-program, once; what became of it is an event. The values are checked now. Repeats of a `dedupeKey` answer 200 with the first one.',
    status: 201,
    returns: CreatedNotifications,
    write: true,
    problems: [
      'user_not_found',
      'user_gone',
      'message_template_not_found',
      'message_template_not_mapped',
      'message_data_invalid',
      'platform_account_missing',
      'platform_capability_missing',
    ],
    example: EXAMPLE,
  })
  async create(
    @Server() caller: ServerCaller,
    @Body({ schema: CreateNotification }) body: CreateNotification,
    @Context() context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CreatedNotifications> {
    const { isNew, notifications } = await this.notifications.create(caller, body, context);
    if (!isNew && !context.idempotency?.replayed) void reply.status(200);
    return notifications;
  }

  @Get()
  @Operation({
    caller: 'server',
    id: 'listNotifications',
    summary: 'List notifications, newest first',
    returns: NotificationPage,
    problems: ['message_template_not_found'],
  })
  list(@Server() { app }: ServerCaller, @Query({ schema: NotificationQuery }) query: NotificationQuery) {
    return this.notifications.list(app, query);
  }

  @Get(':id')
  @Operation({
    caller: 'server',
    id: 'getNotification',
    summary: 'Read a notification',
    returns: NotificationView,
    problems: ['notification_not_found'],
  })
  get(@Server() { app }: ServerCaller, @Param('id') id: string): Promise<NotificationView> {
    return this.notifications.get(app, id);
  }

  @Post(':id/cancel')
  @Operation({
    caller: 'server',
    id: 'cancelNotification',
    summary: 'Do not send a notification that still waits',
    returns: NotificationView,
    write: true,
    problems: ['notification_not_found', 'notification_not_cancelable'],
  })
  cancel(@Server() caller: ServerCaller, @Param('id') id: string, @Context() context: RequestContext) {
    return this.notifications.cancel(caller, id, context);
  }
}
