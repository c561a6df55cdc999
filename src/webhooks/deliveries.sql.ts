import { statement, type Statement } from '../database/database.js';
import type { DeliveryStatus } from './deliveries.schemas.js';
import { DELIVERY_COLUMNS, deliverySql, wantsSql } from './event-subscription.js';
import { ofEventSql } from './delivery-id.js';

const COLUMNS = `d.id, d.endpoint_id as "endpointId", d.event_id as "eventId", d.event_type as "eventType",
  d.stream_type as "streamType", d.stream_id as "streamId", d.status, d.attempts,
  d.next_attempt_at as "nextAttemptAt", d.last_status as "lastStatus", d.last_error as "lastError",
  d.created_at as "createdAt", d.finished_at as "finishedAt"`;

export interface DeliveryRow {
  [column: string]: unknown;
  id: string;
  endpointId: string;
  eventId: string;
  eventType: string;
  streamType: string;
  streamId: string;
  status: DeliveryStatus;
  attempts: number;
  nextAttemptAt: Date;
  lastStatus: number | null;
  lastError: string | null;
  createdAt: Date;
  finishedAt: Date | null;
}

const lists = new Map<string, Statement>();

/** A list by its filters, each combination planned by itself. $1 app  $2 before  $3 limit  $4 endpoint  $5 event */
export function listing(filter: { endpoint: boolean; event: boolean; status: DeliveryStatus | undefined }): Statement {
  const text = `
    select ${COLUMNS} from webhook_deliveries d
    where d.app_id = $1 and ($2::text is null or d.id < $2)
      and ${filter.endpoint ? 'd.endpoint_id = $4' : '$4::text is null'}
      and ${filter.event ? ofEventSql('d', '$5::text') : '$5::text is null'}
      ${filter.status ? `and d.status = '${filter.status}'` : ''}
    order by d.id desc limit $3`;
  let known = lists.get(text);
  if (!known) lists.set(text, (known = statement(text)));
  return known;
}

export const FIND = statement(`select ${COLUMNS} from webhook_deliveries d where d.app_id = $1 and d.id = $2`);

export const ATTEMPTS = statement(`
  select number, at, duration_ms as "durationMs", status, error, answer from webhook_attempts
  where app_id = $1 and delivery_id = $2 order by number`);

export const FIND_EVENT = statement(`select id from events where app_id = $1 and id = $2`);

/** Makes an event's deliveries due again, or due at last. $1 app  $2 event  $3 endpoint, or null for all that want it  $4 now */
export const REDELIVER = statement(`
  insert into webhook_deliveries as d (${DELIVERY_COLUMNS})
  select ${deliverySql('e', 'n', '$4')}
  from events n join webhook_endpoints e on e.app_id = n.app_id
  where n.app_id = $1 and n.id = $2 and n.position is not null and e.status <> 'disabled'
    and case when $3::text is null then ${wantsSql('e', 'n')} else e.id = $3 end
  on conflict (app_id, id) do update set status = 'pending', tries = 0, next_attempt_at = $4, finished_at = null
  returning ${COLUMNS}`);
