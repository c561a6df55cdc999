/** The tables that a login touches, with the server's columns, keys and indexes: an honest rival writes as much. */
export const SCHEMA = `
  create table apps (id text primary key);

  create table platform_accounts (
    app_id text not null references apps (id),
    id text not null,
    primary key (app_id, id)
  );

  create table users (
    app_id text not null references apps (id),
    id text not null,
    status text not null default 'active' check (status in ('active', 'merged', 'erased')),
    merged_into text,
    nickname text,
    avatar_url text,
    phone text,
    phone_hash bytea,
    metadata jsonb not null default '{}',
    sequence integer not null default 1,
    created_at timestamptz(3) not null default now(),
    updated_at timestamptz(3) not null default now(),
    primary key (app_id, id),
    check ((status = 'merged') = (merged_into is not null))
  );
  create index users_phone on users (app_id, phone_hash) where phone_hash is not null;

  create table identities (
    app_id text not null,
    id text not null,
    user_id text not null,
    account_id text not null,
    platform text not null,
    platform_app_id text not null,
    openid text not null,
    alternate_openid text,
    unionid text,
    anonymous boolean not null default false,
    anonymous_openid text,
    session_key text,
    session_key_at timestamptz(3),
    created_at timestamptz(3) not null default now(),
    last_login_at timestamptz(3) not null default now(),
    primary key (app_id, id),
    unique (app_id, platform, platform_app_id, openid),
    foreign key (app_id, user_id) references users (app_id, id),
    foreign key (app_id, account_id) references platform_accounts (app_id, id)
  );
  create index identities_user on identities (app_id, user_id);
  create index identities_account on identities (app_id, account_id);

  create table unionids (
    app_id text not null,
    platform text not null,
    unionid text not null,
    user_id text not null,
    primary key (app_id, platform, unionid),
    foreign key (app_id, user_id) references users (app_id, id)
  );
  create index unionids_user on unionids (app_id, user_id);

  create table sessions (
    app_id text not null,
    id text not null,
    user_id text not null,
    identity_id text not null,
    token_hash bytea not null,
    previous_hash bytea,
    successor_key bytea,
    created_at timestamptz(3) not null default now(),
    refreshed_at timestamptz(3) not null default now(),
    expires_at timestamptz(3) not null,
    revoked_at timestamptz(3),
    revoked_reason text,
    ip text,
    user_agent text,
    primary key (app_id, id),
    foreign key (app_id, user_id) references users (app_id, id)
  );
  create index sessions_user on sessions (app_id, user_id) where revoked_at is null;
  create index sessions_expiry on sessions (expires_at);

  create table events (
    app_id text not null references apps (id),
    id text not null,
    type text not null,
    stream_type text not null,
    stream_id text not null,
    sequence integer not null check (sequence > 0),
    object_type text not null,
    object_id text not null,
    data jsonb not null,
    created_at timestamptz(3) not null default now(),
    ordinal bigint generated always as identity,
    position bigint,
    primary key (app_id, id),
    unique (app_id, stream_type, stream_id, sequence)
  );
  create index events_waiting on events (ordinal) where position is null;
  create unique index events_position on events (app_id, position) where position is not null;
`;
