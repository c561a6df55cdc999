import { Broken } from '../../payments/model/stage.js';
import type { Club, ClubRules } from './club.js';
import type { SubscriptionRecord } from './records.js';
import { spansOf } from './spans.js';

const DAY_MS = 86_400_000;
/** Close to a boundary now is before it for one and after it for the other. */
export const BLURRED_MS = 120_000;
const NOT_BEGUN = ['incomplete', 'incomplete_expired'];

/**
 * Until when (ms of business time) the subscription's feature may be used, reckoned from its invoices and the days of grace
 * alone: no days of grace after a pause or a cancellation. In China no clock ever changes, and every period here is longer
 * than the grace, so days are days.
 */
export function accessUntil(record: SubscriptionRecord, { graceDays }: ClubRules): number {
  const { status, trial_end: trialEnd, cancel_at: cancelAt, ended_at: endedAt } = record;
  if (NOT_BEGUN.includes(status)) return -Infinity;
  const last = spansOf(record, true).at(-1);
  const paidUntil = last?.end ?? (trialEnd === null ? -Infinity : Date.parse(trialEnd));
  if (endedAt !== null) return Math.min(Date.parse(endedAt), paidUntil + graceDays * DAY_MS);
  const endsThere = cancelAt !== null && Date.parse(cancelAt) <= paidUntil;
  const beganAnew = spansOf(record).some(({ start }) => start > paidUntil);
  if (status === 'paused' || endsThere || beganAnew) return paidUntil;
  return paidUntil + graceDays * DAY_MS;
}

/** The same as our rows say it. */
export function grantedUntil({ entitlements }: SubscriptionRecord): number {
  const ends = entitlements.map(({ expires_at: expires, grace_until: grace }) =>
    Math.max(Date.parse(expires ?? '9999-01-01'), Date.parse(grace ?? '1970-01-01')),
  );
  return Math.max(-Infinity, ...ends);
}

/** What every member is told that they may use is what their subscriptions give them. */
export async function checkAnswers(club: Club, records: readonly SubscriptionRecord[]): Promise<void> {
  const now = club.now();
  for (const { userId } of club.members) {
    const own = records.filter((one) => one.user_id === userId);
    const isBlurred = own.some((one) => Math.abs(accessUntil(one, club.rules) - now) < BLURRED_MS);
    if (isBlurred) continue;
    const { body } = await club.ask<{ data: { feature: string }[] }>('GET', `/v1/users/${userId}/entitlements`);
    const told = body.data.map(({ feature }) => feature).sort();
    const given = own.filter((one) => accessUntil(one, club.rules) > now).map((one) => one.product_id);
    const due = Object.entries(club.products).flatMap(([feature, id]) => (given.includes(id) ? [feature] : []));
    if (told.join() !== due.sort().join())
      throw new Broken(`${userId} is told ${told.join()}, and has ${due.join()}`, own.at(-1)?.id);
  }
}
