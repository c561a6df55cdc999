import { z } from 'zod';

/** How far one advance goes. */
export const MOST_DAYS = 800;
const FEWEST_DAYS = 0.001;

export const AdvanceTestClock = z
  .strictObject({
    to: z.iso.datetime({ offset: true }).optional().meta({ description: 'The time to go to; it must lie ahead.' }),
    days: z
      .number()
      .min(FEWEST_DAYS)
      .max(MOST_DAYS)
      .optional()
      .meta({ description: 'How far to go, instead of `to`.' }),
  })
  .refine(({ to, days }) => (to === undefined) !== (days === undefined), 'say `to` or `days`')
  .meta({ id: 'AdvanceTestClock' });
export type AdvanceTestClock = z.infer<typeof AdvanceTestClock>;

export const TestClockView = z
  .object({
    now: z.iso.datetime().meta({ description: "The app's business time." }),
    target: z.iso.datetime().nullable().meta({ description: 'Where the last advance went, or goes.' }),
    status: z.enum(['advancing', 'ready']),
    reason: z.string().optional().meta({ description: 'Why the last advance did not arrive, or what it left undone.' }),
  })
  .meta({ id: 'TestClock' });
export type TestClockView = z.infer<typeof TestClockView>;
