import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Apps and what belongs to them. Every key, unique constraint and foreign key contains `app_id`, so that the data can be
 * sharded by app; only `server_keys` and `rate_limits` belong to the installation as a whole.
 */
export class Foundation1700000001000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create table apps (
        id text primary key,
        name text not null,
        mode text not null check (mode in ('test', 'live')),
        clock_offset bigint not null default 0 check (clock_offset >= 0 and (mode = 'test' or clock_offset = 0)),
        created_at timestamptz(3) not null default now(),
        updated_at timestamptz(3) not null default now()
      );
      comment on column apps.clock_offset is 'Milliseconds that business time is ahead of protocol time; test apps only.';

      create table api_keys (
        app_id text not null references apps (id),
        id text not null,
        name text not null,
        hash bytea not null,
        hint text not null,
        created_at timestamptz(3) not null default now(),
        last_used_at timestamptz(3),
        revoked_at timestamptz(3),
        primary key (app_id, id),
        unique (app_id, hash)
      );

      create table platform_accounts (
        app_id text not null references apps (id),
        id text not null,
        platform text not null,
        platform_app_id text not null,
        name text not null,
        status text not null check (status in ('active', 'disabled')),
        credentials text not null,
        created_at timestamptz(3) not null default now(),
        updated_at timestamptz(3) not null default now(),
        primary key (app_id, id),
        unique (app_id, platform, platform_app_id)
      );
      comment on column platform_accounts.credentials is 'Sealed JSON in the shape that the platform publishes.';

      create table idempotency_keys (
        app_id text not null,
        caller text not null,
        key text not null,
        route text not null,
        body_hash bytea not null,
        resource_id text,
        sealed text,
        created_at timestamptz(3) not null default now(),
        primary key (app_id, caller, key)
      );
      create index idempotency_keys_age on idempotency_keys (created_at);

      create table audit_log (
        app_id text not null,
        id text not null,
        actor text not null,
        action text not null,
        target text not null,
        fields text[] not null,
        request_id text not null,
        created_at timestamptz(3) not null default now(),
        primary key (app_id, id)
      );

      create table server_keys (
        id text primary key,
        purpose text not null,
        sealed text not null,
        created_at timestamptz(3) not null default now(),
        signs_from timestamptz(3) not null default now()
      );
      create unique index server_keys_single on server_keys (purpose) where purpose <> 'access_token';

      create table rate_limits (
        key text primary key,
        points integer not null default 0,
        expire bigint
      );
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(
      'drop table rate_limits, server_keys, audit_log, idempotency_keys, platform_accounts, api_keys, apps',
    );
  }
}
