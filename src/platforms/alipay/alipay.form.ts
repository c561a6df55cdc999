/** A form that cannot be one. */
export class UnreadableForm extends Error {}

/** Decoded names and values, the values as the bytes that they are: a signature covers those, in whatever charset. */
export type FormBytes = ReadonlyMap<string, Buffer>;

/** Far more than any notification has. */
const MOST_FIELDS = 200;
/** What Alipay sends in. `gb2312` names a part of gbk. */
const CHARSETS = ['utf-8', 'gbk', 'gb2312'];

/**
 * The fields of a form as it was sent. By hand because every form parser decodes to text, by a charset that only the form
 * itself names. A name that comes twice is refused: two readers could take a different value each.
 */
export function parseForm(body: Buffer): FormBytes {
  const pairs = body.toString('latin1').split('&').filter(Boolean);
  if (pairs.length > MOST_FIELDS) throw new UnreadableForm('too many fields');
  const fields = new Map<string, Buffer>();
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals)).toString('latin1');
    if (fields.has(name)) throw new UnreadableForm('a field comes twice');
    fields.set(name, decoded(equals < 0 ? '' : pair.slice(equals + 1)));
  }
  return fields;
}

function decoded(text: string): Buffer {
  const bytes = text.replaceAll('+', ' ').replace(/%([0-9A-Fa-f]{2})?/g, (_, hex: string | undefined) => {
    if (hex === undefined) throw new UnreadableForm('a % without its two digits');
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  return Buffer.from(bytes, 'latin1');
}

/** The values as text, empty ones left out. Throws UnreadableForm for a charset that Alipay does not use, or other bytes. */
export function textOf(form: FormBytes): Record<string, string> {
  const charset = form.get('charset')?.toString('latin1').toLowerCase() ?? 'utf-8';
  if (!CHARSETS.includes(charset)) throw new UnreadableForm('a charset other than utf-8 and gbk');
  const decoder = new TextDecoder(charset, { fatal: true });
  try {
    const texts = [...form].map(([name, value]) => [name, decoder.decode(value)] as const);
    return Object.fromEntries(texts.filter(([, text]) => text !== ''));
  } catch {
    throw new UnreadableForm(`values that are not ${charset}`);
  }
}

/** What a notification's signature covers (docs: asynchronous notifications): all fields but some, by name, undecoded. */
export function baseBytes(form: FormBytes, { without, empty }: { without: readonly string[]; empty: boolean }): Buffer {
  const lines = [...form]
    .filter(([name, value]) => !without.includes(name) && (empty || value.length > 0))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => Buffer.concat([Buffer.from(`${name}=`, 'latin1'), value]));
  return Buffer.concat(lines.flatMap((line, i) => (i === 0 ? [line] : [AMPERSAND, line])));
}

const AMPERSAND = Buffer.from('&');
