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
} as const;

export type EventType = keyof typeof EVENT_TYPES;
