import { XMLParser } from 'fast-xml-parser';
import { pushXml } from '../core/push-xml.js';
import type { V2Fields } from './v2-signature.js';

/** Only the five entities of XML itself are known; whoever declares others is refused. Values stay as they were signed. */
const XML = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: false,
  maxNestedTags: 4,
});
/** What stands between the tags. */
const BETWEEN = '#text';

/** The fields under `<xml>`, each once and without others in it; undefined for any other bytes. */
export function readXml(bytes: Buffer | string): V2Fields | undefined {
  const fields = fieldsOf(bytes.toString());
  if (typeof fields !== 'object' || fields === null) return undefined;
  const { [BETWEEN]: _, ...values } = fields as Record<string, unknown>;
  return Object.values(values).every((value) => typeof value === 'string') ? (values as V2Fields) : undefined;
}

/** All values as CDATA. */
export const writeXml = (fields: V2Fields): string => pushXml(fields);

function fieldsOf(text: string): unknown {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) return undefined;
  try {
    return (XML.parse(text, true) as { xml?: unknown }).xml;
  } catch {
    return undefined;
  }
}
