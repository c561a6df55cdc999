import type { Side } from './stand.js';

/** What each of the seeded rows' ids begins with: older than any that a server makes now, as their ids ascend with time. */
const OLD = '01900000';
const idOf = (prefix: string): string => `'${prefix}_${OLD}' || lpad(to_hex(i), 24, '0')`;
/** 26 of our numbers' characters, before any that a server makes now; filled up with what stands for 0, so all differ. */
const NUMBER = `'aa' || lpad(translate(to_hex(i), '0189', 'wxyz'), 24, 'w')`;

/** The id of the seeded payment with that number, from 1. */
export const seededPayment = (index: number): string => `pay_${OLD}${index.toString(16).padStart(24, '0')}`;

/** How many payments there are. */
export async function countPayments({ rows }: Side): Promise<number> {
  const [counted] = await rows<{ count: number }>('select count(*)::integer as count from payments');
  return counted!.count;
}

/** Leaves no user and no payment; sessions and all that hangs on them go too. */
export async function empty({ rows }: Side): Promise<void> {
  await rows('truncate users, payments, transfers, callbacks, events, idempotency_keys cascade');
}

/**
 * As many users, identities, payments, attempts, transfers, callbacks and events: all paid a while ago but every
 * hundredth, which still waits to be paid for a week and is asked about in a day.
 */
export async function fill({ rows, appId }: Side, count: number): Promise<void> {
  const each = `generate_series(1, ${count}) i`;
  const isPaid = 'i % 100 <> 0';
  const account = `(select id from platform_accounts where platform = 'wechat' and app_id = '${appId}')`;
  const program = `(select platform_app_id from platform_accounts where platform = 'wechat' and app_id = '${appId}')`;
  const merchant = `(select id from merchant_accounts where platform = 'wechat' and app_id = '${appId}')`;
  await rows(`
    insert into users (app_id, id) select '${appId}', ${idOf('usr')} from ${each};

    insert into identities (app_id, id, user_id, account_id, platform, platform_app_id, openid)
    select '${appId}', ${idOf('idn')}, ${idOf('usr')}, ${account}, 'wechat', ${program}, 'o-seeded-' || i from ${each};

    insert into payments
      (app_id, id, user_id, status, amount, amount_paid, currency, subject, content_hash, source, sequence, expires_at,
       paid_at, created_at, updated_at)
    select '${appId}', ${idOf('pay')}, ${idOf('usr')}, case when ${isPaid} then 'succeeded' else 'pending' end, 990,
      case when ${isPaid} then 990 else 0 end, 'CNY', 'Coffee', sha256(i::text::bytea), 'server',
      case when ${isPaid} then 2 else 1 end, now() + interval '7 days', case when ${isPaid} then now() end, now(), now()
    from ${each};

    insert into payment_attempts
      (app_id, id, payment_id, number, platform, platform_account_id, merchant_account_id, payer, status, amount,
       amount_paid, currency, kept, handle, handle_expires_at, platform_transaction_id, expires_at, submitted_at, paid_at,
       check_at, created_at, updated_at)
    select '${appId}', ${idOf('att')}, ${idOf('pay')}, ${NUMBER}, 'wechat', ${account}, ${merchant}, 'o-seeded-' || i,
      case when ${isPaid} then 'succeeded' else 'pending' end, 990, case when ${isPaid} then 990 else 0 end, 'CNY',
      case when ${isPaid} then true end, 'wx' || lpad(i::text, 34, '0'), now() + interval '2 hours',
      case when ${isPaid} then '42000000' || lpad(i::text, 20, '0') end, now() + interval '7 days', now(),
      case when ${isPaid} then now() end, case when ${isPaid} then null else now() + interval '1 day' end, now(), now()
    from ${each};

    insert into transfers
      (app_id, id, debit_account, credit_account, amount, currency, source_type, source_id, cause_id, created_at)
    select '${appId}', ${idOf('trf')}, 'clearing:wechat:' || ${merchant}, 'sales', 990, 'CNY', 'payment',
      ${idOf('pay')}, ${idOf('att')}, now()
    from ${each} where ${isPaid};

    insert into callbacks
      (app_id, id, account_id, platform, deduplication_key, type, status, object_id, received_at, updated_at)
    select '${appId}', ${idOf('cbk')}, ${merchant}, 'wechat', gen_random_uuid(), 'TRANSACTION.SUCCESS', 'settled',
      ${idOf('pay')}, now(), now()
    from ${each} where ${isPaid};

    with raised as (
      update event_relay set last_position = last_position + ${count} returning last_position - ${count} as base
    )
    insert into events
      (app_id, id, type, stream_type, stream_id, sequence, object_type, object_id, data, position)
    select '${appId}', ${idOf('evt')}, 'payment.created', 'payment', ${idOf('pay')}, 1, 'payment', ${idOf('pay')},
      '{}', base + i
    from raised, ${each}`);
  // As autovacuum leaves them: else who reads a row first marks its page, and writes it to the log.
  await rows('vacuum analyze');
}
