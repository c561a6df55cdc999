import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Recurring billing. What is due is found by one index per table: each row has one next time at which somebody acts on it.
 * All due times are business time.
 */
export class Subscriptions1700000007000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      alter table prices
        add column trial_days integer not null default 0 check (trial_days between 0 and 730),
        add column introductory jsonb;
      comment on column prices.introductory is '{amount, periods}: what the first periods cost instead.';

      alter table payments
        add column is_heard boolean not null default false,
        add column failure_code text;
      comment on column payments.is_heard is 'Whether an upper domain acts in the transaction that settles it.';

      alter table payment_attempts add column mandate jsonb;
      comment on column payment_attempts.mandate is 'The contract that it signs, or under which it debits, as it was then.';
      create unique index payment_attempts_debit on payment_attempts (app_id, payment_id)
        where mandate is not null and status in ('created', 'pending', 'unknown');

      create table test_clocks (
        app_id text not null references apps (id),
        target timestamptz(3) not null,
        lease_until timestamptz(3) not null,
        reason text,
        updated_at timestamptz(3) not null,
        primary key (app_id)
      );
      comment on column test_clocks.lease_until is 'Protocol time: until then a process is advancing it.';

      create table billing_settings (
        app_id text not null references apps (id),
        time_zone text not null default 'Asia/Shanghai',
        grace_days integer not null default 7 check (grace_days between 0 and 60),
        final_action text not null default 'cancel' check (final_action in ('cancel', 'mark_unpaid')),
        reminder_days integer not null default 3 check (reminder_days between 1 and 30),
        renewal_template text,
        failure_template text,
        updated_at timestamptz(3) not null default now(),
        primary key (app_id)
      );
      comment on column billing_settings.renewal_template is 'Key of the message template that says that a period will end.';

      create table invoice_numbers (
        app_id text not null references apps (id),
        last bigint not null,
        primary key (app_id)
      );

      create table subscriptions (
        app_id text not null,
        id text not null,
        user_id text not null,
        product_id text not null,
        price_id text not null,
        quantity integer not null check (quantity > 0),
        platform text,
        platform_account_id text,
        renewal text not null check (renewal in ('automatic', 'manual')),
        status text not null check (status in
          ('incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled')),
        time_zone text not null,
        anchor timestamptz(3) not null,
        period_number integer not null default 0,
        periods_billed integer not null default 0,
        current_period_start timestamptz(3) not null,
        current_period_end timestamptz(3) not null,
        trial_end timestamptz(3),
        cancel_at timestamptz(3),
        cancel_reason text,
        ended_at timestamptz(3),
        paused_at timestamptz(3),
        pending_change jsonb,
        credit bigint not null default 0 check (credit >= 0),
        mandate_id text,
        metadata jsonb not null default '{}',
        sequence integer not null default 1,
        next_at timestamptz(3),
        created_at timestamptz(3) not null,
        updated_at timestamptz(3) not null,
        primary key (app_id, id),
        foreign key (app_id, user_id) references users (app_id, id),
        foreign key (app_id, price_id) references prices (app_id, id),
        check (current_period_start <= current_period_end)
      );
      create unique index subscriptions_live on subscriptions (app_id, user_id, product_id)
        where status not in ('incomplete', 'incomplete_expired', 'canceled');
      create index subscriptions_user on subscriptions (app_id, user_id, id);
      create index subscriptions_due on subscriptions (app_id, next_at) where next_at is not null;
      comment on column subscriptions.anchor is 'Business time: period n begins n intervals after it, in the time zone.';
      comment on column subscriptions.period_number is 'Which period since the anchor is the current one.';
      comment on column subscriptions.periods_billed is 'Ordinary periods that were billed so far: the introductory price counts them.';
      comment on column subscriptions.credit is 'Fen that the next invoices are reduced by.';
      comment on column subscriptions.next_at is 'Business time: when to renew, remind, end or change it; also the lease of who does.';

      create table mandates (
        app_id text not null,
        id text not null,
        user_id text not null,
        subscription_id text not null,
        platform text not null,
        platform_account_id text not null,
        merchant_account_id text not null,
        number text not null,
        serial bigint generated always as identity,
        payer text not null,
        status text not null check (status in ('pending', 'active', 'terminated', 'expired', 'lapsed')),
        terms jsonb not null,
        contract_id text,
        signed_at timestamptz(3),
        ends_at timestamptz(3),
        ended_at timestamptz(3),
        ended_by text check (ended_by in ('user', 'merchant', 'platform')),
        termination_reason text,
        expires_at timestamptz(3) not null,
        check_at timestamptz(3),
        checks integer not null default 0,
        created_at timestamptz(3) not null,
        updated_at timestamptz(3) not null,
        primary key (app_id, id),
        unique (app_id, number),
        foreign key (app_id, subscription_id) references subscriptions (app_id, id),
        foreign key (app_id, platform_account_id) references platform_accounts (app_id, id),
        foreign key (app_id, merchant_account_id) references merchant_accounts (app_id, id)
      );
      create unique index mandates_contract on mandates (app_id, platform, contract_id) where contract_id is not null;
      create index mandates_user on mandates (app_id, user_id, id);
      create index mandates_subscription on mandates (app_id, subscription_id);
      create index mandates_due on mandates (app_id, check_at) where check_at is not null;
      comment on column mandates.termination_reason is 'We want it ended; set before the platform is told.';
      comment on column mandates.check_at is 'Business time: when to ask or tell the platform next; also the lease of who does.';

      create table invoices (
        app_id text not null,
        id text not null,
        subscription_id text not null,
        user_id text not null,
        number bigint,
        kind text not null check (kind in ('period', 'change')),
        status text not null check (status in ('draft', 'open', 'paid', 'void', 'uncollectible')),
        amount bigint not null check (amount >= 0),
        currency text not null check (currency = 'CNY'),
        credit_used bigint not null default 0,
        lines jsonb not null,
        period_start timestamptz(3) not null,
        period_end timestamptz(3) not null,
        notice_at timestamptz(3),
        noticed_at timestamptz(3),
        collect_from timestamptz(3),
        collect_until timestamptz(3),
        grace_until timestamptz(3),
        failures integer not null default 0,
        failure_code text,
        payment_id text,
        next_action text check (next_action in ('notice', 'collect', 'give_up')),
        next_at timestamptz(3),
        opened_at timestamptz(3),
        paid_at timestamptz(3),
        created_at timestamptz(3) not null,
        updated_at timestamptz(3) not null,
        primary key (app_id, id),
        unique (app_id, number),
        foreign key (app_id, subscription_id) references subscriptions (app_id, id),
        check ((next_action is null) = (next_at is null)),
        check (status in ('draft', 'open') or next_at is null)
      );
      create unique index invoices_period on invoices (app_id, subscription_id, period_start)
        where kind = 'period' and status <> 'void';
      create index invoices_subscription on invoices (app_id, subscription_id, id);
      create index invoices_user on invoices (app_id, user_id, id);
      create index invoices_payment on invoices (app_id, payment_id) where payment_id is not null;
      create index invoices_due on invoices (app_id, next_at) where next_at is not null;
      comment on column invoices.payment_id is 'The payment by which it is being collected, or was.';
      comment on column invoices.next_at is 'Business time of the next action; also the lease of who takes it.';

      create table entitlements (
        app_id text not null,
        user_id text not null,
        feature text not null,
        source_type text not null check (source_type in ('subscription', 'payment', 'grant')),
        source_id text not null,
        value jsonb not null,
        starts_at timestamptz(3) not null,
        expires_at timestamptz(3),
        grace_until timestamptz(3),
        usage_start timestamptz(3) not null,
        created_at timestamptz(3) not null,
        updated_at timestamptz(3) not null,
        primary key (app_id, user_id, feature, source_type, source_id),
        foreign key (app_id, user_id) references users (app_id, id)
      );
      create index entitlements_source on entitlements (app_id, source_type, source_id);
      comment on column entitlements.expires_at is 'Business time; null: until it is taken back.';
      comment on column entitlements.usage_start is 'Since when metered use counts: the start of the period.';

      create table grants (
        app_id text not null,
        id text not null,
        user_id text not null,
        feature text not null,
        value jsonb not null,
        expires_at timestamptz(3),
        reason text,
        revoked_at timestamptz(3),
        created_at timestamptz(3) not null,
        primary key (app_id, id),
        foreign key (app_id, user_id) references users (app_id, id)
      );
      create index grants_user on grants (app_id, user_id, id);

      create table usage_events (
        app_id text not null,
        event_id text not null,
        user_id text not null,
        feature text not null,
        quantity bigint not null check (quantity > 0),
        used_at timestamptz(3) not null,
        created_at timestamptz(3) not null,
        primary key (app_id, event_id),
        foreign key (app_id, user_id) references users (app_id, id)
      );
      create index usage_events_user on usage_events (app_id, user_id, feature, used_at);

      create table usage_totals (
        app_id text not null,
        user_id text not null,
        feature text not null,
        period_start timestamptz(3) not null,
        used bigint not null default 0,
        primary key (app_id, user_id, feature, period_start),
        foreign key (app_id, user_id) references users (app_id, id)
      );
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop table usage_totals, usage_events, grants, entitlements, invoices, mandates, subscriptions, invoice_numbers,
        billing_settings, test_clocks;
      drop index payment_attempts_debit;
      alter table payment_attempts drop column mandate;
      alter table payments drop column is_heard, drop column failure_code;
      alter table prices drop column trial_days, drop column introductory;
    `);
  }
}
