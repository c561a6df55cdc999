const EIGHT_HOURS = 8 * 3_600_000;

/** RFC 3339 in Beijing time, as WeChat Pay writes it. Fractions of a second are cut off. */
export const toBeijing = (time: Date): string =>
  `${new Date(time.getTime() + EIGHT_HOURS).toISOString().slice(0, 19)}+08:00`;
