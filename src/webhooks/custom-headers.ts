import { z } from 'zod';

/** Hop-by-hop and framing headers (RFC 9110, 7.6.1) and those that say who the message is from or for. */
const OURS = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);
const OUR_PREFIXES = ['webhook-', 'content-', 'proxy-'];

const MOST = 20;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
/** Visible ASCII and blanks within: no line break could begin another header. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e\t]{0,998}[\x21-\x7e])?$/;

const isFree = (name: string): boolean =>
  !OURS.has(name.toLowerCase()) && !OUR_PREFIXES.some((prefix) => name.toLowerCase().startsWith(prefix));

/** Headers that an endpoint wants with each delivery, e.g. `Authorization`. */
export const CustomHeaders = z
  .record(
    z.string().regex(TOKEN, 'is not a header name').refine(isFree, 'is a header that Minibase sets itself'),
    z.string().regex(VALUE, 'must be visible ASCII, 1,000 characters at most'),
  )
  .refine((headers) => Object.keys(headers).length <= MOST, `at most ${MOST} headers`)
  .refine(
    (headers) => new Set(Object.keys(headers).map((name) => name.toLowerCase())).size === Object.keys(headers).length,
    'names a header twice',
  );
export type CustomHeaders = z.infer<typeof CustomHeaders>;
