import type { EventReader } from '../events/event-readers.js';
import { deliveryIdSql, ofEventSql } from './delivery-id.js';
import { DELIVERY_LANES } from './delivery-lanes.js';

/** Whether endpoint `e` wants event `n`. A test goes to the endpoint that it tests, and nowhere else. */
export const wantsSql = (e: string, n: string): string =>
  `case when ${n}.type = 'webhook.test' then ${n}.stream_id = ${e}.id else ${e}.events && array['*', ${n}.type] end`;

/** The columns of a new delivery, and their values for event `n` and endpoint `e`. */
export const DELIVERY_COLUMNS =
  'app_id, id, endpoint_id, event_id, event_type, stream_type, stream_id, position, ordered, status, next_attempt_at';
export const deliverySql = (e: string, n: string, at = 'now()'): string =>
  `${n}.app_id, ${deliveryIdSql(`${n}.id`, `${e}.id`)}, ${e}.id, ${n}.id, ${n}.type, ${n}.stream_type, ${n}.stream_id,
   ${n}.position, ${e}.ordered, 'pending', ${at}`;

/** What happens with events: deliveries are made as they are numbered, and forgotten with them. */
export const DELIVERIES: EventReader = {
  kind: DELIVERY_LANES,
  onNumbered: `delivered as (
    insert into webhook_deliveries (${DELIVERY_COLUMNS})
    select ${deliverySql('e', 'n')}
    from numbered n join webhook_endpoints e on e.app_id = n.app_id
    where e.status <> 'disabled' and ${wantsSql('e', 'n')}
    on conflict (app_id, id) do nothing
    returning app_id, endpoint_id
  )`,
  lanes: 'select distinct app_id, endpoint_id as lane from delivered',
  onForgotten: `forgotten_deliveries as (
    delete from webhook_deliveries d using forgotten f
    where d.app_id = f.app_id and ${ofEventSql('d', 'f.id')}
    returning d.app_id, d.id
  ),
  forgotten_attempts as (
    delete from webhook_attempts a using forgotten_deliveries d where a.app_id = d.app_id and a.delivery_id = d.id
  )`,
};
