import { DomainError, type ProblemExtra } from '../common/errors.js';
import type { PlatformAccount } from './platform.js';

/**
 * Every way in which a platform can disappoint, as the API tells it. Each platform's error table maps its own codes to
 * one of these (docs/errors.md); nothing else may leave a platform folder.
 */
export const PLATFORM_PROBLEMS = {
  /** The code is used, expired, malformed or of another mini-program: the client calls its login function again. */
  login_code_invalid: {
    status: 401,
    say: 'The login code is used or expired. Call the login function of the client again.',
  },
  /** The session key is no longer the one that the client's data was made with. */
  login_again: { status: 401, say: 'The platform session has changed. Log in again, then repeat the step.' },
  phone_code_invalid: {
    status: 422,
    say: 'The phone code is used or expired. Let the user tap the phone button again.',
  },
  platform_data_invalid: { status: 422, say: 'The signed or encrypted data of the client does not verify.' },
  user_refused: { status: 422, say: 'The user has not granted this to the mini-program.' },
  user_blocked: { status: 403, say: 'The platform has blocked this user as a risk. Do not try again.' },
  platform_rate_limited: { status: 429, say: 'The platform limits how often this may be asked. Try again later.' },
  platform_busy: { status: 503, say: 'The platform is busy. Try again.' },
  /** Sent, no answer: it may or may not have happened. */
  platform_unknown: { status: 504, say: 'The platform did not answer in time; the outcome is unknown.' },
  /** Wrong app id, secret, key, IP list, missing permission: the developer must act in the platform's console. */
  platform_account_misconfigured: { status: 502, say: 'The platform refuses the credentials of this account.' },
  /** An answer outside the platform's documentation, or a call that we made wrongly. */
  platform_refused: { status: 502, say: 'The platform refused the call.' },
  platform_answer_invalid: { status: 502, say: 'The answer of the platform does not verify or cannot be read.' },
} as const;

export type PlatformProblem = keyof typeof PLATFORM_PROBLEMS;

export interface PlatformErrorDetail {
  /** The platform's own code, e.g. `40029`, `isv.code-invalid`. */
  readonly platformCode?: string;
  /** What to do, more precisely than the problem's own sentence. Never a secret or a raw platform body. */
  readonly detail?: string;
  /** Seconds until another try makes sense. */
  readonly retryAfter?: number;
  /** How often the same call may be repeated at once with some hope, as the platform's documentation says; 0 if absent. */
  readonly repeats?: number;
  readonly cause?: unknown;
}

/** The only error that leaves a platform folder. `code` is one of PLATFORM_PROBLEMS. */
export class PlatformError extends DomainError {
  override readonly name = 'PlatformError';
  readonly platformCode: string | undefined;
  readonly repeats: number;

  constructor(
    readonly problem: PlatformProblem,
    account: Pick<PlatformAccount, 'id' | 'platform'>,
    { platformCode, detail, retryAfter, repeats = 0, cause }: PlatformErrorDetail = {},
  ) {
    const { status, say } = PLATFORM_PROBLEMS[problem];
    const extra: ProblemExtra = {
      platform: account.platform,
      [account.id.startsWith('mac_') ? 'merchantAccountId' : 'platformAccountId']: account.id,
      ...(platformCode === undefined ? {} : { platformCode }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    };
    super(status, problem, detail ?? say, extra, cause === undefined ? undefined : { cause });
    this.platformCode = platformCode;
    this.repeats = repeats;
  }
}
