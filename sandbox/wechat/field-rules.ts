const DATE = String.raw`(?:\d{4}年\d{1,2}月\d{1,2}日|\d{4}-\d{1,2}-\d{1,2})`;
const TIME = String.raw`\d{1,2}:\d{2}(?::\d{2})?`;

/** One or two of `form`, joined with `~`. */
const range = (form: string): RegExp => new RegExp(`^${form}(?:\\s?~\\s?${form})?$`);

/** What a value may be, by the prefix of its field's name (docs: 订阅消息参数值内容限制说明). */
const RULES: Readonly<Record<string, (value: string) => boolean>> = {
  thing: (value) => lengthOf(value) <= 20 && !/\p{Cc}/u.test(value),
  number: (value) => /^\d+(?:\.\d+)?$/.test(value) && value.replace('.', '').length <= 32,
  letter: (value) => /^[A-Za-z]{1,32}$/.test(value),
  symbol: (value) => /^[^\p{L}\p{N}\s]{1,5}$/u.test(value),
  // Whether a blank is a symbol is not said; it is taken.
  character_string: (value) => /^[\x20-\x7e]{1,32}$/.test(value),
  time: (value) => range(`(?:${DATE} ?)?${TIME}`).test(value),
  date: (value) => range(`${DATE}(?: ?${TIME})?`).test(value),
  amount: (value) => /^\p{Sc}?\d{1,10}(?:\.\d+)?元?$/u.test(value),
  phone_number: (value) => /^[\d+\-() ]{1,17}$/.test(value),
  car_number: (value) => /^[\p{Script=Han}A-Za-z\d][A-Za-z\d]{0,6}[\p{Script=Han}A-Za-z\d]?$/u.test(value),
  name: (value) => !/[\p{N}\p{Cc}]/u.test(value) && lengthOf(value) <= (/\p{Script=Han}/u.test(value) ? 10 : 20),
  phrase: (value) => /^\p{Script=Han}{1,5}$/u.test(value),
};

/** Whether `value`, which is not empty, may stand in a field of that rule. */
export const fitsRule = (rule: string, value: string): boolean => RULES[rule]?.(value) ?? true;

/** WeChat counts characters, not bytes. */
const lengthOf = (text: string): number => [...text].length;
