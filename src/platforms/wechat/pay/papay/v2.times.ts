import { toBeijing } from '../pay.times.js';

/** `yyyyMMddHHmmss` in Beijing time. */
export const toCompact = (time: Date): string => toBeijing(time).replace(/\+.*$/, '').replaceAll(/\D/g, '');

/**
 * A time of v2: `yyyy-MM-dd HH:mm:ss` of contracts and `yyyyMMddHHmmss` of payments, both in Beijing, or Unix seconds, which
 * a recorded answer has where the documentation says the first. Undefined for anything else, a 0 for "none" included.
 */
export function readTime(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{8,9}$/.test(text)) return new Date(Number(text) * 1_000);
  const parts = /^(\d{4})-?(\d\d)-?(\d\d) ?(\d\d):?(\d\d):?(\d\d)$/.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}+08:00`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
