import fc from 'fast-check';

/** As much of JSON Schema as our document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: unknown[];
  readonly const?: unknown;
  readonly anyOf?: Schema[];
  readonly oneOf?: Schema[];
  readonly properties?: Record<string, Schema>;
  readonly required?: string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Texts that have broken programs before. */
const NASTY = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'x\udfff',
  '\uffff',
  '\u202e',
  '😀',
  'é\u0301',
  '\r\nx-evil: 1',
  '${7*7}',
  '{{7*7}}',
  '%00',
  '%s%n',
  "' or '1'='1",
  "'; drop table users; --",
  '$1',
  '\\',
  '"',
  '<script>alert(1)</script>',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  'toString',
  'NaN',
  'null',
  'undefined',
  '-1',
  '1e999',
  '٣',
  'I̧̎',
  '0x10',
  'true',
  '\u2028',
  '\ufeff',
] as const;
const nastyText = fc.constantFrom(...NASTY);
export const hostileText = fc.oneof(
  { weight: 4, arbitrary: nastyText },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 30_000 }).map((length) => 'x'.repeat(length)) },
);

const nested = (depth: number): unknown => Array.from({ length: depth }).reduce<unknown>((inner) => [inner], 1);
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(null, true, 0, -1, 0.5, 2 ** 31, 2 ** 53, 1e308, -1e308, [], {}, [[]], [null]),
  },
  { weight: 2, arbitrary: fc.jsonValue() },
  { weight: 1, arbitrary: fc.integer({ min: 10, max: 500 }).map(nested) },
  { weight: 1, arbitrary: fc.integer({ min: 10, max: 5_000 }).map((length) => Array<string>(length).fill('x')) },
  { weight: 1, arbitrary: fc.dictionary(hostileText, hostileText, { maxKeys: 60 }) },
);

/** Values that fit a schema, or nearly do: patterns and lengths are kept, meanings are not. */
export function fitting(schema: Schema, resolve: (ref: string) => Schema): fc.Arbitrary<unknown> {
  const of = (inner: Schema): fc.Arbitrary<unknown> => fitting(inner, resolve);
  if (schema.$ref) return of(resolve(schema.$ref));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map(of));
  switch (schema.type) {
    case 'object':
      return anObject(schema, of);
    case 'array':
      return fc.array(of(schema.items ?? {}), { maxLength: 5 });
    case 'string':
      return aText(schema);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1_000, max: schema.maximum ?? 1_000 });
    case 'number':
      return fc.double({ min: schema.minimum ?? -1_000, max: schema.maximum ?? 1_000, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue();
  }
}

function anObject(schema: Schema, of: (inner: Schema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const { properties, required = [], additionalProperties } = schema;
  if (!properties) {
    const values = typeof additionalProperties === 'object' ? of(additionalProperties) : fc.jsonValue();
    return fc.dictionary(fc.stringMatching(/^[a-z]\w{0,10}$/), values, { maxKeys: 5 });
  }
  const members = Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, of(inner)]));
  return fc.record(members, { requiredKeys: required.filter((name) => name in members) });
}

function aText({ pattern, format, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<string> {
  if (format === 'uri') return fc.webUrl();
  // Patterns of ours with classes of characters are those of texts for people, without what is in NASTY.
  if (pattern?.includes('\\p{'))
    return fc.string({ unit: 'grapheme-ascii', minLength: Math.max(1, minLength), maxLength: 40 });
  if (pattern && !pattern.includes('(?')) return fc.stringMatching(new RegExp(pattern));
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, Math.min(maxLength, 40)) });
}

/** A fitting value with one thing wrong: a member replaced, added or taken away. */
export const spoiled = (good: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.tuple(good, fc.nat(), hostileValue, hostileText, fc.nat(2)).map(([value, place, hostile, name, how]) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return hostile;
    const entries = Object.entries(value);
    const at = entries.length === 0 ? 0 : place % entries.length;
    if (how === 0 || entries.length === 0) return { ...value, [name]: hostile };
    if (how === 1) return Object.fromEntries(entries.filter((_, index) => index !== at));
    return { ...value, [entries[at]![0]]: hostile };
  });
