/** The tables of a payment, with the server's columns, keys and indexes. */
export const PAYMENT_SCHEMA = `
  create table api_keys (
    app_id text not null references apps (id),
    id text not null,
    hash bytea not null,
    revoked_at timestamptz(3),
    primary key (app_id, id),
    unique (app_id, hash)
  );

  create table merchant_accounts (
    app_id text not null references apps (id),
    id text not null,
    primary key (app_id, id)
  );

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
    is_heard boolean not null default false,
    failure_code text,
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
    mandate jsonb,
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
  create unique index payment_attempts_debit on payment_attempts (app_id, payment_id)
    where mandate is not null and status in ('created', 'pending', 'unknown');
  create index payment_attempts_due on payment_attempts (app_id, merchant_account_id, check_at) where check_at is not null;

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
  create index callbacks_age on callbacks (received_at) where sealed is not null;
`;
