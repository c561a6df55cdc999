/** A start that cannot go on: one line that says what to do. `main` prints it and exits with 1. */
export class StartError extends Error {
  override readonly name = 'StartError';

  constructor(
    readonly line: string,
    options?: ErrorOptions,
  ) {
    super(line, options);
  }
}
