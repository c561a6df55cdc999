import { z } from 'zod';
import { PageQuery, pageOf } from '../common/pagination.js';

export const DELIVERY_STATUSES = ['pending', 'succeeded', 'dead', 'canceled'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

export const WebhookDeliveryView = z
  .object({
    id: z.string(),
    endpointId: z.string(),
    eventId: z.string().meta({ description: '`webhook-id` of the message.' }),
    eventType: z.string(),
    stream: z.object({ type: z.string(), id: z.string() }),
    status: z.enum(DELIVERY_STATUSES).meta({
      description:
        '`dead`: no attempt is left, or the endpoint was disabled; recover or redeliver. `canceled`: the endpoint was deleted.',
    }),
    attemptCount: z.int(),
    nextAttemptAt: z.iso.datetime().nullable().meta({ description: 'Of a pending one; the past means now.' }),
    lastStatus: z.int().nullable().meta({ description: 'HTTP status of the last attempt.' }),
    lastError: z
      .string()
      .nullable()
      .meta({ description: 'Why the last attempt has no whole answer, or why it ended.' }),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'WebhookDelivery' });
export type WebhookDeliveryView = z.infer<typeof WebhookDeliveryView>;
export const WebhookDeliveryPage = pageOf(WebhookDeliveryView).meta({ id: 'WebhookDeliveryPage' });

const WebhookAttemptView = z
  .object({
    number: z.int(),
    at: z.iso.datetime(),
    durationMs: z.int(),
    status: z.int().nullable(),
    error: z.string().nullable(),
    answer: z.string().nullable().meta({ description: 'The first KiB of what the endpoint said.' }),
  })
  .meta({ id: 'WebhookAttempt' });

export const WebhookDeliveryDetail = WebhookDeliveryView.extend({ attempts: z.array(WebhookAttemptView) }).meta({
  id: 'WebhookDeliveryDetail',
});
export type WebhookDeliveryDetail = z.infer<typeof WebhookDeliveryDetail>;

export const WebhookDeliveryQuery = PageQuery.extend({
  endpointId: z.string().max(64).optional(),
  eventId: z.string().max(64).optional(),
  status: z.enum(DELIVERY_STATUSES).optional(),
});
export type WebhookDeliveryQuery = z.infer<typeof WebhookDeliveryQuery>;

export const RedeliverEvent = z
  .strictObject({
    endpointId: z.string().max(64).optional().meta({
      description: 'Left out: every endpoint that wants this type.',
    }),
  })
  .meta({ id: 'RedeliverEvent' });
export type RedeliverEvent = z.infer<typeof RedeliverEvent>;

export const RedeliveryView = z.object({ data: z.array(WebhookDeliveryView) }).meta({ id: 'Redelivery' });
export type RedeliveryView = z.infer<typeof RedeliveryView>;
