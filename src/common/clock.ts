/**
 * Protocol time: the machine's, which never moves (design decision "two times"). Signatures, tokens, sessions, limits,
 * leases and retries use it. Injected so that a test can hold it still.
 */
export abstract class Clock {
  abstract now(): Date;
}

export class SystemClock extends Clock {
  override now(): Date {
    return new Date();
  }
}
