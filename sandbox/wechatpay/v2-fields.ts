import { z } from 'zod';
import { notifyUrl, text } from './fields.js';
import { V2Error } from './v2-errors.js';
import type { V2Fields } from './v2-signature.js';

/** `out_trade_no`: digits, letters, `_ - | * @`. */
export const v2OrderNumber = z.string().regex(/^[\w\-|*@]{1,32}$/);
/** `total_fee`: fen. */
export const v2Fen = z
  .string()
  .regex(/^[1-9]\d{0,9}$/)
  .transform(Number);
export const v2Url = notifyUrl(1, 256);
/** Beijing time, `yyyyMMddHHmmss`. */
export const v2Time = z.string().regex(/^\d{14}$/);
export const v2Nonce = text(32);

/** What a contract is asked for with, wherever it is asked for. */
export const contractFields = {
  plan_id: z.string().regex(/^\d{1,28}$/),
  contract_code: z.string().regex(/^[0-9A-Za-z]{1,32}$/),
  request_serial: z.string().regex(/^[1-9]\d{0,11}$/),
  contract_display_account: text(32),
};

/** The fields as `schema` reads them; unknown ones are passed over, empty ones are missing. Throws V2Error. */
export function readV2<S extends z.ZodType>(schema: S, fields: V2Fields): z.output<S> {
  const wide = Object.keys(fields).find((name) => /[\u{10000}-\u{10FFFF}]|\p{Cs}/u.test(fields[name] ?? ''));
  if (wide !== undefined) throw new V2Error('PARAM_ERROR', `${wide}含有不支持的字符`);
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
  const { data, error } = schema.safeParse(given);
  if (!error) return data;
  const name = String(error.issues[0]?.path[0] ?? '');
  throw new V2Error('PARAM_ERROR', name in given ? `参数${name}错误` : `缺少参数${name}`);
}
