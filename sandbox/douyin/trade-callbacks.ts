import { createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import type { Account, AnyAccount } from '../core/accounts.js';
import { jsonFields } from '../core/body.js';
import type { CallbackRequest, CallbackSender, CallbackTamper, OutgoingCallback, World } from '../core/platform.js';
import { newLogId } from './client-failure.js';
import type { DouyinCredentials } from './credentials.js';

/** Each with the `version` that its family says. */
const VERSIONS = {
  payment: '3.0',
  refund: '3.0',
  pre_create_refund: '3.0',
  sign_callback: '1.0',
  sign_pay_callback: '1.0',
  // The name of this one is not published: made like the two before it.
  sign_refund_callback: '1.0',
} as const;
export type CallbackType = keyof typeof VERSIONS;

/** `data` of an OutgoingCallback. */
export interface CallbackData {
  readonly type: CallbackType;
  readonly msg: Readonly<Record<string, unknown>>;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** The current doc's; earlier ones had others. About half an hour, then never again. */
const SCHEDULE: readonly number[] = [
  12 * SECOND,
  12 * SECOND,
  33 * SECOND,
  ...[1, 2, 3, 4, 5, 6, 7].map((minutes) => minutes * MINUTE),
];
const TIMEOUT = 5 * SECOND;

/** Sends a callback of the mini-program; nothing where an order named no url: the sandbox has no console to set one in. */
export function callBack(
  world: World,
  account: Account,
  url: string | undefined,
  type: CallbackType,
  msg: CallbackData['msg'],
): void {
  if (url === undefined) return;
  const data: CallbackData = { type, msg };
  const operation = 'status' in msg ? `${type}.${String(msg.status)}` : type;
  // What is asked before a refund is asked again by a timer: see RefundRequests.
  world.call(account, { url, data, operation, ...(type === 'pre_create_refund' && { schedule: [] }) });
}

/** `refundRequests` takes the number that the developer answers to pre_create_refund. */
export const callbackSender = (
  world: World,
  refundRequests: { numbered(account: Account, question: CallbackData, body: string): void },
): CallbackSender => ({
  schedule: SCHEDULE,
  timeout: TIMEOUT,
  build: (account, callback, tamper) => buildCallback(account, callback, world.now(), tamper),
  accepts: acceptsCallback,
  onAccepted: (account, { data }, body) => {
    const question = data as CallbackData;
    if (question.type === 'pre_create_refund') refundRequests.numbered(account as Account, question, body);
  },
});

/** Signed with the key of this mini-program, over the very bytes that leave. `now` is protocol time in ms. */
export function buildCallback(
  account: AnyAccount,
  { data }: OutgoingCallback,
  now: number,
  tamper?: CallbackTamper,
): CallbackRequest {
  const { type, msg } = data as CallbackData;
  const body = JSON.stringify({
    version: VERSIONS[type],
    type,
    msg: JSON.stringify(tamper === 'wrong_amount' ? withAnotherAmount(msg) : msg),
  });
  const timestamp = String(Math.floor(now / 1_000));
  const nonce = randomUUID().replaceAll('-', '');
  const { platformPrivateKey } = account.credentials as DouyinCredentials;
  const signed = tamper === 'wrong_signature' ? `${body} ` : body;
  const key = tamper === 'forge' ? forgersKey() : platformPrivateKey;
  return {
    headers: {
      'content-type': 'application/json',
      // The event's name; its values are not published.
      'byte-identifyname': type,
      'byte-logid': newLogId(),
      'byte-nonce-str': nonce,
      'byte-timestamp': timestamp,
      'byte-signature': signCallback(key, timestamp, nonce, signed),
    },
    body,
  };
}

/** Three lines, each ended by a newline, the last too. */
export const signCallback = (privateKey: string, timestamp: string, nonce: string, body: string): string =>
  createSign('RSA-SHA256').update(`${timestamp}\n${nonce}\n${body}\n`).sign(privateKey, 'base64');

export const acceptsCallback = (status: number, body: string): boolean =>
  status === 200 && jsonFields(Buffer.from(body)).err_no === 0;

function withAnotherAmount(msg: CallbackData['msg']): CallbackData['msg'] {
  const field = ['total_amount', 'refund_total_amount'].find((name) => name in msg);
  if (field === undefined) return msg;
  return { ...msg, [field]: Number(msg[field]) + 1 };
}

let forger: string | undefined;

/** A good key, but nobody's. */
function forgersKey(): string {
  forger ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  return forger;
}
