import { XMLParser } from 'fast-xml-parser';
import { CallbackRefused } from './callback.js';

/** Far more than any push has. */
const LARGEST = 256 * 1024;
/**
 * Nothing is expanded and nothing is guessed: no entities, no attributes, and numbers stay the texts that they are. An
 * object or a list comes only from tags within tags.
 */
const XML = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  processEntities: false,
  htmlEntities: false,
  maxNestedTags: 10,
});

/** What a push says, by the platform's names. */
export type PushFields = Readonly<Record<string, unknown>>;

/** The fields of a push, in XML or JSON as the console is set. Throws CallbackRefused `malformed`. */
export function pushFields(text: string): PushFields {
  if (text.length > LARGEST) throw malformed('is larger than any push');
  const fields = /^\s*</.test(text) ? fromXml(text) : fromJson(text);
  if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields as PushFields;
  throw malformed('has no fields');
}

/** A field as text, whether the platform has written it as a text or a number; undefined when it is absent or empty. */
export function textIn(fields: PushFields, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function fromXml(text: string): unknown {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw malformed('has a document type, which no platform sends');
  try {
    return (XML.parse(text, true) as { xml?: unknown }).xml;
  } catch {
    throw malformed('is not XML');
  }
}

/** Ids have more digits than a number keeps: such numbers are read as the texts that they are. */
function fromJson(text: string): unknown {
  try {
    JSON.parse(text);
    // It is JSON, so a quote outside of a text begins one, and what is left of the long numbers are numbers.
    return JSON.parse(
      text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (part) => (part.startsWith('"') ? part : `"${part}"`)),
    );
  } catch {
    throw malformed('is neither XML nor JSON');
  }
}

const malformed = (what: string): CallbackRefused => new CallbackRefused('malformed', `The body ${what}.`);
