/** A refusal of the sandbox's own surface. `message` tells the caller what to do. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';

  constructor(
    readonly status: number,
    /** Stable, for programs. */
    readonly error: string,
    message: string,
  ) {
    super(message);
  }
}

/** The sandbox cannot start; `message` is one line that says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
