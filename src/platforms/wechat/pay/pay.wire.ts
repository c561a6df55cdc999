import { z } from 'zod';

const Fen = z.int().min(0);

/** `POST /v3/pay/transactions/jsapi` */
export const Prepay = z.object({ prepay_id: z.string().min(1) });

/**
 * A payment, as a query answers it and as a callback holds it. An order that nobody has paid has only ids and a state.
 * Service providers' and combined orders, which we never make, have other names for `mchid` and are no Transaction.
 */
export const Transaction = z.object({
  appid: z.string(),
  mchid: z.string(),
  out_trade_no: z.string(),
  trade_state: z.string(),
  transaction_id: z.string().optional(),
  success_time: z.string().optional(),
  // An unpaid order may have an empty payer.
  payer: z.object({ openid: z.string().optional() }).optional(),
  amount: z.object({ total: Fen.optional(), currency: z.string().optional() }).optional(),
});
export type Transaction = z.infer<typeof Transaction>;

const RefundedAmount = z.object({ refund: Fen });

/** `POST` and `GET /v3/refund/domestic/refunds` */
export const Refund = z.object({
  out_refund_no: z.string(),
  refund_id: z.string(),
  status: z.string(),
  success_time: z.string().optional(),
  amount: RefundedAmount,
});
export type Refund = z.infer<typeof Refund>;

/** A refund in a callback, where the status has another name. */
export const NotifiedRefund = Refund.omit({ status: true }).extend({
  mchid: z.string(),
  out_trade_no: z.string(),
  transaction_id: z.string(),
  refund_status: z.string(),
});

const Sealed = z.object({
  algorithm: z.string(),
  nonce: z.string(),
  associated_data: z.string().optional(),
  ciphertext: z.string(),
});

export const Notification = z.object({
  id: z.string().min(1).max(128),
  event_type: z.string(),
  resource: Sealed,
});

/** `GET /v3/certificates` */
export const Certificates = z.object({
  data: z.array(z.object({ serial_no: z.string(), encrypt_certificate: Sealed })),
});

/** Every answer that is not 2xx. Only `code` may be relied upon; a proxy's page has not even that. */
export const Failure = z.object({
  code: z.string(),
  message: z.string().optional().catch(undefined),
  detail: z.unknown().optional(),
});
export type Failure = z.infer<typeof Failure>;
