import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Run, Statement } from './database.js';
import { readObject, Refusal } from './http.js';
import { newId, newNumber } from './ids.js';
import { secretKeys } from './secret-keys.js';
import type { Settings } from './settings.js';
import type { WechatPay } from './wechat-pay.js';

const PLATFORM = 'wechat';
const LIFE = 2 * 3_600_000;
/** When the platform would be asked about an attempt whose process died, and about one that nobody has paid. */
const LEFT_BEHIND = 30_000;
const FIRST_ASK = 60_000;

/** Payer, key, payment, attempt and event. No row: no such payer, or the key was used. */
const CREATE: Statement = {
  name: 'create_payment',
  text: `
  with payer as (
    select u.id, i.openid
    from users u join identities i
      on i.app_id = $1 and i.user_id = u.id and i.platform = $2 and i.platform_app_id = $3 and not i.anonymous
    where u.app_id = $1 and u.id = $4 and u.status = 'active'
    order by i.last_login_at desc limit 1
  ),
  mine as (
    insert into idempotency_keys (app_id, caller, key, route, body_hash, resource_id)
    select $1, $5, $6, $7, $8, $9 from payer
    on conflict (app_id, caller, key) do nothing
    returning key
  ),
  payment as (
    insert into payments
      (app_id, id, user_id, status, amount, currency, subject, content_hash, source, expires_at, created_at, updated_at)
    select $1, $9, $4, 'pending', $10::bigint, 'CNY', $11, $12, 'server', $13, $14, $14 from mine
    returning id
  ),
  attempt as (
    insert into payment_attempts
      (app_id, id, payment_id, number, platform, platform_account_id, merchant_account_id, payer, status, amount,
       currency, expires_at, check_at, created_at, updated_at)
    select $1, $15, $9, $16, $2, $17, $18, openid, 'created', $10::bigint, 'CNY', $13, $19, $14, $14 from payment, payer
  ),
  told as (
    insert into events (app_id, id, type, stream_type, stream_id, sequence, object_type, object_id, data)
    select $1, $20, 'payment.created', 'payment', $9, 1, 'payment', $9,
      jsonb_build_object('paymentId', $9::text, 'userId', $4::text, 'amount', $10::bigint, 'currency', 'CNY',
        'reference', null, 'status', 'pending')
    from payment
  )
  select openid from payment, payer`,
};

const SUBMITTED: Statement = {
  name: 'submitted',
  text: `
  update payment_attempts set status = 'pending', handle = $3, handle_expires_at = $4, submitted_at = $5, check_at = $6,
    updated_at = $5
  where app_id = $1 and id = $2 and status = 'created'`,
};

/** Nobody knows what became of the call: not failed. */
const LOST: Statement = {
  name: 'lost',
  text: `
  update payment_attempts set status = 'unknown', submitted_at = $3, updated_at = $3
  where app_id = $1 and id = $2 and status = 'created'`,
};

/** `POST /v1/payments` */
export function createPaymentRoute(settings: Settings, run: Run, pay: WechatPay) {
  const { platformAppId, accountId, merchant } = settings;
  const callerOf = secretKeys(run);
  return async (request: IncomingMessage): Promise<object> => {
    const { appId, keyId } = await callerOf(request);
    const key = request.headers['idempotency-key'];
    const { bytes, body } = await readObject(request);
    const { userId, amount, subject } = read(body);
    if (typeof key !== 'string' || key === '' || key.length > 255) throw new Refusal(400, 'validation_failed');

    const now = new Date();
    const [createdAt, expiresAt] = [now.toISOString(), new Date(now.getTime() + LIFE)];
    const [id, attemptId, number] = [newId('pay'), newId('att'), newNumber()];
    const contentHash = sha256(JSON.stringify([userId, amount, 'CNY', subject]));
    const [payer] = await run<{ openid: string }>(CREATE, [
      ...[appId, PLATFORM, platformAppId, userId, keyId, key, 'POST /v1/payments', sha256(bytes)],
      ...[id, amount, subject, contentHash, expiresAt, now, attemptId, number, accountId, merchant.accountId],
      ...[new Date(now.getTime() + LEFT_BEHIND), newId('evt')],
    ]);
    if (!payer) throw new Refusal(422, 'payer_unknown_or_key_used');

    const { openid } = payer;
    const handle = await pay.place({ number, subject, amount, openid, expiresAt }).catch(async (error: unknown) => {
      await run(LOST, [appId, attemptId, new Date()]);
      throw error;
    });
    const then = new Date();
    const handleExpiresAt = new Date(then.getTime() + LIFE);
    await run(SUBMITTED, [appId, attemptId, handle, handleExpiresAt, then, new Date(then.getTime() + FIRST_ASK)]);

    return {
      ...{ id, userId, status: 'pending', amount, amountRefunded: 0, currency: 'CNY', subject, reference: null },
      ...{ priceId: null, quantity: null, metadata: {}, failureCode: null },
      attempts: [
        {
          ...{ id: attemptId, number, platform: PLATFORM, platformAccountId: accountId },
          ...{ merchantAccountId: merchant.accountId, status: 'pending', platformTransactionId: null },
          ...{ failureCode: null, createdAt },
        },
      ],
      clientAction: {
        ...{ platform: PLATFORM, method: 'requestPayment', params: pay.clientParams(handle) },
        ...{ proof: 'callback', expiresAt: expiresAt.toISOString() },
      },
      ...{ expiresAt: expiresAt.toISOString(), closingSince: null, paidAt: null, createdAt, updatedAt: createdAt },
    };
  };
}

const sha256 = (content: string | Buffer): Buffer => createHash('sha256').update(content).digest();

/** What bare takes of a payment's fields. Throws 400. */
function read(body: Record<string, unknown>): { userId: string; amount: number; subject: string } {
  const { userId, amount, subject, platform, ...others } = body;
  const isPayment =
    typeof userId === 'string' &&
    userId.length <= 64 &&
    typeof amount === 'number' &&
    Number.isInteger(amount) &&
    amount >= 1 &&
    amount <= 1_000_000_000 &&
    typeof subject === 'string' &&
    /^[^\p{Cc}\u{10000}-\u{10ffff}]{1,127}$/u.test(subject) &&
    platform === PLATFORM &&
    Object.keys(others).length === 0;
  if (!isPayment) throw new Refusal(400, 'validation_failed');
  return { userId, amount, subject };
}
