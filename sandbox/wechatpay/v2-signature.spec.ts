import { readFileSync } from 'node:fs';
import { signTypeIn, signV2, V2_SIGN_TYPES, type V2Fields } from './v2-signature.js';

const vectors = JSON.parse(readFileSync(new URL('v2-signatures.vectors.json', import.meta.url), 'utf8')) as {
  key: string;
  fields: V2Fields;
  MD5: string;
  'HMAC-SHA256': string;
};

test.each(V2_SIGN_TYPES)('%s of the documented example', (type) => {
  expect(signV2(vectors.fields, vectors.key, type)).toBe(vectors[type]);
});

test('neither the signature itself nor an empty field takes part, nor does the order of the fields', () => {
  const fields = { sign: 'X', ...Object.fromEntries(Object.entries(vectors.fields).reverse()), attach: '' };
  expect(signV2(fields, vectors.key)).toBe(vectors.MD5);
});

test('names are ordered as ASCII, upper case first', () => {
  expect(signV2({ a: '1', B: '2' }, 'k')).toBe(signV2({ B: '2', a: '1' }, 'k'));
  expect(signV2({ a: '1', B: '2' }, 'k')).toBe(signV2({ B: '2&a=1' }, 'k'));
});

test('MD5 is meant where nothing is said', () => {
  expect([{}, { sign_type: '' }, { sign_type: 'HMAC-SHA256' }, { sign_type: 'RSA' }].map(signTypeIn)).toEqual([
    'MD5',
    'MD5',
    'HMAC-SHA256',
    undefined,
  ]);
});
