import type { Row } from '../core/store.js';

export type EndedBy = 'user' | 'merchant' | 'platform';

/** Times are business time in ms. */
export interface Contract extends Row {
  readonly authOrderId: string;
  readonly platformAppId: string;
  readonly outAuthOrderNo: string;
  /** What was asked for, in a form in which the same is the same text. */
  readonly content: string;
  readonly serviceId: string;
  readonly openId: string;
  readonly notifyUrl?: string;
  readonly uniqueId?: string;
  /** `YYYY-MM-DD` in China. */
  readonly firstDeductionDate?: string;
  readonly expiresAt: number;
  readonly status: 'TOBESERVED' | 'SERVING' | 'CANCEL' | 'DONE' | 'TIMEOUT';
  readonly signedAt?: number;
  readonly endedAt?: number;
  readonly endedBy?: EndedBy;
  /** What is paid with the signature, where the person pays and signs. */
  readonly firstPayOrderId?: string;
  /** The debits that were asked for, in the order in which they came. */
  readonly attempts: readonly Attempt[];
}

export type Attempt = { readonly payOrderId: string } | Refusal;

/** A debit that create_sign_pay refused: nothing came of it. */
export interface Refusal {
  readonly number: string;
  /** Fen; absent where the debit named none. */
  readonly amount?: number;
  readonly at: number;
  readonly code: number;
}

/** 1 the person, 2 the merchant; of a contract that the platform ends none is published. */
const CANCEL_SOURCES: Readonly<Partial<Record<EndedBy, number>>> = { user: 1, merchant: 2 };

/** As query_sign_order answers. */
export const contractView = ({ endedBy, ...contract }: Contract): object => ({
  app_id: contract.platformAppId,
  auth_order_id: contract.authOrderId,
  out_auth_order_no: contract.outAuthOrderNo,
  service_id: contract.serviceId,
  status: contract.status,
  ...(contract.status === 'CANCEL' && endedBy && { cancel_source: CANCEL_SOURCES[endedBy] }),
  open_id: contract.openId,
  ...(contract.signedAt && { sign_time: contract.signedAt }),
  ...(contract.notifyUrl && { notify_url: contract.notifyUrl }),
});

/** Callbacks have other words for some states than queries. */
const TOLD = { SERVING: 'SUCCESS', TIMEOUT: 'TIME_OUT', CANCEL: 'CANCEL', DONE: 'DONE', TOBESERVED: '' } as const;

/** The message of a sign_callback; `at`: when it happened. */
export const signMessage = (contract: Contract, at: number) => ({
  app_id: contract.platformAppId,
  status: TOLD[contract.status],
  auth_order_id: contract.authOrderId,
  out_auth_order_no: contract.outAuthOrderNo,
  event_time: at,
});
