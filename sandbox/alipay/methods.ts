import type { Account } from '../core/accounts.js';
import type { AlipayCredentials } from './developer-console.js';
import { AlipayError } from './errors.js';
import { type Fields, text } from './fields.js';
import type { Messages } from './messages.js';
import type { SigningKeys } from './signing-keys.js';
import type { Tokens } from './tokens.js';
import type { TradeDesk } from './trade-desk.js';
import { userInfoShare } from './user-info.js';

/** A verified call, whichever protocol it came in. */
export interface OperationInput {
  readonly account: Account<AlipayCredentials>;
  /** v2: the parameters beside `biz_content`. v3: the same as `content`. */
  readonly parameters: Fields;
  /** v2: `biz_content`. v3: the body and the query. */
  readonly content: Fields;
  /** Protocol time in ms. */
  readonly at: number;
}

/** What a method does: gives the fields of a success, with a `code` only when that is not 10000. Throws AlipayError. */
export type Operation = (input: OperationInput) => Fields;

export interface Method {
  readonly run: Operation;
  /** v2: its success has neither `code` nor `msg`. */
  readonly isBare?: boolean;
  /** It has no path of its own in v3. */
  readonly isV2Only?: boolean;
  /** v3: it comes by GET, with its fields in the query. */
  readonly isRead?: boolean;
}

/** The methods that are played, by name. */
export const methodsOf = (
  tokens: Tokens,
  keys: SigningKeys,
  desk: TradeDesk,
  messages: Messages,
): ReadonlyMap<string, Method> =>
  new Map<string, Method>([
    ['alipay.system.oauth.token', { run: tokens.exchange, isBare: true }],
    ['alipay.user.info.share', { run: userInfoShare(tokens) }],
    ['alipay.open.app.alipaycert.download', { run: certificateDownload(keys), isV2Only: true }],
    ...Object.entries({ ...desk.methods, ...messages.methods }).map(([name, run]) => [name, { run }] as const),
    ...Object.entries(desk.agreementMethods),
  ]);

/** A server calls it when an answer names a certificate of Alipay's that it does not know. */
const certificateDownload =
  (keys: SigningKeys): Operation =>
  ({ account, content }) => {
    const { mode, ring } = account.credentials;
    const file = keys.certificate(ring, text(content.alipay_cert_sn) ?? '');
    if (mode !== 'certificate' || !file) throw new AlipayError('isv.alipay-cert-not-exist');
    return { alipay_cert_content: Buffer.from(file).toString('base64') };
  };
