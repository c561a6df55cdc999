import type { PlatformCode } from '../platforms/platform.js';
import type { BroadcastStatus, BroadcastView } from './broadcasts.schemas.js';
import type { QuietHours } from './quiet-hours.js';
import type { VariableData } from './variables.js';

/** The last consent that became a message. */
export interface Place {
  readonly accountId: string;
  readonly templateId: string;
  readonly openid: string;
}

export interface BroadcastFilter {
  readonly platform?: PlatformCode | undefined;
  readonly platformAppId?: string | undefined;
}

export interface BroadcastRow extends Record<string, unknown> {
  id: string;
  templateId: string;
  template: string;
  data: VariableData;
  page: string | null;
  filter: BroadcastFilter;
  status: BroadcastStatus;
  statusReason: string | null;
  sendAt: Date;
  expiresAt: Date;
  quietHours: QuietHours | null;
  place: Place | null;
  expanded: boolean;
  created: number;
  sequence: number;
  createdAt: Date;
  endedAt: Date | null;
}

export interface ProgressRow extends Record<string, unknown> {
  id: string;
  status: keyof Omit<BroadcastView['progress'], 'created' | 'isExpanded'> | 'scheduled';
  count: number;
}

/** As the API shows it, with the counts of its messages. */
export function broadcastView(row: BroadcastRow, counts: readonly ProgressRow[]): BroadcastView {
  const of = (...statuses: ProgressRow['status'][]): number =>
    counts
      .filter(({ id, status }) => id === row.id && statuses.includes(status))
      .reduce((sum, { count }) => sum + count, 0);
  return {
    id: row.id,
    template: row.template,
    data: row.data,
    page: row.page,
    filter: row.filter,
    status: row.status,
    reason: row.statusReason,
    quietHours: row.quietHours,
    progress: {
      created: row.created,
      queued: of('queued', 'scheduled'),
      sent: of('sent'),
      refused: of('refused'),
      failed: of('failed'),
      unknown: of('unknown'),
      expired: of('expired'),
      canceled: of('canceled'),
      isExpanded: row.expanded,
    },
    sendAt: row.sendAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
  };
}
