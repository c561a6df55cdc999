import type { EventType } from '../../events/event-types.js';
import { broadcastCanceled, broadcastCompleted, broadcastPaused } from './broadcast-scenes.js';
import {
  notificationCanceled,
  notificationExpired,
  notificationFailed,
  notificationRefused,
  notificationSent,
  notificationUnknown,
  pushReceived,
} from './notification-scenes.js';
import {
  callbackParked,
  paymentClosed,
  paymentCreated,
  paymentPending,
  paymentSucceeded,
  unexpectedSuccess,
} from './payment-scenes.js';
import {
  refundActionRequired,
  refundCreated,
  refundFailed,
  refundPending,
  refundRejected,
  refundSucceeded,
} from './refund-scenes.js';
import type { NoScene, Scene } from './scene.js';
import {
  identityLinked,
  identityUnlinked,
  sessionRevoked,
  userCreated,
  userErased,
  userMerged,
  userUpdated,
} from './user-scenes.js';

/** How each type of event is brought about, or why it cannot be. */
export const SCENES: Readonly<Record<EventType, Scene | NoScene>> = {
  'user.created': userCreated,
  'user.updated': userUpdated,
  'user.duplicate_found': { whyNot: 'it takes a mini-program that is bound to an open platform only later' },
  'user.merged': userMerged,
  'user.erased': userErased,
  'identity.linked': identityLinked,
  'identity.unlinked': identityUnlinked,
  'session.revoked': sessionRevoked,
  'payment.created': paymentCreated,
  'payment.pending': paymentPending,
  'payment.succeeded': paymentSucceeded,
  'payment.failed': { whyNot: 'only a debit without a person fails, and there are none yet' },
  'payment.closed': paymentClosed,
  'payment.unexpected_success': unexpectedSuccess,
  'refund.created': refundCreated,
  'refund.pending': refundPending,
  'refund.action_required': refundActionRequired,
  'refund.succeeded': refundSucceeded,
  'refund.failed': refundFailed,
  'refund.rejected': refundRejected,
  'callback.parked': callbackParked,
  'push.received': pushReceived,
  'notification.sent': notificationSent,
  'notification.refused': notificationRefused,
  'notification.failed': notificationFailed,
  'notification.unknown': notificationUnknown,
  'notification.expired': notificationExpired,
  'notification.canceled': notificationCanceled,
  'broadcast.paused': broadcastPaused,
  'broadcast.completed': broadcastCompleted,
  'broadcast.canceled': broadcastCanceled,
  'webhook_endpoint.disabled': { whyNot: 'let the endpoint answer 410' },
  'webhook.test': { whyNot: 'send a test to a webhook endpoint by the API' },
};
