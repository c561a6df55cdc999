import { chinaTime } from './china-time.js';

const DAY = 86_400_000;
const FORM = /^\d{4}-\d\d-\d\d$/;

/** The day in China, as `yyyy-MM-dd`: in that form days compare as texts do. */
export const chinaDate = (at: number): string => chinaTime(at).slice(0, 10);

/** Whether it is `yyyy-MM-dd`, and a day that exists. */
export const isChinaDate = (text: string): boolean => FORM.test(text) && addDays(text, 0) === text;

export function addDays(date: string, days: number): string {
  const at = Date.parse(`${date}T00:00:00Z`) + days * DAY;
  return Number.isNaN(at) ? '' : dateOf(at);
}

/** The same day of a later month, or its last where that month is too short. */
export function addMonths(date: string, months: number): string {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return dateOf(Date.UTC(year, month - 1 + months, Math.min(day, last)));
}

export const dayOfMonth = (date: string): number => Number(date.slice(8));

const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
