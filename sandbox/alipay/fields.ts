export type Fields = Readonly<Record<string, unknown>>;

/** The fields of a JSON object; undefined for any other text. */
export function jsonFields(json: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** `value` if it is text; an empty one counts as missing. */
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
