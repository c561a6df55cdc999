import XMLBuilder from 'fast-xml-builder';

const builder = new XMLBuilder({ cdataPropName: '__cdata' });

/** A message push in XML, under `<xml>`: texts as CDATA, numbers bare, as the platforms write them. */
export const pushXml = (message: object): string => builder.build({ xml: marked(message) });

function marked(value: unknown): unknown {
  if (typeof value === 'string') return { __cdata: value };
  if (Array.isArray(value)) return value.map(marked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, marked(field)]));
}
