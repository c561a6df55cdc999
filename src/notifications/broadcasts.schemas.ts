import { z } from 'zod';
import { PageQuery, pageOf } from '../common/pagination.js';
import { PLATFORM_CODES } from '../platforms/platform.js';
import { MESSAGE_FIELDS } from './notifications.schemas.js';
import { QuietHours } from './quiet-hours.js';

export const BROADCAST_STATUSES = ['scheduled', 'running', 'paused', 'completed', 'canceled'] as const;
export type BroadcastStatus = (typeof BROADCAST_STATUSES)[number];

const Filter = z
  .strictObject({
    platform: z.enum(PLATFORM_CODES).optional(),
    platformAppId: z.string().min(1).max(64).optional(),
  })
  .refine(({ platform, platformAppId }) => !platformAppId || platform, {
    path: ['platformAppId'],
    message: 'needs platform',
  })
  .meta({ id: 'BroadcastFilter', description: 'Of all users with a consent for the template: only those there.' });

export const CreateBroadcast = z
  .strictObject({ ...MESSAGE_FIELDS, filter: Filter.default({}) })
  .meta({ id: 'CreateBroadcast' });
export type CreateBroadcast = z.infer<typeof CreateBroadcast>;

const count = z.int();

export const BroadcastView = z
  .object({
    id: z.string(),
    template: z.string().meta({ description: 'Its key.' }),
    data: z.record(z.string(), z.union([z.string(), z.number()])),
    page: z.string().nullable(),
    filter: Filter,
    status: z.enum(BROADCAST_STATUSES),
    reason: z.string().nullable().meta({ description: 'Why it is paused.' }),
    quietHours: QuietHours.nullable(),
    progress: z
      .object({
        created: count.meta({ description: 'Messages so far.' }),
        queued: count.meta({ description: 'Those that wait or are on their way.' }),
        sent: count,
        refused: count,
        failed: count,
        unknown: count,
        expired: count,
        canceled: count,
        isExpanded: z.boolean().meta({ description: 'Whether everybody has a message by now.' }),
      })
      .meta({ id: 'BroadcastProgress' }),
    sendAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Broadcast' });
export type BroadcastView = z.infer<typeof BroadcastView>;

export const BroadcastPage = pageOf(BroadcastView).meta({ id: 'BroadcastPage' });
export const BroadcastQuery = PageQuery.extend({ status: z.enum(BROADCAST_STATUSES).optional() });
export type BroadcastQuery = z.infer<typeof BroadcastQuery>;
