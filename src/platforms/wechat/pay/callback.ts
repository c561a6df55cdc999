import type { KeyObject } from 'node:crypto';
import type { ZodType } from 'zod';
import { isNumber } from '../../../common/ids.js';
import {
  type Acknowledgement,
  type CallbackContent,
  CallbackRefused,
  type HttpReply,
  type PlatformCallback,
  type RawCallback,
} from '../../callback.js';
import { PlatformError } from '../../errors.js';
import type { MerchantAccount } from '../../payment-platform.js';
import { payState } from './orders.js';
import { isOfV2, readNotification, V2_ACCEPTED } from './papay/notifications.js';
import type { PapayApi } from './papay/v2.api.js';
import { isXml } from './papay/v2.xml.js';
import { shown, type WechatPayApi, WRONG_API_V3_KEY } from './pay.api.js';
import { opened } from './pay.cipher.js';
import { isFresh, isSigned, SIGNATURE_WINDOW, signatureHeaders } from './pay.signature.js';
import { NotifiedRefund, Notification, Transaction } from './pay.wire.js';
import { refundState } from './refunds.js';

/** Verifies, opens and reads a callback: JSON of v3, or XML of v2, which tells of contracts. Throws CallbackRefused. */
export async function readCallback(
  papay: PapayApi,
  merchant: MerchantAccount,
  raw: RawCallback,
): Promise<PlatformCallback> {
  return isXml(raw.body) ? readNotification(papay, merchant, raw) : readEvent(papay.v3, merchant, raw);
}

async function readEvent(
  api: WechatPayApi,
  merchant: MerchantAccount,
  { headers, body, receivedAt }: RawCallback,
): Promise<PlatformCallback> {
  const found = signatureHeaders(headers);
  if ('missing' in found) {
    const explanation = `The request has no ${found.missing.join(', ')}. If it came from WeChat Pay, a proxy in front of this server drops the header: let all Wechatpay-… headers pass.`;
    throw new CallbackRefused('headers_missing', explanation);
  }
  if (!isFresh(found, receivedAt)) {
    const explanation = `Its Wechatpay-Timestamp is not within ${SIGNATURE_WINDOW} s of this server's clock: check the clock, or somebody repeats an old request.`;
    throw new CallbackRefused('stale', explanation);
  }
  const key = await keyNamed(api, merchant, found.serial, receivedAt);
  // Not our business to tell WeChat Pay's own probes (WECHATPAY/SIGNTEST/…) from forgeries: both are to be refused.
  if (!isSigned(found, body, key)) {
    throw new CallbackRefused(
      'signature_invalid',
      `It is not signed with the key that it names, ${shown(found.serial)}.`,
    );
  }
  const { id, event_type: type, resource } = read(body.toString('utf8'), Notification, 'The callback');
  const text = opened(resource, api.keysOf(merchant).apiV3Key);
  if (text === undefined) throw new CallbackRefused('malformed', WRONG_API_V3_KEY);
  return { deduplicationKey: id, type, content: contentOf(merchant, type, text) };
}

async function keyNamed(api: WechatPayApi, merchant: MerchantAccount, serial: string, now: Date): Promise<KeyObject> {
  let key: KeyObject | undefined;
  try {
    key = await api.keyNamed(merchant, serial, now);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const explanation = `It names the key ${shown(serial)}, and WeChat Pay's certificates could not be downloaded: ${error.message}`;
    throw new CallbackRefused('unknown_key', explanation);
  }
  if (key) return key;
  const explanation = `It names the key ${shown(serial)}, which is neither the publicKeyId of this merchant account nor one of WeChat Pay's certificates.`;
  throw new CallbackRefused('unknown_key', explanation);
}

function contentOf(merchant: MerchantAccount, type: string, text: string): CallbackContent {
  switch (type) {
    case 'TRANSACTION.SUCCESS':
      return paymentIn(text);
    case 'REFUND.SUCCESS':
    case 'REFUND.ABNORMAL':
    case 'REFUND.CLOSED':
      return refundIn(merchant, text);
    default:
      return { kind: 'other' };
  }
}

function paymentIn(text: string): CallbackContent {
  const transaction = read(text, Transaction, 'The payment');
  const state = payState(transaction);
  if (state) return { kind: 'payment', number: transaction.out_trade_no, state };
  throw new CallbackRefused('malformed', 'The payment in it lacks what WeChat Pay documents for its trade_state.');
}

function refundIn(merchant: MerchantAccount, text: string): CallbackContent {
  const refund = read(text, NotifiedRefund, 'The refund');
  const { mchid, out_refund_no, out_trade_no, transaction_id, refund_status } = refund;
  if (mchid !== merchant.merchantId) {
    throw new CallbackRefused(
      'malformed',
      'The refund in it belongs to another merchant: is the callback address shared?',
    );
  }
  const state = refundState(refund_status, refund);
  if (!state)
    throw new CallbackRefused('malformed', 'The refund in it has a status that WeChat Pay does not document.');
  return {
    kind: 'refund',
    // A refund that somebody started in the merchant console has a number of WeChat Pay's making.
    ...(isNumber(out_refund_no) ? { refundNumber: out_refund_no } : {}),
    paymentNumber: out_trade_no,
    transactionId: transaction_id,
    platformRefundId: refund.refund_id,
    state,
  };
}

/** `text` in the shape of `schema`; the complaint names fields, never values. */
function read<T>(text: string, schema: ZodType<T>, what: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new CallbackRefused('malformed', `${what} is not JSON.`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(({ path }) => path.join('.') || 'all of it').join(', ');
  throw new CallbackRefused('malformed', `${what} is not as documented: ${fields}.`);
}

const reply = (status: number, code: 'SUCCESS' | 'FAIL', message: string): HttpReply => ({
  status,
  contentType: 'application/json',
  body: JSON.stringify({ code, message }),
});
const ACCEPTED = reply(200, 'SUCCESS', '成功');
const RETRY = reply(500, 'FAIL', '请稍后重试');
const REFUSED = reply(401, 'FAIL', '验签失败');

/** Everything but 200 and 204, and to v2 everything but its own words, makes WeChat Pay send the callback again. */
export function acknowledge(acknowledgement: Acknowledgement): HttpReply {
  const { kind } = acknowledgement;
  if (kind === 'accepted') return isOfV2(acknowledgement.callback) ? V2_ACCEPTED : ACCEPTED;
  return kind === 'retry' ? RETRY : REFUSED;
}
