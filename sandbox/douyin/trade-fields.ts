import { z } from 'zod';
import { ClientFailure } from './client-failure.js';

/** Text with something in it, of at most `limit` bytes: Chinese counts three a character. */
export const bytes = (limit: number) =>
  z
    .string()
    .min(1)
    .refine((text) => Buffer.byteLength(text) <= limit, `at most ${limit} bytes`);

/** Fen, or diamonds. */
export const amount = z.int().min(1).max(10_000_000_000);

/** A page of the mini-program. */
export const entrySchema = z.object({
  path: bytes(512).regex(/^[A-Za-z0-9_][A-Za-z0-9_/]*$/, 'letters, digits, _ and / only, no leading / and no query'),
  params: bytes(512).refine(isJsonObject, 'the text of a JSON object').optional(),
});

/** http is taken too, so that a server without a certificate can be tried; the platform wants https. */
export const notifyUrl = bytes(512).pipe(z.url({ protocol: /^https?$/ }));

export function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** The first thing that is wrong, for people: `skuList.0.price: …`. */
export function firstFault(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue ? `${issue.path.join('.') || 'the whole'}: ${issue.message}` : error.message;
}

/** `data` of a client call, which is text, in the form that `schema` gives it. Throws ClientFailure. */
export function clientData<S extends z.ZodType>(schema: S, text: string): z.output<S> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ClientFailure(10000, 'parameter: data is not JSON');
  }
  const { data, error } = schema.safeParse(json);
  if (error) throw new ClientFailure(10000, `parameter: ${firstFault(error)}`);
  return data;
}
