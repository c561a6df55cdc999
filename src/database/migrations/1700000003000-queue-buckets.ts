import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Token buckets (where there is no Redis) and the turns of the sweeps. BullMQ's own tables are in the schema `bullmq`,
 * which it migrates itself.
 */
export class QueueBuckets1700000003000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create table queue_buckets (
        app_id text not null,
        bucket text not null,
        tat bigint not null,
        asked_at bigint not null,
        taken integer not null,
        primary key (app_id, bucket)
      ) with (fillfactor = 50);
      comment on table queue_buckets is 'Microseconds since 1970. Rows are hot: each update should find room in its page.';
      comment on column queue_buckets.tat is 'GCRA: when the bucket is full again.';
      comment on column queue_buckets.taken is 'Tokens given at asked_at: the answer to the update that wrote it.';

      create table queue_sweeps (
        kind text primary key,
        swept_at timestamptz not null
      );
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('drop table queue_sweeps, queue_buckets');
  }
}
