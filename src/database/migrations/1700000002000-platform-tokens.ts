import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The platforms' access tokens: one per account and kind, shared by all processes. */
export class PlatformTokens1700000002000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create table platform_tokens (
        app_id text not null,
        account_id text not null,
        kind text not null,
        token text,
        fetched_at timestamptz(3),
        expires_at timestamptz(3),
        version integer not null default 0,
        refreshing_until timestamptz,
        primary key (app_id, account_id, kind),
        foreign key (app_id, account_id) references platform_accounts (app_id, id) on delete cascade,
        check ((version = 0) = (token is null) and (token is null) = (expires_at is null))
      );
      comment on column platform_tokens.token is 'Sealed.';
      comment on column platform_tokens.version is 'Raised by each new token; 0 before the first.';
      comment on column platform_tokens.refreshing_until is 'The lease of the process that is fetching the next one.';
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('drop table platform_tokens');
  }
}
