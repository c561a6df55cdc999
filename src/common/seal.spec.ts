import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { keyIdOf, Sealer, type SealedPlace } from './seal.js';

const place: SealedPlace = { app: 'app_1', table: 'users', row: 'usr_1', column: 'phone' };
const aKey = () => randomBytes(32);

describe('a sealed value', () => {
  const key = aKey();
  const sealer = new Sealer([key]);

  test('opens to what was sealed, whatever that is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 500 }), (plain) => {
        expect(sealer.open(sealer.seal(plain, place), place)).toBe(plain);
      }),
      { examples: [[''], ['+8613800138000'], ['密钥']] },
    );
  });

  test('never shows what it holds, and never looks the same twice', () => {
    const sealed = Array.from({ length: 50 }, () => sealer.seal('+8613800138000', place));
    expect(new Set(sealed).size).toBe(50);
    for (const one of sealed) {
      expect(one).toMatch(/^s1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+$/);
      expect(Buffer.from(one.split('.')[2]!, 'base64url').includes('13800138000')).toBe(false);
    }
  });

  test.each<[keyof SealedPlace, string]>([
    ['app', 'app_2'],
    ['table', 'identities'],
    ['row', 'usr_2'],
    ['column', 'nickname'],
  ])('does not open in another %s', (part, other) => {
    const sealed = sealer.seal('secret', place);
    expect(() => sealer.open(sealed, { ...place, [part]: other })).toThrow();
  });

  test('does not open with any of its bits flipped', () => {
    const sealed = sealer.seal('a secret of some length', place);
    const [format, keyId, body] = sealed.split('.') as [string, string, string];
    const bytes = Buffer.from(body, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => sealer.open(`${format}.${keyId}.${flipped.toString('base64url')}`, place)).toThrow();
    }
  });

  test('does not open cut short, not even to nothing', () => {
    const [format, keyId, body] = sealer.seal('secret', place).split('.') as [string, string, string];
    const bytes = Buffer.from(body, 'base64url');
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length).toString('base64url');
      expect(() => sealer.open(`${format}.${keyId}.${cut}`, place)).toThrow();
    }
  });

  test.each(['', 's1', 's1..', 's2.00000000.AAAA', 'plain text', 's1.00000000.AAAA'])('is not "%s"', (text) => {
    expect(() => sealer.open(text, place)).toThrow(/MASTER_KEY/);
  });

  test('a refusal names the key by its id, and neither the key nor the value', () => {
    const stranger = new Sealer([aKey()]);
    const sealed = sealer.seal('hunter2', place);
    const refusal = (): string => stranger.open(sealed, place);
    expect(refusal).toThrow(keyIdOf(key));
    expect(refusal).not.toThrow(/hunter2/);
    expect(refusal).not.toThrow(key.toString('base64'));
  });
});

describe('master keys', () => {
  test('rotate: the first one seals, all of them open, and a dropped one opens no more', () => {
    const [old, fresh] = [aKey(), aKey()];
    const before = new Sealer([old]).seal('secret', place);
    const rotating = new Sealer([fresh, old]);
    expect(rotating.open(before, place)).toBe('secret');
    const after = rotating.seal('secret', place);
    expect(after.startsWith(rotating.prefix)).toBe(true);
    expect(before.startsWith(rotating.prefix)).toBe(false);
    const rotated = new Sealer([fresh]);
    expect(rotated.open(after, place)).toBe('secret');
    expect(() => rotated.open(before, place)).toThrow(/MASTER_KEY/);
  });

  test('are named by the beginning of their SHA-256', () => {
    const key = aKey();
    expect(keyIdOf(key)).toBe(createHash('sha256').update(key).digest('hex').slice(0, 8));
  });

  test.each([0, 16, 31, 33])('of %i bytes are refused, first or not', (bytes) => {
    expect(() => new Sealer([randomBytes(bytes)])).toThrow(RangeError);
    expect(() => new Sealer([aKey(), randomBytes(bytes)])).toThrow(RangeError);
  });

  test('must be there', () => {
    expect(() => new Sealer([])).toThrow(RangeError);
  });
});
