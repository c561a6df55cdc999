import { createHash } from 'node:crypto';
import type { ZodType } from 'zod';
import { isNumber } from '../../../../common/ids.js';
import { toFen } from '../../../../common/money.js';
import {
  type CallbackContent,
  CallbackRefused,
  type HttpReply,
  type PlatformCallback,
  type RawCallback,
} from '../../../callback.js';
import { PlatformError } from '../../../errors.js';
import type { MerchantAccount, PayState } from '../../../payment-platform.js';
import { noticedState } from './contract-state.js';
import type { PapayApi } from './v2.api.js';
import { plainCode } from './v2.errors.js';
import { isSigned } from './v2.signature.js';
import { readTime } from './v2.times.js';
import { ContractNotice, PaymentNotice } from './v2.wire.js';
import { type Fields, readXml } from './v2.xml.js';

/** Names of v2 callbacks, which have none of their own. */
const PREFIX = 'v2.';

/** Whether a callback was one of v2, which wants another answer than those of v3. */
export const isOfV2 = ({ type }: PlatformCallback): boolean => type.startsWith(PREFIX);

/** Anything else is a failure, and makes WeChat Pay send the callback again (docs: v2, notifications). */
export const V2_ACCEPTED: HttpReply = {
  status: 200,
  contentType: 'text/xml',
  body: '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>',
};

/**
 * Verifies and reads a callback of v2: a contract that was signed or ended, a payment that came with one, a debit. Throws
 * CallbackRefused. Nothing in it says when it was signed, so a replay is known by its bytes and by what it is about.
 */
export function readNotification(api: PapayApi, merchant: MerchantAccount, { body }: RawCallback): PlatformCallback {
  const key = keyOf(api, merchant);
  const fields = readXml(body);
  if (!fields) throw new CallbackRefused('malformed', 'It is not the XML of WeChat Pay.');
  if (!isSigned(fields, key)) {
    const explanation =
      'It is not signed with apiV2Key: compare the APIv2 key (APIv2密钥) in the merchant console, or it is a forgery.';
    throw new CallbackRefused('signature_invalid', explanation);
  }
  if (fields['mch_id'] !== merchant.merchantId) {
    throw new CallbackRefused('malformed', 'It belongs to another merchant: is the callback address shared?');
  }
  const deduplicationKey = createHash('sha256').update(body).digest('hex');
  return { deduplicationKey, ...told(fields) };
}

function keyOf(api: PapayApi, merchant: MerchantAccount): string {
  try {
    return api.keyOf(merchant);
  } catch (error) {
    if (error instanceof PlatformError) throw new CallbackRefused('unknown_key', error.message);
    throw error;
  }
}

function told(fields: Fields): Pick<PlatformCallback, 'type' | 'content'> {
  if (fields['change_type'] !== undefined) {
    return {
      type: `${PREFIX}contract.${fields['change_type'].toLowerCase().slice(0, 32)}`,
      content: contractIn(fields),
    };
  }
  if (fields['out_trade_no'] !== undefined) return { type: `${PREFIX}payment`, content: paymentIn(fields) };
  return { type: `${PREFIX}other`, content: { kind: 'other' } };
}

function contractIn(fields: Fields): CallbackContent {
  // Nothing is told of a signing that fails; whatever this is, it is not the state of a contract.
  if ((fields['result_code'] ?? 'SUCCESS') !== 'SUCCESS') return { kind: 'other' };
  const notice = shaped(fields, ContractNotice, 'The contract');
  const state = noticedState(notice);
  if (!state) throw new CallbackRefused('malformed', 'The contract in it changes in a way that is not documented.');
  return {
    kind: 'mandate',
    // A contract that somebody made otherwise under the same merchant has a number of another form.
    ...(isNumber(notice.contract_code) ? { number: notice.contract_code } : {}),
    contractId: notice.contract_id,
    state,
  };
}

function paymentIn(fields: Fields): CallbackContent {
  const notice = shaped(fields, PaymentNotice, 'The payment');
  const state = paymentState(notice);
  if (state) return { kind: 'payment', number: notice.out_trade_no, state };
  throw new CallbackRefused('malformed', 'The payment in it lacks what WeChat Pay documents for its trade_state.');
}

/** First the result, then the state (docs: papay, debit notification); what contradicts itself is asked for. */
function paymentState(notice: PaymentNotice): PayState | undefined {
  const { result_code: result, err_code: code, trade_state: state } = notice;
  if (result === 'SUCCESS') {
    // Only debits have a state: an ordinary payment is told when it is made.
    return stateOf(state ?? 'SUCCESS', notice);
  }
  const isDebit = state !== undefined;
  const isOpen =
    state === 'SUCCESS' || state === 'REFUND' || state === 'ACCEPT' || plainCode(code ?? '') === 'SYSTEMERROR';
  // The person may still pay an order at which one try has failed.
  if (!isDebit || isOpen) return { kind: 'pending' };
  return { kind: 'failed', platformCode: code || state };
}

function stateOf(state: string, notice: PaymentNotice): PayState | undefined {
  switch (state) {
    case 'SUCCESS':
    case 'REFUND':
      return succeeded(notice);
    case 'NOTPAY':
    case 'ACCEPT':
    case 'USERPAYING':
      return { kind: 'pending' };
    case 'CLOSED':
    case 'REVOKED':
      return { kind: 'closed' };
    case 'PAY_FAIL':
    case 'PAYERROR':
      return { kind: 'failed', platformCode: notice.err_code || state };
    default:
      return undefined;
  }
}

function succeeded(notice: PaymentNotice): PayState | undefined {
  const { appid, mch_id, transaction_id, time_end, total_fee, fee_type, openid } = notice;
  const paidAt = readTime(time_end);
  if (!transaction_id || !paidAt || total_fee === undefined) return undefined;
  return {
    kind: 'succeeded',
    paid: {
      transactionId: transaction_id,
      paidAt,
      amount: toFen(total_fee),
      // Left out only where it could be nothing else.
      currency: fee_type || 'CNY',
      merchantId: mch_id,
      platformAppId: appid,
      ...(openid ? { payer: openid } : {}),
    },
  };
}

/** The complaint names fields, never values. */
function shaped<T>(fields: Fields, schema: ZodType<T>, what: string): T {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  const names = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new CallbackRefused('malformed', `${what} is not as documented: ${names}.`);
}
