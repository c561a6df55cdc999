import { z, type ZodType } from 'zod';
import { PlatformError, type PlatformProblem } from './errors.js';
import type { CallingAccount, PlatformResponse } from './platform-http.js';

/** One row of a platform's error table: what a code means for us. */
export interface ErrorRow {
  readonly problem: PlatformProblem;
  /** Plain words for the developer where the problem's own sentence is too general. */
  readonly detail?: string;
  readonly repeats?: number;
  /** Seconds. */
  readonly retryAfter?: number;
}

export type ErrorTable = Readonly<Record<number, ErrorRow>>;

/** A code outside the tables: repeated once, then shown with the platform's number. */
const UNKNOWN: ErrorRow = { problem: 'platform_refused', repeats: 1 };

/**
 * The error that `code` stands for; the first table that knows the code decides. The platform's `message` becomes the
 * cause, for the log: it names the request for the platform's support, and no caller of ours ever sees it.
 */
export function errorOf(
  account: CallingAccount,
  code: number,
  tables: readonly ErrorTable[],
  message = '',
): PlatformError {
  const { problem, ...rest } = tables.find((table) => table[code] !== undefined)?.[code] ?? UNKNOWN;
  const cause = new Error(`${code}: ${message.slice(0, 300)}`);
  return new PlatformError(problem, account, { platformCode: String(code), cause, ...rest });
}

/** A platform's code on the wire: a number, though one or the other API has been seen to write it as text. */
export const WireCode = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d{1,12}$/)
    .transform(Number),
]);

/** A JSON answer in the shape of `schema`. Throws `platform_busy` for a 5xx, `platform_answer_invalid` for anything else. */
export function readAnswer<T>(account: CallingAccount, { status, body }: PlatformResponse, schema: ZodType<T>): T {
  if (status >= 500) throw new PlatformError('platform_busy', account, { platformCode: `http_${status}`, repeats: 2 });
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    // Without the cause: its message quotes the body.
    throw new PlatformError('platform_answer_invalid', account, { platformCode: `http_${status}` });
  }
  return shaped(account, json, schema);
}

/** `value` in the shape of `schema`, or `platform_answer_invalid` naming the fields (never their values). */
export function shaped<T>(account: CallingAccount, value: unknown, schema: ZodType<T>): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(({ path }) => path.join('.') || 'the whole answer').join(', ');
  throw new PlatformError('platform_answer_invalid', account, {
    detail: `The answer of the platform is not as documented: ${fields}.`,
  });
}

/** Whether a client's code can be one at all; what is not, need not be sent (and could not be encoded). */
export const isCode = (code: string | undefined): code is string =>
  code !== undefined && /^[\x21-\x7e]{1,1024}$/.test(code);
