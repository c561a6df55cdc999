import { invalid } from '../common/problems.js';

const DAY_MS = 24 * 3_600_000;
const MOST_DAYS_AHEAD = 366;
const MOST_DAYS_VALID = 30;

/**
 * When a message goes out and until when (business time). Throws `validation_failed` for what makes no sense.
 */
export function timesOf(
  body: { readonly sendAt?: string | undefined; readonly expiresAt?: string | undefined },
  now: Date,
): { readonly sendAt: Date; readonly expiresAt: Date } {
  const asked = body.sendAt === undefined ? now : new Date(body.sendAt);
  if (asked.getTime() - now.getTime() > MOST_DAYS_AHEAD * DAY_MS)
    throw invalid('sendAt', `must be within ${MOST_DAYS_AHEAD} days`);
  const sendAt = asked < now ? now : asked;
  const expiresAt = body.expiresAt === undefined ? new Date(sendAt.getTime() + DAY_MS) : new Date(body.expiresAt);
  if (expiresAt <= sendAt) throw invalid('expiresAt', 'must be after sendAt, and not have passed');
  if (expiresAt.getTime() - sendAt.getTime() > MOST_DAYS_VALID * DAY_MS)
    throw invalid('expiresAt', `must be at most ${MOST_DAYS_VALID} days after sendAt`);
  return { sendAt, expiresAt };
}
