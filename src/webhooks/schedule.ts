const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Seconds from a failure to the next attempt, as Standard Webhooks suggests: ten attempts in about three days. */
export const RETRY_AFTER_S = [0, 5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR]; // prettier-ignore
/** So that the deliveries of an outage do not all come back at the same moment. */
const JITTER = 0.2;
/** An endpoint cannot put us off for longer than the schedule itself ever does. */
const LONGEST_WAIT_MS = 24 * HOUR * 1_000;

/**
 * Milliseconds until the next attempt, after `tries` failures; undefined when there is none left.
 * `asked` is what the endpoint wants at least (`Retry-After`); `random` in [0, 1).
 */
export function nextDelay(tries: number, asked = 0, random = Math.random()): number | undefined {
  const seconds = RETRY_AFTER_S[tries];
  if (seconds === undefined) return undefined;
  const jittered = seconds * 1_000 * (1 + JITTER * (2 * random - 1));
  return Math.round(Math.max(jittered, Math.min(asked, LONGEST_WAIT_MS)));
}

/** What `Retry-After` asks for, in milliseconds from `now`: seconds or an HTTP date; 0 for anything else. */
export function retryAfterOf(header: string | undefined, now: Date): number {
  if (header === undefined) return 0;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? 0 : Math.max(0, at - now.getTime());
}
