const EIGHT_HOURS = 8 * 3_600_000;
const FORM = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/;

/** `yyyy-MM-dd HH:mm:ss` in GMT+8, as all of Alipay's times are. */
export const chinaTime = (at: number): string =>
  new Date(at + EIGHT_HOURS).toISOString().slice(0, 19).replace('T', ' ');

export function isChinaTime(text: string): boolean {
  const [, day, time] = FORM.exec(text) ?? [];
  const at = Date.parse(`${day}T${time}+08:00`);
  return !Number.isNaN(at) && chinaTime(at) === text; // the second half refuses 30 February
}
