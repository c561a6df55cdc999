const EIGHT_HOURS = 8 * 3_600_000;
const DAY = 86_400_000;
const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** RFC 3339 in Beijing's zone, as APIv3 writes all its times. */
export const beijingTime = (at: number): string => `${new Date(at + EIGHT_HOURS).toISOString().slice(0, 19)}+08:00`;

/** `yyyy-MM-dd HH:mm:ss` in Beijing, as contracts have it. */
export const beijingText = (at: number): string => beijingTime(at).slice(0, 19).replace('T', ' ');

/** Days since 1970 in Beijing. */
export const beijingDay = (at: number): number => Math.floor((at + EIGHT_HOURS) / DAY);

/** Hours since midnight in Beijing, with the fraction. */
export const beijingHour = (at: number): number => (((at + EIGHT_HOURS) % DAY) / DAY) * 24;

/** `yyyyMMddHHmmss` in Beijing, as it stands in ids. */
export const beijingDigits = (at: number): string => beijingTime(at).slice(0, 19).replace(/\D/g, '');

/** ms; undefined for what is no RFC 3339 time. */
export function readTime(text: string): number | undefined {
  const at = FORM.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? undefined : at;
}
