/** The tables that a delivery touches, with the server's columns, keys and indexes. */
export const DELIVERY_SCHEMA = `
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
`;
