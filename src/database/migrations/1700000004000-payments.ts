import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is sold, who pays, what comes and goes, and the books about it. */
export class Payments1700000004000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      create table merchant_accounts (
        app_id text not null references apps (id),
        id text not null,
        platform text not null,
        merchant_id text not null,
        name text not null,
        status text not null check (status in ('active', 'disabled')),
        credentials text not null,
        defaults jsonb not null default '{}',
        created_at timestamptz(3) not null default now(),
        updated_at timestamptz(3) not null default now(),
        primary key (app_id, id),
        unique (app_id, platform, merchant_id)
      );
      comment on column merchant_accounts.credentials is 'Sealed JSON in the shape that the platform publishes.';
      comment on column merchant_accounts.defaults is 'Platform settings of payments that do not say otherwise.';
      -- A callback names only the account.
      create index merchant_accounts_id on merchant_accounts (id);
      create index platform_accounts_id on platform_accounts (id);
      alter table platform_accounts
        add column default_merchant_account_id text,
        add foreign key (app_id, default_merchant_account_id) references merchant_accounts (app_id, id);

      create table products (
        app_id text not null references apps (id),
        id text not null,
        name text not null,
        features jsonb not null default '{}',
        active boolean not null default true,
        metadata jsonb not null default '{}',
        created_at timestamptz(3) not null default now(),
        updated_at timestamptz(3) not null default now(),
        primary key (app_id, id)
      );

      create table prices (
        app_id text not null,
        id text not null,
        product_id text not null,
        amount bigint not null check (amount > 0),
        currency text not null check (currency = 'CNY'),
        recurring jsonb,
        audience text not null check (audience in ('public', 'server')),
        max_quantity integer not null default 1 check (max_quantity > 0),
        active boolean not null default true,
        platforms jsonb not null default '{}',
        created_at timestamptz(3) not null default now(),
        updated_at timestamptz(3) not null default now(),
        primary key (app_id, id),
        foreign key (app_id, product_id) references products (app_id, id)
      );
      create index prices_product on prices (app_id, product_id);

      create table payments (
        app_id text not null,
        id text not null,
        user_id text not null,
        status text not null check (status in ('created', 'pending', 'succeeded', 'failed', 'closed')),
        amount bigint not null check (amount > 0),
        amount_paid bigint not null default 0 check (amount_paid in (0, amount)),
        amount_refunded bigint not null default 0 check (amount_refunded between 0 and amount_paid),
        currency text not null check (currency = 'CNY'),
        subject text not null,
        reference text,
        content_hash bytea not null,
        source text not null check (source in ('user', 'server')),
        price_id text,
        quantity integer,
        metadata jsonb not null default '{}',
        platform_options jsonb not null default '{}',
        sequence integer not null default 1,
        expires_at timestamptz(3) not null,
        closing_since timestamptz(3),
        close_reason text,
        paid_at timestamptz(3),
        created_at timestamptz(3) not null,
        updated_at timestamptz(3) not null,
        primary key (app_id, id),
        foreign key (app_id, user_id) references users (app_id, id),
        check ((status = 'succeeded') = (amount_paid > 0))
      );
      create unique index payments_reference on payments (app_id, reference)
        where reference is not null and status not in ('failed', 'closed');
      create index payments_user on payments (app_id, user_id, id);
      create index payments_expiring on payments (app_id, expires_at)
        where status in ('created', 'pending') and closing_since is null;
      comment on column payments.sequence is 'Events of this payment and its refunds so far.';
      comment on column payments.expires_at is 'Business time.';
      comment on column payments.content_hash is 'What the request asked for: the same reference must mean the same.';

      create table payment_attempts (
        app_id text not null,
        id text not null,
        payment_id text not null,
        number text not null,
        platform text not null,
        platform_account_id text not null,
        merchant_account_id text not null,
        payer text not null,
        status text not null check (status in ('created', 'pending', 'unknown', 'succeeded', 'failed', 'closed')),
        amount bigint not null check (amount > 0),
        amount_paid bigint not null default 0 check (amount_paid in (0, amount)),
        amount_reserved bigint not null default 0,
        amount_refunded bigint not null default 0,
        currency text not null check (currency = 'CNY'),
        kept boolean,
        settings jsonb not null default '{}',
        handle text,
        handle_expires_at timestamptz(3),
        platform_transaction_id text,
        failure_code text,
        expires_at timestamptz(3) not null,
        submitted_at timestamptz(3),
        paid_at timestamptz(3),
        next_refund_at timestamptz(3),
        check_at timestamptz(3),
        checks integer not null default 0,
        created_at timestamptz(3) not null,
        updated_at timestamptz(3) not null,
        primary key (app_id, id),
        unique (app_id, number),
        foreign key (app_id, payment_id) references payments (app_id, id),
        foreign key (app_id, platform_account_id) references platform_accounts (app_id, id),
        foreign key (app_id, merchant_account_id) references merchant_accounts (app_id, id),
        check ((status = 'succeeded') = (amount_paid > 0)),
        check (amount_reserved between 0 and amount_paid),
        check (amount_refunded between 0 and amount_reserved)
      );
      create unique index payment_attempts_transaction
        on payment_attempts (app_id, platform, platform_transaction_id) where platform_transaction_id is not null;
      create unique index payment_attempts_kept on payment_attempts (app_id, payment_id) where kept;
      create index payment_attempts_payment on payment_attempts (app_id, payment_id);
      create index payment_attempts_due on payment_attempts (app_id, merchant_account_id, check_at)
        where check_at is not null;
      comment on column payment_attempts.kept is 'Of a success: whether it pays the payment. One that is not is refunded.';
      comment on column payment_attempts.amount_reserved is 'Refunds that are neither failed nor rejected.';
      comment on column payment_attempts.next_refund_at is 'Business time: not before that the platform takes another refund.';
      comment on column payment_attempts.check_at is 'Business time: when to ask the platform next; also the lease of who asks.';

      create table refunds (
        app_id text not null,
        id text not null,
        payment_id text not null,
        attempt_id text not null,
        number text not null,
        platform text not null,
        merchant_account_id text not null,
        status text not null
          check (status in ('requested', 'pending', 'action_required', 'succeeded', 'failed', 'rejected')),
        source text not null check (source in ('api', 'platform', 'automatic')),
        amount bigint not null check (amount > 0),
        currency text not null check (currency = 'CNY'),
        reason text,
        reference text,
        platform_refund_id text,
        failure_code text,
        failure_detail text,
        decide_before timestamptz(3),
        decision text check (decision in ('approve', 'reject')),
        submitted_at timestamptz(3),
        succeeded_at timestamptz(3),
        check_at timestamptz(3),
        checks integer not null default 0,
        created_at timestamptz(3) not null,
        updated_at timestamptz(3) not null,
        primary key (app_id, id),
        unique (app_id, number),
        foreign key (app_id, payment_id) references payments (app_id, id),
        foreign key (app_id, attempt_id) references payment_attempts (app_id, id)
      );
      create unique index refunds_platform on refunds (app_id, platform, platform_refund_id)
        where platform_refund_id is not null;
      create unique index refunds_reference on refunds (app_id, reference)
        where reference is not null and status not in ('failed', 'rejected');
      create index refunds_payment on refunds (app_id, payment_id);
      create index refunds_attempt on refunds (app_id, attempt_id);
      create index refunds_due on refunds (app_id, merchant_account_id, check_at) where check_at is not null;
      comment on column refunds.check_at is 'Business time: when to send or ask next; also the lease of who does.';

      create table transfers (
        app_id text not null references apps (id),
        id text not null,
        debit_account text not null,
        credit_account text not null,
        amount bigint not null check (amount > 0),
        currency text not null check (currency = 'CNY'),
        source_type text not null check (source_type in ('payment', 'refund')),
        source_id text not null,
        cause_id text not null,
        created_at timestamptz(3) not null,
        primary key (app_id, id),
        unique (app_id, cause_id, debit_account),
        check (debit_account <> credit_account)
      );
      create index transfers_source on transfers (app_id, source_id);
      comment on table transfers is 'The ledger: inserted, never changed. Debit equals credit because a row is both.';
      comment on column transfers.cause_id is 'The attempt or refund that moved the money: each moves it once.';

      create table callbacks (
        app_id text not null references apps (id),
        id text not null,
        account_id text not null,
        platform text not null,
        deduplication_key text not null,
        type text not null,
        status text not null check (status in ('settled', 'parked', 'ignored')),
        problem text,
        object_id text,
        repeats integer not null default 0,
        sealed text,
        received_at timestamptz(3) not null,
        updated_at timestamptz(3) not null,
        primary key (app_id, id),
        unique (app_id, account_id, deduplication_key)
      );
      create index callbacks_parked on callbacks (app_id, id) where status = 'parked';
      create index callbacks_object on callbacks (app_id, object_id) where object_id is not null;
      create index callbacks_age on callbacks (received_at) where sealed is not null;
      comment on column callbacks.sealed is 'Headers and raw body; dropped after 180 days.';
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      drop table callbacks, transfers, refunds, payment_attempts, payments, prices, products;
      alter table platform_accounts drop column default_merchant_account_id;
      drop index platform_accounts_id;
      drop table merchant_accounts`);
  }
}
