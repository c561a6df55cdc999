import { z } from 'zod';
import { readTime } from './beijing-time.js';
import { PayError } from './errors.js';

/** Digits, letters, `_ - | *`. */
export const orderNumber = z.string().regex(/^[\w\-|*]{6,32}$/);
/** As `orderNumber`, and `@`. */
export const refundNumber = z.string().regex(/^[\w\-|*@]{1,64}$/);
export const fen = z.int().min(1);
export const time = z
  .string()
  .max(64)
  .transform((text) => readTime(text) ?? NaN)
  .refine((at) => !Number.isNaN(at), 'a time of RFC 3339');

/** Lengths are of characters, as all but the oldest editions say. */
export const text = (longest: number): z.ZodString => z.string().min(1).max(longest);
/** An optional text may also be empty. */
export const optionalText = (longest: number) => z.string().max(longest).optional();

/** http only where nobody from outside comes: the sandbox calls back to such hosts. */
const PRIVATE_HOST =
  /^(?:localhost|[^.]+|.+\.(?:localhost|local|internal|test)|127\..+|10\..+|192\.168\..+|172\.(?:1[6-9]|2\d|3[01])\..+|\[(?:::1|f[cd].*|fe80.*)\])$/;

/** Absolute, with a path and without a query; a public host only by https. */
export const notifyUrl = (shortest: number, longest: number) =>
  z
    .string()
    .min(shortest)
    .max(longest)
    .refine((given) => {
      if (!URL.canParse(given) || /[?#\s]/.test(given)) return false;
      const { protocol, hostname, pathname } = new URL(given);
      const isReachable = protocol === 'https:' || (protocol === 'http:' && PRIVATE_HOST.test(hostname));
      return isReachable && pathname !== '/';
    }, 'an absolute URL with a path and without a query, for public hosts https');

/** Numeric codes of Request-ID for what is wrong with a body. */
const UNKNOWN_FIELD = 270924358;
const OPENID_MISSING = 268501013;

/** The body of a request; throws PayError that says which field is wrong. */
export function readBody<S extends z.ZodType>(schema: S, bytes: Buffer): z.output<S> {
  const body = readJson(bytes);
  refuseNullAndEmoji(body, '');
  const { data, error } = schema.safeParse(body);
  if (!error) return data;
  const [issue] = error.issues;
  throw wrongField(issue?.path ?? [], issue?.message, issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined);
}

/** One that came in the path. */
export function readPathValue(schema: z.ZodType<string>, field: string, value: string): string {
  const { data } = schema.safeParse(value);
  if (data === undefined) throw new PayError('PARAM_ERROR', { detail: { field, location: 'url', value } });
  return data;
}

/** `/amount/total` is wrong: `issue`. */
export const wrong = (field: string, issue: string): PayError =>
  new PayError('PARAM_ERROR', { detail: { field, location: 'body', issue } });

function readJson(bytes: Buffer): unknown {
  try {
    const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  } catch {
    // Said below: to WeChat Pay it is all the same.
  }
  throw new PayError('PARAM_ERROR', { message: '请求体不是合法的JSON对象' });
}

/** WeChat Pay takes no `null` (the key is to be left out) and no character of four bytes, in any field. */
function refuseNullAndEmoji(value: unknown, pointer: string): void {
  if (value === null) throw wrong(pointer, 'null is not allowed');
  if (typeof value === 'string' && /[\u{10000}-\u{10FFFF}]|\p{Cs}/u.test(value))
    throw wrong(pointer, 'characters of four bytes are not allowed');
  if (typeof value !== 'object') return;
  for (const [name, part] of Object.entries(value)) {
    refuseNullAndEmoji(name, pointer);
    refuseNullAndEmoji(part, `${pointer}/${name}`);
  }
}

function wrongField(path: readonly PropertyKey[], issue = 'invalid', unknown?: string): PayError {
  const field = ['', ...path.map(String), ...(unknown === undefined ? [] : [unknown])].join('/');
  const numeric =
    unknown !== undefined
      ? UNKNOWN_FIELD
      : field === '/payer' || field === '/payer/openid'
        ? OPENID_MISSING
        : undefined;
  return new PayError('PARAM_ERROR', {
    detail: { field, location: 'body', issue },
    ...(numeric !== undefined && { numeric }),
  });
}
