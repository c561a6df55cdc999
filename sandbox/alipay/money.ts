const FORM = /^(\d{1,10})(?:\.(\d{1,2}))?$/;

/** `12.3` is 1230 fen. Undefined: no amount of yuan with at most two decimals. */
export function fenOf(yuan: string): number | undefined {
  const [, whole, part = ''] = FORM.exec(yuan) ?? [];
  return whole === undefined ? undefined : Number(whole) * 100 + Number(part.padEnd(2, '0'));
}

/** Fen as Alipay writes amounts: yuan with two decimals. */
export const yuanOf = (fen: number): string => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`;
