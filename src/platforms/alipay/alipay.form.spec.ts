import { baseBytes, parseForm, textOf, UnreadableForm } from './alipay.form.js';

const form = (text: string) => parseForm(Buffer.from(text, 'latin1'));

test('a blank may be written in two ways, a plus in one', () => {
  expect(textOf(form('a=1+2&b=1%202&c=1%2B2'))).toEqual({ a: '1 2', b: '1 2', c: '1+2' });
});

test('empty values are told from absent ones only by the signature', () => {
  const withGaps = form('b=&a=1&c&sign=x');
  expect(textOf(withGaps)).toEqual({ a: '1', sign: 'x' });
  expect(baseBytes(withGaps, { without: ['sign'], empty: true }).toString()).toBe('a=1&b=&c=');
  expect(baseBytes(withGaps, { without: ['sign'], empty: false }).toString()).toBe('a=1');
});

test.each([
  ['utf-8', 'subject=%E6%B5%8B%E8%AF%95'],
  ['UTF-8', 'subject=%e6%b5%8b%e8%af%95'],
  // As a notification of 2021 in this charset had it.
  ['GBK', 'subject=%B2%E2%CA%D4'],
  ['gb2312', 'subject=%B2%E2%CA%D4'],
])('text is read in %s, and signed as the bytes that it came in', (charset, field) => {
  const read = form(`charset=${charset}&${field}`);
  expect(textOf(read)).toMatchObject({ subject: '测试' });
  const bytes = Buffer.from(field.replace('subject=', '').replaceAll('%', ''), 'hex');
  expect(baseBytes(read, { without: ['charset'], empty: true })).toEqual(Buffer.concat([Buffer.from('subject='), bytes])); // prettier-ignore
});

test.each([
  ['a broken escape', 'a=%4'],
  ['a name that comes twice', 'a=1&%61=2'],
  ['another charset', 'charset=shift_jis&a=1'],
  ['bytes of another charset', 'charset=utf-8&a=%B2%E2'],
  ['too many fields', Array.from({ length: 201 }, (_, i) => `a${i}=1`).join('&')],
])('%s is refused', (_, text) => {
  expect(() => textOf(form(text))).toThrow(UnreadableForm);
});

test('the names of inherited members are names like any other', () => {
  expect(Object.entries(textOf(form('constructor=1&__proto__=2')))).toEqual([['constructor', '1'], ['__proto__', '2']]); // prettier-ignore
});
