import type { PlatformCode } from '../platforms/platform.js';
import type { NotificationStatus } from './moves.js';
import type { NotificationView } from './notifications.schemas.js';
import type { QuietHours } from './quiet-hours.js';
import type { VariableData } from './variables.js';

/** A notification as the API reads it. */
export interface NotificationRow extends Record<string, unknown> {
  id: string;
  userId: string;
  template: string;
  broadcastId: string | null;
  data: VariableData;
  page: string | null;
  platforms: PlatformCode[];
  platform: PlatformCode | null;
  accountId: string | null;
  priority: 0 | 1 | 2;
  status: NotificationStatus;
  reason: string | null;
  platformCode: string | null;
  dedupeKey: string | null;
  quietHours: QuietHours | null;
  sendAt: Date;
  expiresAt: Date;
  sentAt: Date | null;
  endedAt: Date | null;
  createdAt: Date;
}

/** Columns of `n`, with its template `t`. */
export const NOTIFICATION_COLUMNS = `n.id, n.user_id as "userId", t.key as template, n.broadcast_id as "broadcastId", n.data,
  n.page, n.platforms, n.platform, n.account_id as "accountId", n.priority, n.status, n.reason,
  n.platform_code as "platformCode", n.dedupe_key as "dedupeKey", n.quiet_hours as "quietHours", n.send_at as "sendAt",
  n.expires_at as "expiresAt", n.sent_at as "sentAt", n.ended_at as "endedAt", n.created_at as "createdAt"`;

export const PRIORITIES = ['high', 'normal', 'low'] as const;

/** As the API shows it. `now`: business time. */
export const notificationView = (row: NotificationRow, now: Date): NotificationView => ({
  id: row.id,
  userId: row.userId,
  template: row.template,
  broadcastId: row.broadcastId,
  platform: row.platform,
  platformAccountId: row.accountId,
  platforms: row.platforms,
  status: row.status === 'scheduled' && row.sendAt <= now ? 'queued' : row.status,
  reason: row.reason,
  platformCode: row.platformCode,
  data: row.data,
  page: row.page,
  priority: PRIORITIES[row.priority],
  dedupeKey: row.dedupeKey,
  quietHours: row.quietHours,
  sendAt: row.sendAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  sentAt: row.sentAt?.toISOString() ?? null,
  endedAt: row.endedAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
});
