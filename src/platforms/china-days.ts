const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** China keeps one time, the same all year. */
const AHEAD = 8 * HOUR;

/** A day of China's calendar, counted from 1970-01-01. */
export type ChinaDay = number;

export const chinaDayOf = (at: Date): ChinaDay => Math.floor((at.getTime() + AHEAD) / DAY);

/** That hour of the day in China. */
export const chinaTime = (day: ChinaDay, hour: number): Date => new Date(day * DAY + hour * HOUR - AHEAD);

/** `2026-03-01`, as platforms write days. */
export const dayText = (day: ChinaDay): string => new Date(day * DAY).toISOString().slice(0, 10);

/** Reads `2026-03-01`, whatever stands behind it. */
export const dayFrom = (text: string): ChinaDay => Math.floor(Date.parse(`${text.slice(0, 10)}T00:00:00Z`) / DAY);

export const dayOfMonth = (day: ChinaDay): number => new Date(day * DAY).getUTCDate();

/** Months of the calendar since year 0. */
export const monthOf = (day: ChinaDay): number => {
  const date = new Date(day * DAY);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
};

/** That day of the month, which the month must have. */
export const dayIn = (month: number, day: number): ChinaDay => Date.UTC(Math.floor(month / 12), month % 12, day) / DAY;
