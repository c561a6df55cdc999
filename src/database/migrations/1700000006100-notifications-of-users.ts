import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * While statistics know nothing of an app, every index that begins with `app_id` looks equally good, and the one by user was
 * taken to find the messages of an account (docs/decisions/0030).
 */
export class NotificationsOfUsers1700000006100 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create index notifications_of_user on notifications (user_id, app_id, id);
      drop index notifications_user;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      create index notifications_user on notifications (app_id, user_id, id);
      drop index notifications_of_user;
    `);
  }
}
