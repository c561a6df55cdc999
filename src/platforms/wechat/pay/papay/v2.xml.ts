import { XMLParser } from 'fast-xml-parser';

/** A message of the v2 API: names and texts, flat, and without a value there is no field. */
export type Fields = Readonly<Record<string, string>>;

/** Bytes; WeChat Pay sends a few thousand. */
const LARGEST = 64 * 1024;
const MOST_FIELDS = 200;
const NAME = /^\w[\w$.-]{0,63}$/;
/**
 * Nothing is expanded and nothing is guessed: no entities, no attributes, texts stay as they are, spaces included, because
 * the signature is over them.
 */
const XML = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  processEntities: false,
  htmlEntities: false,
  trimValues: false,
  maxNestedTags: 3,
});

/** Whether a body is XML, as v2 sends it, and not the JSON of v3. */
export const isXml = (body: Buffer): boolean => body.subarray(0, 64).toString('utf8').trimStart().startsWith('<');

/** The fields under `<xml>`; undefined for everything that v2 does not send: other roots, nested or repeated names. */
export function readXml(body: Buffer): Fields | undefined {
  if (body.length > LARGEST) return undefined;
  const text = body.toString('utf8').trim();
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) return undefined;
  let root: unknown;
  try {
    root = (XML.parse(text, true) as { xml?: unknown }).xml;
  } catch {
    return undefined;
  }
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return undefined;
  // What stands between the tags.
  const fields = Object.entries(root).filter(([name]) => name !== '#text');
  if (fields.length > MOST_FIELDS) return undefined;
  if (!fields.every(([name, value]) => NAME.test(name) && typeof value === 'string')) return undefined;
  return Object.fromEntries(fields);
}

/** The message as v2 wants it. Every text is CDATA, so nothing in it needs to be escaped. */
export const writeXml = (fields: Fields): string =>
  `<xml>${Object.entries(fields)
    .map(([name, value]) => `<${name}><![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]></${name}>`)
    .join('')}</xml>`;
