import type { FieldFit } from './message-platform.js';

/** Nothing that would break a line, or be no character at all: no platform shows it. */
const UNSHOWABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;
const ELLIPSIS = '…';

export const fits = (text: string, isShortened = false): FieldFit => ({ fits: true, text, isShortened });
export const misfit = (detail: string): FieldFit => ({ fits: false, detail });

/** Characters as platforms count them: code points, so that an emoji is one and not two. */
export const lengthOf = (text: string): number => Array.from(text).length;

/** What no platform takes in any field, else undefined. */
export function unshowable(text: string): string | undefined {
  if (text.trim() === '') return 'must not be empty';
  return UNSHOWABLE.test(text) ? 'must not contain line breaks or other control characters' : undefined;
}

/** Any text of at most `most` characters; a longer one is cut, and ends in an ellipsis. */
export function anyText(text: string, most: number): FieldFit {
  const problem = unshowable(text);
  if (problem) return misfit(problem);
  // No character has more than two units: the many of a long text need not be counted.
  return text.length <= 2 * most && lengthOf(text) <= most ? fits(text) : fits(shortened(text, most), true);
}

/** The first of `text`, with an ellipsis at most `most` characters. Never cuts through what people see as one character. */
function shortened(text: string, most: number): string {
  let kept = '';
  let left = most - 1;
  for (const { segment } of new Intl.Segmenter('zh', { granularity: 'grapheme' }).segment(text.slice(0, 8 * most))) {
    left -= lengthOf(segment);
    if (left < 0) break;
    kept += segment;
  }
  return kept.trimEnd() + ELLIPSIS;
}

/** A page of the mini-program with its query, as it is sent: without a leading slash. Values are to be URL-encoded. */
export function pagePath(page: string, most: number): FieldFit {
  const path = page.replace(/^\//, '');
  if (!/^[\x21-\x7e]+$/.test(path)) return misfit('must be a path like pages/order?id=1, URL-encoded');
  if (path.startsWith('/') || /^[a-z][a-z0-9+.-]*:/i.test(path) || path.startsWith('?')) {
    return misfit('must be a page of the mini-program itself, like pages/order?id=1');
  }
  return path.length <= most ? fits(path) : misfit(`must have at most ${most} characters`);
}
