/** Every type of event, with the sentence that docs/events.md shows. A type is part of the API. */
export const EVENT_TYPES = {
  'user.created': 'Somebody logged in for the first time.',
  'user.updated': 'A profile, phone number or metadata changed; `data.fields` names what.',
  'user.duplicate_found': 'A unionid shows that `data.otherUserId` is the same person: merge them if you agree.',
  'user.merged': 'The user was merged into `data.intoUserId`; the id stays readable.',
  'user.erased': 'Personal data was erased and every session ended.',
  'identity.linked': 'The user can now come from this mini-program too.',
  'identity.unlinked': 'The user can no longer come from this mini-program.',
  'session.revoked': 'A session ended before its time; `data.reason` says why.',
  'payment.created': 'Somebody intends to pay; `data.status` is `created`, or `pending` when a platform was named.',
  'payment.pending': 'The first attempt was made on a platform.',
  'payment.succeeded': 'The money is there.',
  'payment.failed': 'A debit without a person did not succeed.',
  'payment.closed': 'Nobody can pay it any more; `data.reason` says whether it was canceled or ran out.',
  'payment.unexpected_success': 'Money came that nobody wants (a second or late success); it is refunded in full.',
  'refund.created': 'A refund was accepted and its amount reserved; `data.source` says who asked for it.',
  'refund.pending': 'The platform has accepted the refund.',
  'refund.action_required': 'The platform cannot give the money back by itself: somebody must act.',
  'refund.succeeded': 'The money was given back.',
  'refund.failed': 'The refund will not happen; its amount is free again.',
  'refund.rejected': 'A refund that the user asked for was rejected.',
  'callback.parked': 'A genuine callback does not fit what we know: look at it. Nothing was changed.',
  'webhook_endpoint.disabled': 'Nothing is sent to the endpoint any more; `data.reason` says why.',
  'webhook.test': 'Somebody asked for a test of a webhook endpoint; it goes there and nowhere else.',
} as const;

export type EventType = keyof typeof EVENT_TYPES;
