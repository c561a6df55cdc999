import fc from 'fast-check';
import { fromCursor, PageQuery, toCursor, toPage } from './pagination.js';

/** Reads all pages of `rows`, which are sorted by key, as a list endpoint serves them. */
function pagesOf(rows: readonly number[], limit: number): number[][] {
  const pages: number[][] = [];
  for (let cursor: string | null = null; ;) {
    const after: number = cursor === null ? -1 : Number(fromCursor(cursor, /^\d+$/));
    const read = rows.filter((row) => row > after).slice(0, limit + 1);
    const page: { data: number[]; nextCursor: string | null } = toPage(read, limit, String, (row) => row);
    pages.push(page.data);
    if (page.nextCursor === null) return pages;
    cursor = page.nextCursor;
  }
}

describe('pages', () => {
  test('together are the list, none is longer than asked for, and none is empty but that of an empty list', () => {
    const sorted = fc.uniqueArray(fc.nat(), { maxLength: 50 }).map((rows) => rows.sort((a, b) => a - b));
    fc.assert(
      fc.property(sorted, fc.integer({ min: 1, max: 60 }), (rows, limit) => {
        const pages = pagesOf(rows, limit);
        expect(pages.flat()).toEqual(rows);
        expect(pages).toHaveLength(Math.max(1, Math.ceil(rows.length / limit)));
        expect(pages.every(({ length }) => length <= limit)).toBe(true);
      }),
    );
  });

  test('a cursor can stand in a URL and gives its key back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (key) => {
        expect(toCursor(key)).toMatch(/^[A-Za-z0-9_-]*$/);
        expect(fromCursor(toCursor(key), /^/)).toBe(key);
      }),
    );
  });

  test.each(['', 'usr_1', toCursor('usr_xyz'), toCursor("usr_1' or 1=1"), '%00', '🙂'])(
    '"%s" is no cursor of a list of numbers',
    (cursor) => {
      expect(() => fromCursor(cursor, /^\d+$/)).toThrow(
        expect.objectContaining({
          code: 'validation_failed',
          extra: { errors: [expect.objectContaining({ path: 'cursor' })] },
        }),
      );
    },
  );

  test.each([
    [{}, 20],
    [{ limit: '1' }, 1],
    [{ limit: '100' }, 100],
  ])('%j asks for %i rows', (query, limit) => {
    expect(PageQuery.parse(query).limit).toBe(limit);
  });

  test.each([{ limit: '0' }, { limit: '101' }, { limit: '1.5' }, { limit: 'all' }, { limit: '' }, { offset: '1' }])(
    '%j is refused',
    (query) => expect(PageQuery.safeParse(query).success).toBe(false),
  );
});
