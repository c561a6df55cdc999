import { Foundation1700000001000 } from './1700000001000-foundation.js';
import { Events1700000001100 } from './1700000001100-events.js';
import { Users1700000001200 } from './1700000001200-users.js';
import { PlatformTokens1700000002000 } from './1700000002000-platform-tokens.js';
import { QueueBuckets1700000003000 } from './1700000003000-queue-buckets.js';
import { Payments1700000004000 } from './1700000004000-payments.js';
import { Webhooks1700000005000 } from './1700000005000-webhooks.js';
import { Notifications1700000006000 } from './1700000006000-notifications.js';
import { NotificationsOfUsers1700000006100 } from './1700000006100-notifications-of-users.js';
import { Subscriptions1700000007000 } from './1700000007000-subscriptions.js';

/** All migrations, in order. `npm run migration:new` makes a file; add it here. */
export const MIGRATIONS = [
  Foundation1700000001000,
  Events1700000001100,
  Users1700000001200,
  PlatformTokens1700000002000,
  QueueBuckets1700000003000,
  Payments1700000004000,
  Webhooks1700000005000,
  Notifications1700000006000,
  NotificationsOfUsers1700000006100,
  Subscriptions1700000007000,
];
