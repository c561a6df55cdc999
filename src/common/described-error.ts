/** An error, its cause, and the cause of that. */
const LEVELS = 3;

export interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

/** Of an error what was written for people. Drivers hang statements with their values and connection settings on theirs. */
export function describeError(error: unknown, levels = LEVELS): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'what was thrown is no error' };
  const { name, message, stack, cause } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    type: name,
    message,
    ...(code === undefined ? {} : { code }),
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined || levels === 1 ? {} : { cause: describeError(cause, levels - 1) }),
  };
}
