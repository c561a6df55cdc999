import { AlipayError } from './errors.js';
import type { Fields } from './fields.js';
import { fenOf } from './money.js';

/** What a trade method says of a field that it cannot take; `why` is for the developer. */
export const invalidField = (name: string, why: string): AlipayError =>
  new AlipayError('ACQ.INVALID_PARAMETER', `参数无效，${name}${why}`);

/** Text of at most `limit` characters; undefined when it was left out or is empty. Throws AlipayError. */
export function textField(content: Fields, name: string, limit: number): string | undefined {
  const value = content[name];
  if (isLeftOut(value)) return undefined;
  if (typeof value !== 'string') throw invalidField(name, '应为字符串');
  if ([...value].length > limit) throw invalidField(name, `长度不能超过${limit}`);
  return value;
}

/** Fen of an amount in yuan, which comes as text or as a JSON number; undefined when left out. Throws AlipayError. */
export function amountField(content: Fields, name: string): number | undefined {
  const value = content[name];
  if (isLeftOut(value)) return undefined;
  const fen = typeof value === 'string' || typeof value === 'number' ? fenOf(String(value)) : undefined;
  if (fen === undefined) throw invalidField(name, '应为最多两位小数的金额，单位为元');
  return fen;
}

/** The texts of a list; empty when left out. Throws AlipayError. */
export function textsField(content: Fields, name: string): string[] {
  const values = listField(content, name);
  if (!values.every((value) => typeof value === 'string')) throw invalidField(name, '应为字符串数组');
  return values;
}

/** A JSON list; empty when left out. Throws AlipayError. */
export function listField(content: Fields, name: string): unknown[] {
  const value = content[name];
  if (isLeftOut(value)) return [];
  if (!Array.isArray(value)) throw invalidField(name, '应为数组');
  return value;
}

/** Throws AlipayError unless each of `names` is a JSON object or was left out. */
export function checkObjects(content: Fields, names: readonly string[]): void {
  for (const name of names) objectField(content, name);
}

/** A JSON object; undefined when left out. Throws AlipayError. */
export function objectField(content: Fields, name: string): Fields | undefined {
  const value = content[name];
  if (isLeftOut(value)) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw invalidField(name, '应为对象');
  return value as Fields;
}

/** `value`, which must be there. Throws AlipayError. */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw invalidField(name, '不能为空');
  return value;
}

const isLeftOut = (value: unknown): value is undefined | null | '' =>
  value === undefined || value === null || value === '';
