import type { IncomingMessage } from 'node:http';
import type { Run, Statement } from './database.js';
import { parse, readBody, Refusal } from './http.js';
import { newId } from './ids.js';
import { seal } from './seal.js';
import type { Settings } from './settings.js';
import type { Resource, WechatPay } from './wechat-pay.js';

/** Moves attempt and payment, books, tells and keeps the callback. No row: it is not as usual, and nothing has changed. */
const SETTLE: Statement = {
  name: 'settle',
  text: `
  with target as materialized (
    select a.id as attempt_id, p.id as payment_id
    from payment_attempts a join payments p on p.app_id = $1 and p.id = a.payment_id
    where a.app_id = $1 and a.number = $2 and a.amount = $4::bigint and a.currency = $5 and a.payer = $6
      and a.platform_account_id = $7 and a.merchant_account_id = $8
      and a.status in ('created', 'pending', 'unknown') and p.status in ('created', 'pending')
    for update of p
  ),
  attempt as (
    update payment_attempts a set status = 'succeeded', kept = true, amount_paid = a.amount,
      platform_transaction_id = $3, paid_at = $9, check_at = null, updated_at = $10
    from target
    where a.app_id = $1 and a.id = target.attempt_id and a.status in ('created', 'pending', 'unknown')
    returning a.id, a.payment_id
  ),
  payment as (
    update payments p set status = 'succeeded', amount_paid = p.amount, paid_at = $9, closing_since = null,
      close_reason = null, sequence = p.sequence + 1, updated_at = $10
    from attempt
    where p.app_id = $1 and p.id = attempt.payment_id and p.status in ('created', 'pending')
    returning p.id, p.user_id, p.amount, p.currency, p.reference, p.sequence, attempt.id as attempt_id
  ),
  booked as (
    insert into transfers
      (app_id, id, debit_account, credit_account, amount, currency, source_type, source_id, cause_id, created_at)
    select $1, $11, 'clearing:wechat:' || $8::text, 'sales', amount, currency, 'payment', id, attempt_id, $10
    from payment
  ),
  told as (
    insert into events (app_id, id, type, stream_type, stream_id, sequence, object_type, object_id, data)
    select $1, $12, 'payment.succeeded', 'payment', id, sequence, 'payment', id,
      jsonb_build_object('paymentId', id, 'userId', user_id, 'amount', amount, 'currency', currency,
        'reference', reference, 'status', 'succeeded', 'attemptId', attempt_id, 'platform', 'wechat',
        'platformTransactionId', $3::text)
    from payment
  ),
  kept as (
    insert into callbacks
      (app_id, id, account_id, platform, deduplication_key, type, status, object_id, sealed, received_at, updated_at)
    select $1, $13, $8, 'wechat', $14, $15, 'settled', id, $16, $10, $10 from payment
    on conflict (app_id, account_id, deduplication_key) do nothing
  )
  select id from payment`,
};

/** Anything else that WeChat Pay has signed: kept for somebody to look at, repeats counted. */
const PARK: Statement = {
  name: 'park',
  text: `
  insert into callbacks as c
    (app_id, id, account_id, platform, deduplication_key, type, status, sealed, received_at, updated_at)
  values ($1, $2, $3, 'wechat', $4, $5, 'parked', $6, $7, $7)
  on conflict (app_id, account_id, deduplication_key) do update set repeats = c.repeats + 1, updated_at = $7`,
};

interface Notification {
  readonly id: string;
  readonly event_type: string;
  readonly resource: Resource;
}

interface Transaction {
  readonly appid: string;
  readonly mchid: string;
  readonly out_trade_no: string;
  readonly transaction_id: string;
  readonly trade_state: string;
  readonly success_time: string;
  readonly payer: { readonly openid: string };
  readonly amount: { readonly total: number; readonly currency: string };
}

const ACCEPTED = { code: 'SUCCESS', message: '成功' };

/** `POST /callbacks/<merchant account>` */
export function callbackRoute({ appId, accountId, platformAppId, merchant }: Settings, run: Run, pay: WechatPay) {
  return async (request: IncomingMessage): Promise<object> => {
    const receivedAt = new Date();
    const body = await readBody(request);
    if (!pay.isGenuine(request.headers, body)) throw new Refusal(401, 'FAIL');
    const { id: deduplicationKey, event_type: type, resource } = parse(body) as Notification;
    const paid = JSON.parse(pay.open(resource)) as Transaction;

    const id = newId('cbk');
    const raw = JSON.stringify({ method: request.method, headers: request.headers, body: body.toString('base64') });
    const sealed = seal(raw, `${appId}\ncallbacks\n${id}\nsealed`);
    const isOurs = paid.appid === platformAppId && paid.mchid === merchant.merchantId;
    const isSuccess = type === 'TRANSACTION.SUCCESS' && paid.trade_state === 'SUCCESS' && isOurs;
    const { out_trade_no: number, transaction_id: transactionId, amount, payer } = paid;
    const settled = isSuccess
      ? await run(SETTLE, [
          ...[appId, number, transactionId, amount.total, amount.currency, payer.openid, accountId],
          ...[merchant.accountId, new Date(paid.success_time), receivedAt, newId('trf'), newId('evt'), id],
          ...[deduplicationKey, type, sealed],
        ])
      : [];
    if (settled.length === 0) {
      await run(PARK, [appId, id, merchant.accountId, deduplicationKey, type, sealed, receivedAt]);
    }
    return ACCEPTED;
  };
}
