import { statement, type Statement } from '../database/database.js';
import type { EventReader } from './event-readers.js';

/** Events that one statement numbers at most. */
export const BATCH = 1_000;

/** One row of the answer: how many were numbered (`kind` null), or a lane to wake. */
export interface NumberedRow {
  readonly [column: string]: unknown;
  readonly kind: string | null;
  readonly appId: string | null;
  readonly lane: string | null;
  readonly numbered: number | null;
}

/**
 * Numbers committed events. One relay per database at a time (the advisory lock is the transaction's, so a dead relay's
 * work is taken over at once). A relay whose snapshot is older than another's commit finds `position` set and skips the
 * row, which may leave a gap in the numbers but never a repeat. What readers write for the events is part of the same
 * statement: one round trip, whoever listens, and no event is numbered without its deliveries.
 */
export const numbering = (readers: readonly EventReader[]): Statement =>
  statement(`
  with turn as materialized (select pg_try_advisory_xact_lock(7308324468) as ours),
  batch as materialized (
    select app_id, id, row_number() over (order by ordinal) as place
    from (
      select app_id, id, ordinal from events
      where position is null and (select ours from turn)
      order by ordinal limit ${BATCH}
    ) waiting
  ),
  counted as (select count(*) as size from batch),
  raised as (
    update event_relay set last_position = last_position + counted.size
    from counted where counted.size > 0
    returning last_position - counted.size as base
  ),
  numbered as (
    update events set position = raised.base + batch.place
    from raised, batch
    where events.app_id = batch.app_id and events.id = batch.id and events.position is null
    returning events.*
  )${readers.map(({ onNumbered }) => `,\n  ${onNumbered}`).join('')}
  select null as kind, null as "appId", null as lane, count(*)::int as numbered from numbered
  ${readers
    .map(({ kind, lanes }) => `union all select '${kind}', woken.app_id, woken.lane, null from (${lanes}) woken`)
    .join('\n  ')}`);

/** Forgets events of an app, with what readers keep of them. $1 app  $2 the first id that stays  $3 at most */
export const forgetting = (readers: readonly EventReader[]): Statement =>
  statement(`
  with old as (
    select app_id, id from events
    where app_id = $1 and id < $2 and position is not null
    order by id limit $3 for update skip locked
  ),
  forgotten as (
    delete from events using old where events.app_id = old.app_id and events.id = old.id
    returning events.app_id, events.id
  )${readers.map(({ onForgotten }) => `,\n  ${onForgotten}`).join('')}
  select count(*)::int as forgotten from forgotten`);
