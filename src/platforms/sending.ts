import type { AccessTokens, TokenSource } from './access-tokens.js';
import { PlatformError } from './errors.js';
import type { SendOutcome } from './message-platform.js';
import type { PlatformAccount } from './platform.js';

/** What a code of a platform means for a message: its outcome, in our words for the developer. */
export type SendRow =
  | Omit<Extract<SendOutcome, { kind: 'refused' }>, 'platformCode'>
  | Omit<Extract<SendOutcome, { kind: 'failed' }>, 'platformCode'>
  | Omit<Extract<SendOutcome, { kind: 'later' }>, 'platformCode'>
  | Extract<SendOutcome, { kind: 'unknown' }>;

/** By the platform's own code. */
export type SendTable = Readonly<Record<string, SendRow>>;

/** The row of a code, undefined for one that the table does not know. Codes come from outside: no inherited members. */
export const sendRow = (table: SendTable, code: string): SendRow | undefined =>
  Object.hasOwn(table, code) ? table[code] : undefined;

/** A row as the outcome of one send. */
export const outcomeOf = (row: SendRow, platformCode: string): SendOutcome =>
  row.kind === 'unknown' ? row : { ...row, platformCode };

/** Milliseconds after which no (further) try is begun: whoever gave us the message has lent it for not much longer. */
const LATEST_START = 15_000;

/**
 * Sends with the account's token. `attempt` hands the message over once; it throws only for a token that the platform has
 * refused, which is then replaced and the message handed over once more. Never throws: without a token nothing was sent.
 */
export async function sendWithToken(
  tokens: AccessTokens,
  account: PlatformAccount,
  source: TokenSource,
  attempt: (token: string) => Promise<SendOutcome>,
): Promise<SendOutcome> {
  const started = performance.now();
  try {
    return await tokens.use(account, source, async (token) =>
      performance.now() - started > LATEST_START ? TOO_LATE : attempt(token),
    );
  } catch (error) {
    return nothingSent(error);
  }
}

const TOO_LATE: SendOutcome = {
  kind: 'later',
  scope: 'message',
  retryAfter: null,
  platformCode: 'no_token',
  detail: 'The platform took too long to give an access token; nothing was sent.',
};

/** What an error means that came before the message was handed over: it is still there to be sent. */
export function nothingSent(error: unknown): SendOutcome {
  const later = { kind: 'later', scope: 'account' } as const;
  if (!(error instanceof PlatformError)) {
    // Our own trouble, the database's most likely. The name alone: a message may quote what must not be shown.
    const name = error instanceof Error ? error.name : 'unnamed';
    const detail = `This server could not hand the message over (${name}); nothing was sent.`;
    return { ...later, scope: 'message', retryAfter: null, platformCode: 'internal', detail };
  }
  const { problem, platformCode = problem, message: detail } = error;
  const retryAfter = typeof error.extra.retryAfter === 'number' ? error.extra.retryAfter : null;
  switch (problem) {
    case 'platform_busy':
    case 'platform_unknown':
    case 'platform_rate_limited':
      return { ...later, retryAfter, platformCode, detail };
    default:
      return { ...later, retryAfter, isAlarm: true, platformCode, detail };
  }
}

/**
 * What an error of the call that carries the message means: only where nothing left this machine, or the platform has
 * turned it away unread, may the message be sent again.
 */
export function handedOver(error: unknown): SendOutcome {
  if (!(error instanceof PlatformError)) return { kind: 'unknown', detail: 'The answer could not be read.' };
  const { problem, platformCode, message: detail } = error;
  switch (problem) {
    case 'platform_account_misconfigured':
    case 'platform_rate_limited':
      return nothingSent(error);
    case 'platform_busy':
      // With a code it is an HTTP 5xx, perhaps of a proxy that has lost the answer; without one nothing was sent.
      return platformCode === undefined ? { ...NOT_REACHED, detail } : unknown(platformCode);
    default:
      return unknown(platformCode ?? problem);
  }
}

const NOT_REACHED = { kind: 'later', scope: 'message', retryAfter: null, platformCode: 'not_sent' } as const;

const unknown = (code: string): SendOutcome => ({
  kind: 'unknown',
  detail: `It was handed to the platform, and no answer came that can be believed [${code}].`,
});
