import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Where events go, and how each sending went. Deliveries refer to endpoints and events without foreign keys: the relay
 * would lock an endpoint's row for each, and what an endpoint or event leaves behind is removed in batches.
 */
export class Webhooks1700000005000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create table webhook_endpoints (
        app_id text not null references apps (id),
        id text not null,
        url text not null,
        description text not null,
        events text[] not null check (cardinality(events) > 0),
        ordered boolean not null,
        signature text not null check (signature in ('v1', 'v1a')),
        secret text not null,
        public_key text,
        previous_secret text,
        previous_until timestamptz(3),
        headers text,
        rate_limit integer check (rate_limit > 0),
        status text not null check (status in ('enabled', 'paused', 'disabled')),
        disabled_reason text,
        sequence integer not null default 0,
        failures integer not null default 0,
        failing_since timestamptz(3),
        pause_ms integer not null default 0,
        open_until timestamptz(3),
        recover_after text,
        recover_until text,
        recover_since timestamptz(3),
        recover_missing boolean not null default false,
        created_at timestamptz(3) not null default now(),
        updated_at timestamptz(3) not null default now(),
        primary key (app_id, id)
      ) with (fillfactor = 50);
      comment on column webhook_endpoints.headers is 'Sealed JSON: they may hold tokens.';
      comment on column webhook_endpoints.sequence is 'Events about this endpoint so far.';
      comment on column webhook_endpoints.failures is 'Failed attempts since the last success.';
      comment on column webhook_endpoints.pause_ms is 'Circuit: 0 while closed, else the pause after the last probe.';
      comment on column webhook_endpoints.open_until is 'Nothing is sent until then.';
      comment on column webhook_endpoints.recover_after is 'While deliveries are recovered: the event id reached so far.';

      create table webhook_deliveries (
        app_id text not null,
        id text not null,
        endpoint_id text not null,
        event_id text not null,
        event_type text not null,
        stream_type text not null,
        stream_id text not null,
        position bigint not null,
        ordered boolean not null,
        status text not null check (status in ('pending', 'succeeded', 'dead', 'canceled')),
        attempts integer not null default 0,
        tries integer not null default 0,
        next_attempt_at timestamptz(3) not null,
        leased_until timestamptz(3),
        last_status integer,
        last_error text,
        created_at timestamptz(3) not null default now(),
        finished_at timestamptz(3),
        primary key (app_id, id)
      ) with (fillfactor = 80);
      comment on column webhook_deliveries.id is 'Follows from event and endpoint, so that none is made twice.';
      comment on column webhook_deliveries.ordered is 'As the endpoint is, which never changes.';
      comment on column webhook_deliveries.tries is 'Attempts of the present schedule; a redelivery begins it anew.';
      comment on column webhook_deliveries.leased_until is 'Not in an index, so that taking a lease is a cheap update.';
      create index webhook_deliveries_endpoint on webhook_deliveries (app_id, endpoint_id, id);
      create index webhook_deliveries_due on webhook_deliveries (app_id, endpoint_id, next_attempt_at, position)
        where status = 'pending';
      create index webhook_deliveries_streams
        on webhook_deliveries (app_id, endpoint_id, stream_type, stream_id, position)
        where status = 'pending' and ordered;
      create index webhook_deliveries_dead on webhook_deliveries (app_id, id) where status = 'dead';

      create table webhook_attempts (
        app_id text not null,
        delivery_id text not null,
        number integer not null,
        at timestamptz(3) not null,
        duration_ms integer not null,
        status integer,
        error text,
        answer text,
        primary key (app_id, delivery_id, number)
      );
      comment on column webhook_attempts.answer is 'The first KiB of what the endpoint said.';
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('drop table webhook_attempts, webhook_deliveries, webhook_endpoints');
  }
}
