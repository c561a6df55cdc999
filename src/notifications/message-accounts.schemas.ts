import { z } from 'zod';
import { pageOf } from '../common/pagination.js';
import { PLATFORM_CODES } from '../platforms/platform.js';

const MOST_PER_SECOND = 10_000;

export const MessageAccountView = z
  .object({
    id: z.string().meta({ description: 'Of the platform account: `pac_…`.' }),
    platform: z.enum(PLATFORM_CODES),
    platformAppId: z.string(),
    mode: z.enum(['push', 'report']).meta({
      description:
        '`push`: what the platform pushes grants, and what clients report only lets one message through ahead of it. `report`: no push came for 30 days, so reports grant.',
    }),
    lastPushAt: z.iso.datetime().nullable(),
    pausedUntil: z.iso.datetime().nullable().meta({ description: 'The platform takes no messages before.' }),
    pauseReason: z.string().nullable(),
    rateLimit: z.int().nullable().meta({ description: 'Messages per second; null: what the platform allows.' }),
    platformRateLimit: z.number().meta({ description: 'Messages per second that the platform allows, or that are known to be safe.' }), // prettier-ignore
    queued: z.int().meta({ description: 'Messages that wait to be sent, also those for later.' }),
  })
  .meta({ id: 'MessageAccount' });
export type MessageAccountView = z.infer<typeof MessageAccountView>;
export const MessageAccountPage = pageOf(MessageAccountView).meta({ id: 'MessageAccountPage' });
export type MessageAccountPage = z.infer<typeof MessageAccountPage>;

export const UpdateMessageAccount = z
  .strictObject({
    rateLimit: z
      .int()
      .min(1)
      .max(MOST_PER_SECOND)
      .nullable()
      .meta({ description: 'Messages per second, of all workers together; null: what the platform allows.' }),
  })
  .meta({ id: 'UpdateMessageAccount' });
export type UpdateMessageAccount = z.infer<typeof UpdateMessageAccount>;
