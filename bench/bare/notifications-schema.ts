/** The tables that a message touches, with the server's columns, keys and indexes. */
export const NOTIFICATION_SCHEMA = `
  create table message_templates (
    app_id text not null references apps (id),
    id text not null,
    key text not null,
    name text not null,
    time_zone text not null,
    variables jsonb not null,
    platforms jsonb not null,
    created_at timestamptz(3) not null default now(),
    updated_at timestamptz(3) not null default now(),
    primary key (app_id, id),
    unique (app_id, key)
  );

  create table message_consents (
    app_id text not null,
    account_id text not null,
    template_id text not null,
    openid text not null,
    kind text not null check (kind in ('one_time', 'long_term')),
    granted integer not null default 0 check (granted >= 0),
    claimed integer not null default 0 check (claimed >= 0),
    reserved integer not null default 0 check (reserved >= 0),
    subscribed boolean not null default false,
    answer text not null,
    answered_at timestamptz(3) not null,
    blocked_until timestamptz(3),
    primary key (app_id, account_id, template_id, openid),
    foreign key (app_id, account_id) references platform_accounts (app_id, id)
  ) with (fillfactor = 70);
  create index message_consents_person on message_consents (app_id, account_id, openid);

  create table message_consent_entries (
    app_id text not null,
    id text not null,
    account_id text not null,
    template_id text not null,
    openid text not null,
    kind text not null check (kind in
      ('granted', 'claimed', 'confirmed', 'dropped', 'reserved', 'used', 'returned', 'voided', 'subscribed', 'unsubscribed')),
    granted integer not null default 0,
    claimed integer not null default 0,
    reserved integer not null default 0,
    reason text not null,
    notification_id text,
    created_at timestamptz(3) not null default now(),
    primary key (app_id, id)
  );
  create index message_consent_entries_consent
    on message_consent_entries (app_id, account_id, openid, template_id, id);

  create table notifications (
    app_id text not null,
    id text not null,
    user_id text not null,
    template_id text not null,
    broadcast_id text,
    data jsonb not null,
    page text,
    platforms text[] not null,
    routes jsonb not null default '[]',
    account_id text,
    platform text,
    openid text,
    platform_template_id text,
    priority smallint not null check (priority between 0 and 2),
    status text not null check (status in
      ('scheduled', 'queued', 'sent', 'refused', 'failed', 'unknown', 'expired', 'canceled')),
    reason text,
    platform_code text,
    dedupe_key text,
    send_at timestamptz(3) not null,
    expires_at timestamptz(3) not null,
    quiet_hours jsonb,
    due_at timestamptz(3),
    leased_until timestamptz(3),
    reservation text check (reservation in ('grant', 'claim', 'subscription')),
    settle_at timestamptz(3),
    tries integer not null default 0,
    platform_message_id text,
    sequence integer not null default 0,
    created_at timestamptz(3) not null default now(),
    sent_at timestamptz(3),
    ended_at timestamptz(3),
    primary key (app_id, id),
    foreign key (app_id, template_id) references message_templates (app_id, id)
  ) with (fillfactor = 50);
  create unique index notifications_dedupe on notifications (app_id, user_id, dedupe_key) where dedupe_key is not null;
  create unique index notifications_broadcast_user on notifications (app_id, broadcast_id, user_id)
    where broadcast_id is not null;
  create index notifications_due on notifications (app_id, account_id, priority, due_at) where due_at is not null;
  create index notifications_person on notifications (app_id, account_id, openid)
    where due_at is not null or settle_at is not null;
  create index notifications_user on notifications (user_id, app_id, id);
  create index notifications_broadcast on notifications (app_id, broadcast_id, status) where broadcast_id is not null;
  create index notifications_message on notifications (app_id, account_id, platform_message_id)
    where platform_message_id is not null;
  create index notifications_settle on notifications (app_id, settle_at) where settle_at is not null;

  create table notification_counts (
    app_id text not null,
    template_id text not null,
    platform text not null,
    day date not null,
    status text not null,
    count bigint not null,
    primary key (app_id, template_id, day, platform, status),
    foreign key (app_id, template_id) references message_templates (app_id, id)
  ) with (fillfactor = 50);
`;
