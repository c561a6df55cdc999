import type { MigrationInterface, QueryRunner } from 'typeorm';

/** People, who they are on the platforms, and their logins. */
export class Users1700000001200 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
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
      comment on column users.sequence is 'Events of this user so far: raised by the update that announces one.';

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
      comment on table unionids is 'Decides races: whoever brings a unionid first, owns it.';

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
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('drop table sessions, unionids, identities, users');
  }
}
