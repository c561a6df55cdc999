/** Where the queues report; Nest's `Logger` is one. */
export interface Log {
  warn(message: string): void;
  error(message: string): void;
}

/** A message for the log: name, code and message, never the error's other members, which may hold a command's values. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
  // A failed connection to several addresses (`localhost`) has no message of its own.
  const message = error.message || (error instanceof AggregateError ? describe(error.errors[0]) : '');
  return `${error.name}${code}: ${message}`.slice(0, 500);
}

const QUIET_MS = 10_000;

/** Warns of the same at most every ten seconds: when the store is away, everything that uses it says so many times. */
export function quietly(log: Log): (line: string) => void {
  const last = new Map<string, number>();
  return (line) => {
    const now = Date.now();
    if (now - (last.get(line) ?? -QUIET_MS) < QUIET_MS) return;
    if (last.size >= 100) last.clear();
    last.set(line, now);
    log.warn(line);
  };
}
