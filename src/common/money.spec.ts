import fc from 'fast-check';
import { type Fen, fenToYuan, toFen, yuanToFen } from './money.js';

const fen = fc.maxSafeNat().map((value) => toFen(value));

describe('an amount in fen', () => {
  test.each<[number, string]>([
    [0, '0.00'],
    [1, '0.01'],
    [10, '0.10'],
    [99, '0.99'],
    [100, '1.00'],
    [12_345, '123.45'],
    [Number.MAX_SAFE_INTEGER, '90071992547409.91'],
  ])('%i is %s yuan', (amount, yuan) => {
    expect(fenToYuan(toFen(amount))).toBe(yuan);
    if (yuan.length <= 16) expect(yuanToFen(yuan)).toBe(amount);
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1, -0.0001])(
    '%d is none',
    (value) => expect(() => toFen(value)).toThrow(RangeError),
  );

  test('comes back from yuan as it was, up to ten trillion yuan', () => {
    const amounts = fc.integer({ min: 0, max: 999_999_999_999_999 }).map(toFen);
    fc.assert(fc.property(amounts, (amount) => expect(yuanToFen(fenToYuan(amount))).toBe(amount)));
  });

  test('keeps its order when written: more fen never reads as less', () => {
    fc.assert(
      fc.property(fen, fen, (a, b) => {
        const [x, y] = [fenToYuan(a), fenToYuan(b)].map((text) => BigInt(text.replace('.', ''))) as [bigint, bigint];
        expect(x < y).toBe(a < b);
      }),
    );
  });

  test.each<[string, number]>([
    ['0', 0],
    ['7', 700],
    ['123.4', 12_340],
    ['0.07', 7],
    ['0.29', 29],
    ['1.10', 110],
    ['4.35', 435],
    ['9999999999999.99', 999_999_999_999_999],
  ])('%s yuan are %i fen, without a detour over floats', (yuan, amount) => {
    expect(yuanToFen(yuan)).toBe(amount);
  });

  test.each([
    '',
    ' ',
    '1.',
    '.5',
    '1.234',
    '-1',
    '+1',
    '1e3',
    '1,000.00',
    '0x10',
    '1.00 ',
    '１.00',
    'NaN',
    '1.0.0',
    '99999999999999',
  ])('"%s" is no amount in yuan', (text) => expect(() => yuanToFen(text)).toThrow(RangeError));

  test('whatever text is read as yuan, it is a safe and non-negative integer', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^\d{0,15}\.?\d{0,3}$/));
    fc.assert(
      fc.property(text, (yuan) => {
        let amount: Fen;
        try {
          amount = yuanToFen(yuan);
        } catch (error) {
          return void expect(error).toBeInstanceOf(RangeError);
        }
        expect(Number.isSafeInteger(amount) && amount >= 0).toBe(true);
      }),
    );
  });
});
