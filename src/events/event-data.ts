import { z } from 'zod';
import type { EventType } from './event-types.js';

const id = z.string();
const currency = z.literal('CNY');
const reference = z.string().nullable();
const platform = z.string().meta({ description: 'wechat, alipay, douyin, …' });
const amount = z.int().meta({ description: 'Fen.' });

const user = z.strictObject({ userId: id });
const identity = user.extend({ platform, identityId: id });

const payment = z.strictObject({
  paymentId: id,
  userId: id,
  amount,
  currency,
  reference,
  status: z.enum(['created', 'pending', 'succeeded', 'failed', 'closed']),
});
const success = payment.extend({ attemptId: id, platform, platformTransactionId: z.string() });

const refund = z.strictObject({
  refundId: id,
  paymentId: id,
  amount,
  currency,
  reference,
  source: z.enum(['api', 'platform', 'automatic']),
  status: z.enum(['requested', 'pending', 'action_required', 'succeeded', 'failed', 'rejected']),
});

const time = z.iso.datetime();
const subscription = z.strictObject({
  subscriptionId: id,
  userId: id,
  productId: id,
  priceId: id,
  quantity: z.int(),
  platform: z.string().nullable(),
  renewal: z.enum(['automatic', 'manual']),
  status: z.enum([
    'incomplete',
    'incomplete_expired',
    'trialing',
    'active',
    'past_due',
    'unpaid',
    'paused',
    'canceled',
  ]),
  currentPeriodStart: time,
  currentPeriodEnd: time,
  cancelAt: time.nullable(),
});
const ended = subscription.extend({
  reason: z.string().nullable().meta({
    description: 'requested, payment_failed, mandate_terminated, user_erased, …',
  }),
});
const invoice = z.strictObject({
  invoiceId: id,
  subscriptionId: id,
  userId: id,
  kind: z.enum(['period', 'change']),
  status: z.enum(['draft', 'open', 'paid', 'void', 'uncollectible']),
  amount,
  currency,
  periodStart: time,
  periodEnd: time,
  paymentId: z.string().nullable(),
});
const mandate = z.strictObject({
  mandateId: id,
  subscriptionId: id,
  userId: id,
  platform,
  status: z.enum(['pending', 'active', 'terminated', 'expired', 'lapsed']),
  endedBy: z.enum(['user', 'merchant', 'platform']).nullable(),
});

const notification = z.strictObject({
  notificationId: id,
  userId: id,
  template: z.string().meta({ description: 'Its key.' }),
  broadcastId: z.string().nullable(),
  platform: z.string().nullable(),
  status: z.enum(['sent', 'refused', 'failed', 'unknown', 'expired', 'canceled']),
  reason: z.string().nullable(),
  platformCode: z.string().nullable(),
});
const broadcast = z.strictObject({
  broadcastId: id,
  template: z.string(),
  status: z.enum(['paused', 'completed', 'canceled']),
  reason: z.string().nullable(),
});

/** What `data` of each type of event holds: ids, amounts and statuses, never personal data. Part of the API. */
export const EVENT_DATA = {
  'user.created': identity,
  'user.updated': user.extend({ fields: z.string().meta({ description: 'Names, with commas between them.' }) }),
  'user.duplicate_found': user.extend({ otherUserId: id, platform }),
  'user.merged': user.extend({ intoUserId: id }),
  'user.erased': user,
  'identity.linked': identity,
  'identity.unlinked': identity,
  'session.revoked': user.extend({ sessionId: id, reason: z.string() }),
  'payment.created': payment,
  'payment.pending': payment,
  'payment.succeeded': success,
  'payment.failed': payment.extend({
    failureCode: z.string().meta({ description: "The platform's own code, or `expired`, `canceled` or `closed`." }),
  }),
  'payment.closed': payment.extend({ reason: z.string().nullable() }),
  'payment.unexpected_success': success,
  'refund.created': refund,
  'refund.pending': refund,
  'refund.action_required': refund,
  'refund.succeeded': refund,
  'refund.failed': refund.extend({ platformCode: z.string().nullable() }),
  'refund.rejected': refund,
  'subscription.created': subscription,
  'subscription.trialing': subscription,
  'subscription.activated': subscription,
  'subscription.renewed': subscription,
  'subscription.past_due': subscription,
  'subscription.unpaid': subscription,
  'subscription.paused': subscription,
  'subscription.resumed': subscription,
  'subscription.changed': subscription,
  'subscription.cancel_scheduled': ended,
  'subscription.cancel_undone': subscription,
  'subscription.canceled': ended,
  'subscription.incomplete_expired': subscription,
  'invoice.created': invoice,
  'invoice.paid': invoice,
  'invoice.payment_failed': invoice.extend({
    failureCode: z.string().nullable(),
    failures: z.int(),
    nextTryAt: time.nullable(),
  }),
  'invoice.voided': invoice,
  'invoice.uncollectible': invoice,
  'mandate.signed': mandate,
  'mandate.ended': mandate,
  'mandate.lapsed': mandate,
  'entitlement.changed': user.extend({ sourceType: z.enum(['subscription', 'payment', 'grant']), sourceId: id }),
  'callback.parked': z.strictObject({
    callbackId: id,
    platform,
    accountId: id,
    callbackType: z.string(),
    problem: z.string().meta({ description: 'The field that does not fit.' }),
    objectId: z.string().nullable(),
  }),
  'push.received': z.strictObject({
    callbackId: id,
    platform,
    platformAccountId: id,
    pushType: z.string().meta({ description: "The platform's own name: `subscribe_msg_popup_event`, `text`, …" }),
  }),
  'notification.sent': notification,
  'notification.refused': notification,
  'notification.failed': notification,
  'notification.unknown': notification,
  'notification.expired': notification,
  'notification.canceled': notification,
  'broadcast.paused': broadcast,
  'broadcast.completed': broadcast,
  'broadcast.canceled': broadcast,
  'webhook_endpoint.disabled': z.strictObject({
    webhookEndpointId: id,
    reason: z.enum(['gone', 'failing']).meta({
      description: '`gone`: it answered 410. `failing`: for five days nothing else than failures.',
    }),
  }),
  'webhook.test': z.strictObject({ webhookEndpointId: id }),
} as const satisfies Record<EventType, z.ZodObject>;

/** The body of a webhook of that type, as it is sent and signed. */
export const payloadOf = (type: EventType) =>
  z.strictObject({
    type: z.literal(type),
    timestamp: z.iso.datetime().meta({ description: 'When it happened; not when it was sent.' }),
    data: EVENT_DATA[type],
  });
