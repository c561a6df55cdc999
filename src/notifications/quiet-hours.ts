import { IANAZone } from 'luxon';
import { z } from 'zod';

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day like 22:00');

/** A name, never an offset like `+08:00`: Postgres reads the sign of those the other way round. */
const isTimeZone = (zone: string): boolean => /^[A-Za-z]/.test(zone) && IANAZone.isValidZone(zone);

/** When nobody is to be disturbed, by the clock of a time zone; `from` later than `to` goes over midnight. */
export const QuietHours = z
  .strictObject({
    from: clockTime,
    to: clockTime,
    timeZone: z
      .string()
      .max(64)
      .refine(isTimeZone, 'must be an IANA time zone like Asia/Shanghai')
      .default('Asia/Shanghai'),
  })
  .refine(({ from, to }) => from !== to, 'from and to must differ')
  .meta({ id: 'QuietHours', description: 'Nothing is sent within them; it waits for their end.' });
export type QuietHours = z.infer<typeof QuietHours>;

/**
 * SQL: `at` (a timestamptz), or the end of the quiet hours in which it lies. `quiet`: jsonb as QuietHours, or null.
 */
export const afterQuietSql = (at: string, quiet: string): string => `
  case when ${quiet} is null then ${at} else (
    select case
        when q.f <= q.t and (l.at::time >= q.t or l.at::time < q.f) then ${at}
        when q.f > q.t and l.at::time >= q.t and l.at::time < q.f then ${at}
        else (l.at::date + case when q.f > q.t and l.at::time >= q.f then 1 else 0 end + q.t) at time zone q.zone
      end
    from (select (${quiet}->>'from')::time as f, (${quiet}->>'to')::time as t, ${quiet}->>'timeZone' as zone) q
      cross join lateral (select ${at} at time zone q.zone as at) l)
  end`;
