import { createHash } from 'node:crypto';

/*
 * A delivery's id follows from its event and endpoint: the time of the event's id (twelve digits, so that deliveries sort
 * and are found by time) and twenty digits of a hash. So none is ever made twice, and no index has to see to that.
 */
const TIME_DIGITS = 12;
const HASH_DIGITS = 20;

/** The id of the delivery of an event to an endpoint. */
export function deliveryIdOf(eventId: string, endpointId: string): string {
  const hash = createHash('sha256').update(`${eventId}/${endpointId}`).digest('hex');
  return `dlv_${eventId.slice(4, 4 + TIME_DIGITS)}${hash.slice(0, HASH_DIGITS)}`;
}

/** The same in SQL; `event` and `endpoint` are expressions. */
export const deliveryIdSql = (event: string, endpoint: string): string =>
  `'dlv_' || substr(${event}, 5, ${TIME_DIGITS}) || substr(encode(sha256(convert_to(${event} || '/' || ${endpoint}, 'UTF8')), 'hex'), 1, ${HASH_DIGITS})`;

/** A condition on `delivery` (an alias of the table): it is of that event. Found by primary key. */
export const ofEventSql = (delivery: string, event: string): string =>
  `${delivery}.id >= 'dlv_' || substr(${event}, 5, ${TIME_DIGITS}) and ${delivery}.id < 'dlv_' || substr(${event}, 5, ${TIME_DIGITS}) || 'g' and ${delivery}.event_id = ${event}`;
