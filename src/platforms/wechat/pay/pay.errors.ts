import { PlatformError } from '../../errors.js';
import type { CallingAccount, PlatformResponse } from '../../platform-http.js';
import { Failure } from './pay.wire.js';

/** What a failure means, whatever was asked. */
export type Meaning =
  /** Not done, and not going to be with the same content. */
  | 'refused'
  | 'paid'
  | 'closed'
  /** No such order or refund (yet). */
  | 'absent'
  /** The number is in use already, by an earlier try of ours: ask. */
  | 'exists'
  /** Too little money for the refund. */
  | 'short'
  | 'too_fast'
  /** Certainly not done; the same call may succeed later. */
  | 'busy'
  | 'unknown'
  /** The developer must act. */
  | 'misconfigured';

interface Row {
  readonly means: Meaning;
  /** Plain words for the developer, where there is more to say than the meaning. */
  readonly detail?: string;
}

/** WeChat Pay's answer to a call that it did not carry out. */
export interface Refusal extends Row {
  /** As WeChat Pay writes it; `http_502` when it names none. */
  readonly code: string;
  /** WeChat Pay's words, for the log and for `verify`; no caller of the API sees them. */
  readonly message: string;
  /** The `detail` of the answer, unread. */
  readonly hints: unknown;
  readonly detail: string;
}

const noAuth =
  'WeChat Pay does not let this merchant do that: the product is not opened, the merchant is restricted, or this server is not on its IP list. See the merchant console.';
const tooFast: Row = { means: 'too_fast', detail: 'WeChat Pay limits how often this may be asked.' };
const unavailable: Row = { means: 'busy', detail: 'WeChat Pay is not available at the moment; nothing was done.' };

/**
 * WeChat Pay's codes (docs: the error lists of order, query, close, refund and the general one), without their
 * underscores: editions of the documentation differ in them (ORDERPAID, ORDER_PAID).
 */
export const ERRORS: Readonly<Record<string, Row>> = {
  PARAMERROR: { means: 'refused', detail: 'WeChat Pay finds a field of the request wrong.' },
  INVALIDREQUEST: { means: 'refused', detail: 'The request breaks a rule of WeChat Pay.' },
  SIGNERROR: {
    means: 'misconfigured',
    detail:
      'WeChat Pay refuses the signature: serial, privateKey and merchant id do not belong together, or the clock of this server is wrong.',
  },
  NOAUTH: { means: 'misconfigured', detail: noAuth },
  APPIDMCHIDNOTMATCH: {
    means: 'misconfigured',
    detail: 'The app id is not bound to this merchant: bind it in the merchant console (产品中心, AppID账号管理).',
  },
  MCHNOTEXISTS: { means: 'misconfigured', detail: 'WeChat Pay knows no merchant with this merchant id.' },
  OPENIDMISMATCH: { means: 'refused', detail: 'The openid belongs to another app id.' },
  OUTTRADENOUSED: { means: 'exists', detail: 'WeChat Pay has an order under this number already.' },
  ORDERPAID: { means: 'paid', detail: 'The order is paid.' },
  ORDERCLOSED: { means: 'closed', detail: 'The order is closed.' },
  ORDERNOTEXIST: { means: 'absent', detail: 'WeChat Pay knows no such order.' },
  RESOURCENOTEXISTS: { means: 'absent', detail: 'WeChat Pay knows no such order or refund.' },
  NOTFOUND: { means: 'absent', detail: 'WeChat Pay knows no such order or refund.' },
  INVALIDTRANSACTIONID: { means: 'refused', detail: 'The transaction id is wrong.' },
  TRADEERROR: { means: 'refused', detail: 'WeChat Pay refuses this trade.' },
  RULELIMIT: { means: 'refused', detail: 'A limit of amount or number at WeChat Pay is reached.' },
  ACCOUNTERROR: { means: 'refused', detail: "Something is wrong with the payer's WeChat Pay account." },
  USERPAYING: { means: 'unknown', detail: 'The payer is about to pay.' },
  BANKERROR: { means: 'unknown', detail: 'The bank had an error; the outcome is unknown.' },
  NOTENOUGH: { means: 'short', detail: 'The merchant has too little money at WeChat Pay: top up the account.' },
  USERACCOUNTABNORMAL: {
    means: 'refused',
    detail: "The payer's account is closed: give the money back outside of WeChat Pay.",
  },
  REQUESTBLOCKED: { means: 'refused', detail: 'WeChat Pay has blocked the request.' },
  BIZERRNEEDRETRY: { means: 'unknown', detail: 'WeChat Pay wants the same call again.' },
  ALREADYEXISTS: { means: 'exists', detail: 'WeChat Pay has something under this number already.' },
  FREQUENCYLIMITED: tooFast,
  FREQUENCYLIMIT: tooFast,
  FREQUENCYLIMITEXCEED: tooFast,
  RATELIMITEXCEEDED: tooFast,
  SYSTEMERROR: { means: 'unknown', detail: 'WeChat Pay had an error; the outcome is unknown.' },
  SERVICEUNAVAILABLE: unavailable,
};

/**
 * The number behind the last `-` of `Request-ID` is finer than the general codes, and read only with these: one
 * INVALID_REQUEST stands for many things.
 */
export const NUMBERS: Readonly<Record<string, keyof typeof ERRORS>> = {
  268449538: 'ORDERPAID',
  268498689: 'ORDERPAID',
  268447914: 'ORDERCLOSED',
  268512771: 'ORDERNOTEXIST',
  // The same number with other content, for instance with the callback address from before PUBLIC_URL was changed.
  268498688: 'OUTTRADENOUSED',
  268443715: 'MCHNOTEXISTS',
  268448010: 'NOAUTH',
  268445527: 'APPIDMCHIDNOTMATCH',
  268447840: 'FREQUENCYLIMITED',
};

/** What a status means under a code that no table knows. A 4xx was read and turned down; 502 and 503 never got there. */
function rowOfStatus(status: number): Row {
  if (status === 429) return tooFast;
  if (status === 502 || status === 503) return unavailable;
  if (status >= 400 && status < 500) return { means: 'refused' };
  return { means: 'unknown' };
}

/** Reads an answer that is not 2xx. Not verified: WeChat Pay does not sign all of these, and no SDK verifies them. */
export function refusalOf({ status, headers, body }: PlatformResponse): Refusal {
  const failure = parsed(body);
  if (!failure) {
    // Not WeChat Pay's own words but those of something before it: only "not there" and "too many" can be believed.
    const { means, detail } = status === 429 || status === 502 || status === 503 ? rowOfStatus(status) : unreadable;
    return { means, code: `http_${status}`, message: '', hints: undefined, detail: detail ?? unreadable.detail };
  }
  const { code, message = '', detail: hints } = failure;
  const known = ERRORS[code.replaceAll('_', '').toUpperCase()];
  const finer = !known || known.means === 'refused' ? ERRORS[NUMBERS[numberIn(headers)] ?? ''] : undefined;
  const { means, detail } = finer ?? known ?? rowOfStatus(status);
  return { means, code, message, hints, detail: detail ?? 'WeChat Pay refuses the call.' };
}

function numberIn({ 'request-id': requestId }: PlatformResponse['headers']): string {
  return (typeof requestId === 'string' ? /-(\d+)$/.exec(requestId)?.[1] : undefined) ?? '';
}

const unreadable = { means: 'unknown', detail: 'The answer is not one of WeChat Pay.' } as const;

function parsed(body: Buffer): Failure | undefined {
  try {
    return Failure.safeParse(JSON.parse(body.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Seconds to wait when WeChat Pay says that we are too fast. */
export const TOO_FAST_RETRY = 10;

/** The error for a refusal that the call itself has no answer for. */
export function errorOf(account: CallingAccount, { means, code, message, detail }: Refusal): PlatformError {
  const cause = new Error(`${code}: ${message.slice(0, 300)}`);
  const told = { platformCode: code, detail, cause };
  if (means === 'misconfigured') return new PlatformError('platform_account_misconfigured', account, told);
  if (means === 'busy') return new PlatformError('platform_busy', account, { ...told, repeats: 2 });
  if (means === 'too_fast') {
    return new PlatformError('platform_rate_limited', account, { ...told, retryAfter: TOO_FAST_RETRY });
  }
  // Whoever asks has to find out what is there: our number is known, or WeChat Pay itself does not know.
  if (means === 'unknown' || means === 'exists' || means === 'absent') {
    return new PlatformError('platform_unknown', account, told);
  }
  return new PlatformError('platform_refused', account, told);
}
