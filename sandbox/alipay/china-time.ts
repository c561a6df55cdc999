const EIGHT_HOURS = 8 * 3_600_000;
const DAY = 86_400_000;
const FORM = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/;

/** `yyyy-MM-dd HH:mm:ss` in GMT+8, as all of Alipay's times are. */
export const chinaTime = (at: number): string =>
  new Date(at + EIGHT_HOURS).toISOString().slice(0, 19).replace('T', ' ');

/** The same with `.SSS`, which some fields of notifications have. */
export const chinaTimeWithMilliseconds = (at: number): string =>
  new Date(at + EIGHT_HOURS).toISOString().slice(0, 23).replace('T', ' ');

/** The instant in ms; undefined for any other text. */
export function chinaInstant(text: string): number | undefined {
  const [, day, time] = FORM.exec(text) ?? [];
  const at = Date.parse(`${day}T${time}+08:00`);
  return !Number.isNaN(at) && chinaTime(at) === text ? at : undefined; // the second half refuses 30 February
}

export const isChinaTime = (text: string): boolean => chinaInstant(text) !== undefined;

/** The next 0:00 in China after `at`. */
export const nextChinaMidnight = (at: number): number => (Math.floor((at + EIGHT_HOURS) / DAY) + 1) * DAY - EIGHT_HOURS;
