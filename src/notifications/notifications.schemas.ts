import { z } from 'zod';
import { PageQuery, pageOf } from '../common/pagination.js';
import { PLATFORM_CODES } from '../platforms/platform.js';
import { NOTIFICATION_STATUSES } from './moves.js';
import { QuietHours } from './quiet-hours.js';
import { variableData } from './variables.js';

/** Users of one request. */
export const MOST_USERS = 1_000;

const userId = z.string().min(1).max(64);
const platform = z.enum(PLATFORM_CODES);
const template = z.string().min(1).max(64).meta({ description: 'Key or id of a message template.' });
const page = z.string().min(1).max(1_024).optional().meta({
  description: "Where a tap leads, instead of the template's page; may hold `{{variable}}`.",
});
const sendAt = z.iso.datetime({ offset: true }).optional().meta({ description: 'Left out, or past: now.' });
const expiresAt = z.iso.datetime({ offset: true }).optional().meta({
  description: 'Not sent after that: up to 30 days after `sendAt`. Left out: 24 hours after it.',
});
const platformAppId = z.string().min(1).max(64).optional().meta({
  description: 'Which mini-program; left out, the one where the user was last.',
});

/** What messages and broadcasts have in common. */
export const MESSAGE_FIELDS = {
  template,
  data: variableData.default({}),
  page,
  sendAt,
  expiresAt,
  quietHours: QuietHours.optional(),
};

const To = z.union([z.strictObject({ userId }), z.strictObject({ userIds: z.array(userId).min(1).max(MOST_USERS) })]);

export const CreateNotification = z
  .strictObject({
    to: To,
    ...MESSAGE_FIELDS,
    dedupeKey: z
      .string()
      .regex(/^[\x21-\x7e]{1,64}$/, 'must be 1 to 64 visible ASCII characters')
      .optional()
      .meta({ description: 'The same user never gets two with the same: a repeat answers with the first one.' }),
    platform: platform.optional().meta({ description: 'Only there.' }),
    platforms: z
      .array(platform)
      .min(1)
      .max(PLATFORM_CODES.length)
      .refine((all) => new Set(all).size === all.length, 'has a platform twice')
      .optional()
      .meta({ description: 'There, in this order: the first where the user has a consent when it is sent.' }),
    platformAppId,
    priority: z.enum(['high', 'normal']).default('normal').meta({
      description: 'In one mini-program high goes before normal, and both before broadcasts.',
    }),
  })
  .refine(({ platform: one, platforms }) => !(one && platforms), { path: ['platforms'], message: 'not with platform' })
  .refine(({ platform: one, platformAppId: program }) => !program || one, {
    path: ['platformAppId'],
    message: 'needs platform',
  })
  .meta({ id: 'CreateNotification' });
export type CreateNotification = z.infer<typeof CreateNotification>;

export const NotificationView = z
  .object({
    id: z.string(),
    userId: z.string(),
    template: z.string().meta({ description: 'Its key.' }),
    broadcastId: z.string().nullable(),
    platform: platform.nullable().meta({ description: 'Where it goes, or went; null: the user was never there.' }),
    platformAccountId: z.string().nullable(),
    platforms: z.array(platform).meta({ description: 'Where it may go.' }),
    status: z.enum(NOTIFICATION_STATUSES),
    reason: z.string().nullable().meta({
      description:
        'Why: `no_consent`, `user_refused`, `no_identity`, `person_unreachable`, `template_unusable`, `data_refused`, `account_unable`, `platform_busy`, `no_answer`, `lost`, …',
    }),
    platformCode: z.string().nullable().meta({ description: "The platform's own code." }),
    data: z.record(z.string(), z.union([z.string(), z.number()])),
    page: z.string().nullable(),
    priority: z.enum(['high', 'normal', 'low']).meta({ description: 'Broadcasts are low.' }),
    dedupeKey: z.string().nullable(),
    quietHours: QuietHours.nullable(),
    sendAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    sentAt: z.iso.datetime().nullable(),
    endedAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Notification' });
export type NotificationView = z.infer<typeof NotificationView>;

export const NotificationPage = pageOf(NotificationView).meta({ id: 'NotificationPage' });

export const CreatedNotifications = z
  .union([NotificationView, z.object({ data: z.array(NotificationView) }).meta({ id: 'Notifications' })])
  .meta({ description: 'For `to.userId` the notification, for `to.userIds` a list in the same order.' });
export type CreatedNotifications = z.infer<typeof CreatedNotifications>;

export const NotificationQuery = PageQuery.extend({
  userId: userId.optional(),
  status: z.enum(NOTIFICATION_STATUSES).optional(),
  template: template.optional(),
  platform: platform.optional(),
  broadcastId: z.string().max(64).optional(),
});
export type NotificationQuery = z.infer<typeof NotificationQuery>;
