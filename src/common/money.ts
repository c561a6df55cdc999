declare const fen: unique symbol;

/** Chinese yuan in fen. Branded so that a float in yuan or a bare count cannot slip in. */
export type Fen = number & { readonly [fen]: true };

/** A hundred million yuan: what Alipay takes at once, the most of all platforms. Nothing dearer is sold or paid. */
export const MOST_FEN = 10_000_000_000;

/** `value` as an amount in fen. Throws RangeError unless it is a safe, non-negative integer. */
export function toFen(value: number): Fen {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an amount in fen: ${value}`);
  return value as Fen;
}

/** Alipay speaks yuan as a decimal string: 12345 fen is "123.45". By text, never through a float. */
export const fenToYuan = (amount: Fen): string =>
  `${Math.trunc(amount / 100)}.${String(amount % 100).padStart(2, '0')}`;

/** "123.4" becomes 12340 fen. Throws RangeError on anything but a decimal with at most two places. */
export function yuanToFen(text: string): Fen {
  const match = /^(\d{1,13})(?:\.(\d{1,2}))?$/.exec(text);
  if (!match) throw new RangeError(`not an amount in yuan: ${text}`);
  return toFen(Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0')));
}
