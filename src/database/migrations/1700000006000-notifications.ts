import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Templates, consents and messages. A consent belongs to an openid, not to a user: a platform may tell of a person who
 * never logged in, and a merge moves identities with all that hangs on them.
 */
export class Notifications1700000006000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
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

      create table message_accounts (
        app_id text not null,
        account_id text not null,
        rate_limit integer check (rate_limit > 0),
        last_push_at timestamptz(3),
        paused_at timestamptz(3),
        paused_until timestamptz(3),
        pause_reason text,
        primary key (app_id, account_id),
        foreign key (app_id, account_id) references platform_accounts (app_id, id)
      );
      comment on column message_accounts.rate_limit is 'Messages per second; null: what the platform allows.';
      comment on column message_accounts.last_push_at is 'Protocol time. Within 30 days: pushes grant, reports only claim.';
      comment on column message_accounts.paused_at is 'Protocol time at which the pause began, this one or the last.';
      comment on column message_accounts.paused_until is 'Protocol time: the platform takes nothing before.';

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
      comment on table message_consents is 'template_id is the platform''s. Sums of message_consent_entries.';
      comment on column message_consents.claimed is 'What reports of the client let through until a push proves them.';
      comment on column message_consents.subscribed is 'Long-term templates: any number, until taken back.';
      create index message_consents_person on message_consents (app_id, account_id, openid);

      create table message_consent_reports (
        app_id text not null,
        id text not null,
        account_id text not null,
        template_id text not null,
        openid text not null,
        mode text not null check (mode in ('grant', 'claim')),
        status text not null check (status in ('open', 'matched', 'dropped')),
        notification_id text,
        reported_at timestamptz(3) not null,
        drop_at timestamptz(3),
        primary key (app_id, id)
      );
      comment on table message_consent_reports is 'Acceptances that clients told of; a push is matched to the oldest open one.';
      comment on column message_consent_reports.notification_id is 'The message that this claim has let through.';
      comment on column message_consent_reports.drop_at is 'Business time at which a claim ends; grants have none.';
      create index message_consent_reports_open
        on message_consent_reports (app_id, account_id, template_id, openid, reported_at)
        where status = 'open' or (status = 'dropped' and notification_id is not null);
      create index message_consent_reports_notification
        on message_consent_reports (app_id, notification_id) where notification_id is not null;
      create index message_consent_reports_drop
        on message_consent_reports (app_id, drop_at) where status = 'open' and drop_at is not null;

      create table message_consent_pushes (
        app_id text not null,
        account_id text not null,
        identity text not null,
        template_id text not null,
        openid text not null,
        effect text not null check (effect in ('grant', 'void', 'none')),
        report_id text,
        happened_at timestamptz(3) not null,
        pushed_at timestamptz(3) not null,
        primary key (app_id, account_id, identity)
      );
      comment on table message_consent_pushes is 'What people answered, once each; a grant without a report waits ten minutes for it.';
      comment on column message_consent_pushes.report_id is 'The report that told of the same acceptance.';
      comment on column message_consent_pushes.happened_at is 'As the platform says: pushes may come in another order.';
      create index message_consent_pushes_consent
        on message_consent_pushes (app_id, account_id, template_id, openid, happened_at) where effect <> 'none';
      create index message_consent_pushes_age on message_consent_pushes (app_id, pushed_at);

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
      comment on table message_consent_entries is 'Insert-only. By how much each entry changed the three counts of its consent.';
      create index message_consent_entries_consent
        on message_consent_entries (app_id, account_id, openid, template_id, id);

      create table broadcasts (
        app_id text not null,
        id text not null,
        template_id text not null,
        data jsonb not null,
        page text,
        filter jsonb not null,
        status text not null check (status in ('scheduled', 'running', 'paused', 'completed', 'canceled')),
        status_reason text,
        send_at timestamptz(3) not null,
        expires_at timestamptz(3) not null,
        quiet_hours jsonb,
        place jsonb,
        expanded boolean not null default false,
        created integer not null default 0,
        sequence integer not null default 0,
        check_at timestamptz(3),
        created_at timestamptz(3) not null default now(),
        ended_at timestamptz(3),
        primary key (app_id, id),
        foreign key (app_id, template_id) references message_templates (app_id, id)
      );
      comment on column broadcasts.place is 'The last consent that became a message: account, platform template, openid.';
      comment on column broadcasts.check_at is 'Business time at which more of it is due; null: nothing to do.';
      create index broadcasts_due on broadcasts (app_id, check_at) where check_at is not null;

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
      comment on column notifications.data is 'Variables; may be personal, so it goes when the user is erased.';
      comment on column notifications.platforms is 'Where it may go, in this order; the first with a grant.';
      comment on column notifications.routes is 'Where it goes next when there is no consent: account, openid, template of each.';
      comment on column notifications.priority is '0 before 1 before 2 within one account; broadcasts are 2.';
      comment on column notifications.due_at is 'Business time; null: nothing to send.';
      comment on column notifications.leased_until is 'Protocol time. Being sent; once it has passed without a result, nobody knows.';
      comment on column notifications.reservation is 'What was reserved of the consent, until it is used or returned.';
      comment on column notifications.settle_at is 'Business time at which the reservation of an unknown outcome counts as used.';
      create unique index notifications_dedupe on notifications (app_id, user_id, dedupe_key) where dedupe_key is not null;
      create unique index notifications_broadcast_user on notifications (app_id, broadcast_id, user_id)
        where broadcast_id is not null;
      create index notifications_due on notifications (app_id, account_id, priority, due_at) where due_at is not null;
      create index notifications_person on notifications (app_id, account_id, openid)
        where due_at is not null or settle_at is not null;
      create index notifications_user on notifications (app_id, user_id, id);
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
      comment on column notification_counts.day is 'In China, where the platforms count.';
      comment on column notification_counts.platform is 'none: what failed because the user was never on one.';
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop table notification_counts, notifications, broadcasts, message_consent_entries, message_consent_pushes,
        message_consent_reports, message_consents, message_accounts, message_templates`);
  }
}
