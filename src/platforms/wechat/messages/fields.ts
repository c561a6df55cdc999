import type { FieldFit } from '../../message-platform.js';
import { anyText, fits, lengthOf, misfit, unshowable } from '../../message-rules.js';

interface FieldType {
  /** Named in the complaint. */
  readonly rule: string;
  readonly takes: (text: string) => boolean;
}

const like = (pattern: RegExp, rule: string): FieldType => ({ rule, takes: (text) => pattern.test(text) });

const HOURS = '(?:[01]?\\d|2[0-4]):[0-5]\\d';
const DAY = '\\d{4}年(?:0?[1-9]|1[0-2])月(?:0?[1-9]|[12]\\d|3[01])日';
const DAY_AND_HOURS = `${DAY} ?${HOURS}`;
/** As the sample in WeChat's documentation has it; without its hours it is nowhere to be seen. */
const NUMERIC = `\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01]) ${HOURS}`;
/** One, or two of them joined with `~`. */
const span = (...forms: string[]): RegExp => new RegExp(`^(?:${forms.join('|')})(?: ?~ ?(?:${forms.join('|')}))?$`);

const digitsIn = (text: string): number => text.replace(/\D/g, '').length;

/**
 * The types of WeChat's fields, by the beginning of their names (docs: subscribe messages, parameters of templates). A
 * person's name is not cut: WeChat's rule for it names letters, symbols and Chinese, and says nothing of an ellipsis
 * behind Chinese, and half a name is the wrong name.
 */
const TYPES: Readonly<Record<string, FieldType>> = {
  number: {
    rule: 'is a number of at most 32 digits, decimals allowed',
    takes: (text) => /^\d+(?:\.\d+)?$/.test(text) && digitsIn(text) <= 32,
  },
  letter: like(/^[A-Za-z]{1,32}$/, 'is at most 32 letters'),
  symbol: like(/^[\p{P}\p{S}]{1,5}$/u, 'is at most 5 symbols'),
  character_string: like(/^[\x20-\x7e\p{Sc}]{1,32}$/u, 'is at most 32 digits, letters and symbols, no Chinese'),
  time: {
    rule: 'is a time like 15:01 or 2026年11月20日 15:01, or two joined with ~',
    takes: (text) => TIME.test(text),
  },
  date: {
    rule: 'is a date like 2026年11月20日, also with its time, or two joined with ~',
    takes: (text) => DATE.test(text),
  },
  amount: {
    rule: 'is a currency symbol and at most 10 digits, decimals allowed, 元 may follow',
    takes: (text) => /^\p{Sc}?\d+(?:\.\d+)?元?$/u.test(text) && digitsIn(text) <= 10,
  },
  phone_number: like(/^(?=.*\d)[\d+\-()*#. ]{1,17}$/, 'is at most 17 digits and symbols of a telephone number'),
  car_number: like(
    /^(?:[\p{Script=Han}A-Za-z0-9]|[\p{Script=Han}A-Za-z0-9][A-Za-z0-9]{0,6}[\p{Script=Han}A-Za-z0-9])$/u,
    'is a number plate of at most 8: letters and digits, Chinese only as the first and the last',
  ),
  name: {
    rule: 'is a name of at most 10 characters with Chinese, or 20 letters and symbols without; it has no digits and is never cut: take a thing for longer ones',
    takes: (text) =>
      /^[\p{L}\p{M}\p{P}\p{S} ]+$/u.test(text) && lengthOf(text) <= (/\p{Script=Han}/u.test(text) ? 10 : 20),
  },
  phrase: like(/^\p{Script=Han}{1,5}$/u, 'is at most 5 Chinese characters'),
};
const TIME = span(HOURS, DAY_AND_HOURS);
const DATE = span(DAY, DAY_AND_HOURS, NUMERIC);

const THING = 20;
/** Of a list that the template has. Newer templates, and rare; their list is known to WeChat alone. */
const LISTED = ['const', 'enum_string', 'short_thing'];
const NAMES = ['thing', ...Object.keys(TYPES), ...LISTED];

/** `thing1` is a `thing`; undefined for what is no name of a field. */
function typeOf(field: string): string | undefined {
  const type = /^([a-z_]{1,32}?)\d{1,3}$/.exec(field)?.[1];
  return type !== undefined && NAMES.includes(type) ? type : undefined;
}

/** Whether a template can have a field of that name; what is wrong with it, else undefined. */
export function fieldProblem(field: string): string | undefined {
  if (typeOf(field) !== undefined) return undefined;
  return `is no field of a WeChat template: those are named by type and number, like thing1; the types are ${NAMES.join(', ')}`;
}

/** Whether WeChat will take the text in that field; only a `thing` may have any text, and is cut. */
export function fit(field: string, text: string): FieldFit {
  const name = typeOf(field);
  if (name === undefined) return misfit(fieldProblem(field) ?? '');
  if (name === 'thing') return anyText(text, THING);
  const problem = unshowable(text);
  if (problem) return misfit(problem);
  const type = TYPES[name];
  return !type || type.takes(text) ? fits(text) : misfit(type.rule);
}

/** Templates have fields; more is not said about all of them together. */
export const dataProblem = (fields: Readonly<Record<string, string>>): string | undefined =>
  Object.keys(fields).length === 0 ? 'A message needs at least one field.' : undefined;
