import { z } from 'zod';
import { invalid } from './problems.js';

/** Query of every list: newest first, `cursor` from the previous page. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20).meta({ description: 'Rows of a page, 1 to 100.' }),
  cursor: z.string().max(200).optional().meta({ description: '`nextCursor` of the previous page.' }),
});
export type PageQuery = z.infer<typeof PageQuery>;

export interface Page<T> {
  readonly data: T[];
  readonly nextCursor: string | null;
}

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ data: z.array(item), nextCursor: z.string().nullable() });

/** What to send as `cursor` to go on after `key`; opaque to callers. */
export const toCursor = (key: string): string => Buffer.from(key).toString('base64url');

/** The key behind a cursor. Throws `validation_failed` unless it has the form of `pattern`. */
export function fromCursor(cursor: string, pattern: RegExp): string {
  const key = Buffer.from(cursor, 'base64url').toString();
  if (!pattern.test(key)) throw invalid('cursor', 'is not a cursor of this list; leave it out for the first page');
  return key;
}

/** Cuts `rows`, read with one more than `limit`, into a page whose cursor is the last row's key. */
export function toPage<Row, T>(
  rows: readonly Row[],
  limit: number,
  key: (row: Row) => string,
  view: (row: Row) => T,
): Page<T> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { data: page.map(view), nextCursor: rows.length > limit && last !== undefined ? toCursor(key(last)) : null };
}
