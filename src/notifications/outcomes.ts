import type { SendOutcome } from '../platforms/message-platform.js';

/** A message that this process has claimed: it goes to the platform now, once. Columns of `claimOf`. */
export interface Claimed extends Record<string, unknown> {
  readonly id: string;
  readonly verdict: Reservation | 'unknown' | 'sent' | 'expired' | 'refused' | 'quiet' | 'blocked' | 'elsewhere';
  readonly accountId: string;
  readonly platform: string;
  readonly openid: string;
  readonly templateId: string;
  readonly platformTemplateId: string;
  readonly data: Readonly<Record<string, string | number>>;
  readonly page: string | null;
  readonly broadcastId: string | null;
  readonly tries: number;
  readonly priority: number;
  readonly sendAt: Date;
  /** The claim of the client that let it through. */
  readonly reportId: string | null;
}

/** What a send takes of its consent: one of what was granted or claimed, or nothing of a subscription. */
export type Reservation = 'grant' | 'claim' | 'subscription';

/** What is to be written of an outcome, apart from what the claim says. */
export interface Conclusion {
  readonly outcome: 'sent' | 'refused' | 'failed' | 'unknown' | 'later';
  readonly reason: string | null;
  readonly platformCode: string | null;
  readonly platformMessageId: string | null;
  /** When to try again; business time. */
  readonly dueAt: Date | null;
  readonly tries: number;
  /** Nothing goes to this person before; protocol time. */
  readonly blockedUntil: Date | null;
  /** Nothing goes out of this account before; protocol time. */
  readonly pausedUntil: Date | null;
}

/** Tries of one message that a platform is too busy for. */
export const MOST_TRIES = 5;
/** A pause of the account when the platform does not say how long: a minute, in which its quotas renew. */
const ACCOUNT_PAUSE_MS = 60_000;
/** 00:00 in China, where the platforms count their days. */
const CHINA_MS = 8 * 3_600_000;
const DAY_MS = 24 * 3_600_000;

const REASONS = { person: 'person_unreachable', template: 'template_unusable', data: 'data_refused', account: 'account_unable' } as const; // prettier-ignore

/** Until when; protocol time in milliseconds. */
export const nextChinaDay = (now: number): number => (Math.floor((now + CHINA_MS) / DAY_MS) + 1) * DAY_MS - CHINA_MS;

/** 1, 2, 4, 8 seconds, less or more by a quarter: messages that failed together do not come back together. */
const backOff = (tries: number, random: number): number => 1_000 * 2 ** tries * (0.75 + random / 2);

/**
 * What a platform's answer comes to. `now`: protocol time; `ahead`: by how many milliseconds the app's business time is
 * ahead; `random`: 0 to 1.
 */
export function conclude(outcome: SendOutcome, tries: number, now: Date, ahead: number, random: number): Conclusion {
  const platformCode = 'platformCode' in outcome ? outcome.platformCode : null;
  const nothing = { reason: null, platformCode, platformMessageId: null, dueAt: null, tries: tries + 1, blockedUntil: null, pausedUntil: null }; // prettier-ignore
  switch (outcome.kind) {
    case 'sent':
      return { ...nothing, outcome: 'sent', platformMessageId: outcome.platformMessageId };
    case 'refused':
      return { ...nothing, outcome: 'refused', reason: 'user_refused' };
    case 'failed':
      return { ...nothing, outcome: 'failed', reason: REASONS[outcome.fault] };
    case 'unknown':
      return { ...nothing, outcome: 'unknown', reason: 'no_answer' };
    case 'later':
      return { ...nothing, ...postponed(outcome, tries, now, ahead, random) };
  }
}

function postponed(
  { scope, retryAfter }: Extract<SendOutcome, { kind: 'later' }>,
  tries: number,
  now: Date,
  ahead: number,
  random: number,
): Pick<Conclusion, 'outcome'> & Partial<Conclusion> {
  if (scope === 'message' && tries + 1 >= MOST_TRIES) return { outcome: 'failed', reason: 'platform_busy' };
  const at = now.getTime();
  const unasked = scope === 'account' ? ACCOUNT_PAUSE_MS : backOff(tries, random);
  const asked = retryAfter === null ? unasked : Number(retryAfter) * 1_000 * (1 + random / 4);
  const until = retryAfter === 'next_day' ? nextChinaDay(at) : at + asked;
  return {
    outcome: 'later',
    dueAt: new Date(until + ahead),
    // Only a message that nobody else hinders has used up one of its tries.
    tries: scope === 'message' ? tries + 1 : tries,
    blockedUntil: scope === 'person' ? new Date(until) : null,
    pausedUntil: scope === 'account' ? new Date(until) : null,
  };
}
