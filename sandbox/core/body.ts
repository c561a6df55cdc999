/** The fields of a body that is a JSON object; none for any other bytes. */
export function jsonFields(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** `value` if it is text with something in it: to a platform, an empty field is a missing one. */
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** The fields of a JSON body that are text. */
export function textFields(body: Buffer): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(jsonFields(body))) {
    if (text(value) !== undefined) texts[name] = String(value);
  }
  return texts;
}
