/** One problem in the input: where it is (`user.name`) and what to do about it. */
export interface FieldError {
  path: string;
  message: string;
}

export interface ProblemMembers {
  /** The platform's own code, e.g. `40029`. Never a raw platform body. */
  platformCode?: string;
  errors?: readonly FieldError[];
  /** Seconds; becomes the `Retry-After` header. */
  retryAfter?: number;
  /** Calls that a window allows; becomes the `RateLimit-*` headers. */
  limit?: number;
  [member: string]: unknown;
}

/** What an error adds to its problem; the members that every problem has are not for it to change. */
export interface ProblemExtra extends ProblemMembers {
  type?: never;
  title?: never;
  status?: never;
  code?: never;
  detail?: never;
  requestId?: never;
}

/**
 * What the domain throws; `ProblemFilter` turns it into RFC 9457 `application/problem+json`.
 * `code` is part of the API and never changes; `message` is for the person who reads it: what happened and what to do.
 */
export class DomainError extends Error {
  override readonly name: string = 'DomainError';

  /** `extra` is shown to the caller: never a secret, never a raw platform reply. */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly extra: ProblemExtra = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
