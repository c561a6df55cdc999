import fc from 'fast-check';
import { readJsonBody } from './json-body.js';

const bytes = (text: string): Buffer => Buffer.from(text);
const refusalOf = (text: string | Buffer): string => {
  try {
    readJsonBody(typeof text === 'string' ? bytes(text) : text);
    return 'none';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

/** Any JSON value whose texts are Unicode without NUL and whose members have ordinary names. */
const ordinary = fc
  .jsonValue({ noUnicodeString: false, depthSize: 'medium' })
  .filter((value) => !/\\u0000|\\ud[89a-f]|"(__proto__|constructor|prototype)":/i.test(JSON.stringify(value)));

/** A character as JSON may write it: `\\u` and four digits for each half. */
const escaped = (code: number): string =>
  String.fromCodePoint(code)
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

describe('a JSON body', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(ordinary, (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(readJsonBody(bytes(text)))).toBe(text);
      }),
    );
  });

  test('may hold every character but NUL and lone surrogates, in values and in names', () => {
    const character = fc.integer({ min: 0, max: 0x10ffff });
    fc.assert(
      fc.property(character, (code) => {
        const isRefused = code === 0 || (code >= 0xd800 && code <= 0xdfff);
        for (const text of [`["a${escaped(code)}"]`, `{"a${escaped(code)}":1}`]) {
          expect(refusalOf(text)).toBe(isRefused ? 'malformed_body' : 'none');
        }
      }),
      { examples: [[0], [0xd7ff], [0xd800], [0xdfff], [0xe000], [0xffff], [0x1f600]] },
    );
  });

  test('a backslash before u0000 is no NUL', () => {
    expect(readJsonBody(bytes('["\\\\u0000"]'))).toEqual(['\\u0000']);
  });

  test('may be 32 levels deep, and no more', () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    expect(refusalOf(nested(32))).toBe('none');
    expect(refusalOf(nested(33))).toBe('malformed_body');
    expect(refusalOf(nested(120_000))).toBe('malformed_body');
  });

  test('that is not UTF-8 is refused, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (given) => {
        const body = Buffer.concat([bytes('"'), given, bytes('"')]);
        const isUtf8 = Buffer.from(body.toString()).equals(body);
        if (!isUtf8) expect(refusalOf(body)).toBe('malformed_body');
      }),
    );
    expect(refusalOf(Buffer.from([0x22, 0xff, 0x22]))).toBe('malformed_body');
  });

  test('a refusal does not quote the body', () => {
    expect(() => readJsonBody(bytes('{"secret": hunter2}'))).toThrow(/^(?!.*hunter2)/);
  });
});
