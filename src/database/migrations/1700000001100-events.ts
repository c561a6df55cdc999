import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The outbox. `ordinal` is drawn while the stream's row is locked, so within a stream it ascends with `sequence`;
 * the relay gives `position` to committed rows in its order, and readers only ever look at `position`.
 */
export class Events1700000001100 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
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

      create table event_relay (
        only_row boolean primary key default true check (only_row),
        last_position bigint not null
      );
      insert into event_relay (last_position) values (0);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('drop table event_relay, events');
  }
}
