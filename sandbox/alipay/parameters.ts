import type { Call } from '../core/platform.js';

/** The query and the form of one call, as one. */
export type CallParameters = Readonly<Record<string, string>>;

const NO_FIELDS: CallParameters = {};

/** What can be read at once: the query and a urlencoded body. Of a name that is in both, the query counts. */
export function parametersOf(call: Call): CallParameters {
  return {
    ...(hasType(call, 'application/x-www-form-urlencoded') ? fieldsOf(formOf(call)) : NO_FIELDS),
    ...call.query,
  };
}

/** The same with a multipart body, in which files may come; they are not signed, and no method here takes one. */
export async function allParametersOf(call: Call): Promise<CallParameters> {
  if (!hasType(call, 'multipart/form-data')) return parametersOf(call);
  const headers = { 'content-type': call.headers['content-type'] ?? '' };
  const form = await new Response(call.body, { headers }).formData().catch(() => undefined);
  const texts = [...(form?.entries() ?? [])].filter((field): field is [string, string] => typeof field[1] === 'string');
  return { ...fieldsOf(texts), ...call.query };
}

/**
 * What the signature of a call may be over. Empty values do not count (docs), but the official Node and Python clients
 * sign them all the same, and the gateway takes that.
 */
export function baseStringsOf(parameters: CallParameters): string[] {
  const signed = Object.entries(parameters).filter(([name]) => name !== 'sign');
  const filled = signed.filter(([, value]) => value !== '');
  return filled.length === signed.length ? [joined(filled)] : [joined(filled), joined(signed)];
}

/** In the order of the bytes of the names; the values as they are before URL encoding. */
const joined = (fields: readonly (readonly [string, string])[]): string =>
  fields
    .map(([name, value]) => ({ name: Buffer.from(name), field: `${name}=${value}` }))
    .sort((a, b) => Buffer.compare(a.name, b.name))
    .map(({ field }) => field)
    .join('&');

const hasType = ({ headers }: Call, type: string): boolean =>
  (headers['content-type'] ?? '').toLowerCase().startsWith(type);

const formOf = ({ body }: Call): Iterable<[string, string]> => new URLSearchParams(body.toString());

/** `Object.fromEntries` makes a field of any name, `__proto__` too. Of a repeated name the first value counts. */
const fieldsOf = (fields: Iterable<[string, string]>): CallParameters => Object.fromEntries([...fields].reverse());
