import fc from 'fast-check';
import { isXml, readXml, writeXml } from './v2.xml.js';

const read = (text: string) => readXml(Buffer.from(text));

test('texts come back as they were written, whatever is in them', () => {
  // What XML itself cannot carry: control characters, lone surrogates; a carriage return is a line break to it.
  const value = fc.string({ unit: 'grapheme' }).filter((text) => !/[\p{Cc}\p{Cs}￾￿]/u.test(text));
  fc.assert(
    fc.property(value, (body) => {
      expect(readXml(Buffer.from(writeXml({ body, other: '1' })))).toEqual({ body, other: '1' });
    }),
  );
  expect(read(writeXml({ body: 'a]]>b]]]>' }))).toEqual({ body: 'a]]>b]]]>' });
});

test('WeChat Pay writes CDATA or not, with and without line breaks, and with a declaration', () => {
  const text = `<?xml version="1.0" encoding="UTF-8"?>
    <xml>
      <return_code><![CDATA[SUCCESS]]></return_code>
      <total_fee>0010</total_fee>
      <attach></attach>
      <note> kept </note>
    </xml>`;
  expect(read(text)).toEqual({ return_code: 'SUCCESS', total_fee: '0010', attach: '', note: ' kept ' });
});

test('entities are left as they are', () => {
  expect(read('<xml><a>&lt;&amp;&#65;</a></xml>')).toEqual({ a: '&lt;&amp;&#65;' });
});

test.each([
  ['nothing', ''],
  ['JSON', '{"a":1}'],
  ['another root', '<html><a>1</a></html>'],
  ['text alone', '<xml>hello</xml>'],
  ['a tag that is not closed', '<xml><a>1</xml>'],
  ['tags within tags', '<xml><a><b>1</b></a></xml>'],
  ['a name twice', '<xml><a>1</a><a>2</a></xml>'],
  ['a strange name', `<xml><${'a'.repeat(65)}>1</${'a'.repeat(65)}></xml>`],
  ['a document type', '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><a>&a;</a></xml>'],
  [
    'more fields than any message',
    `<xml>${Array.from({ length: 201 }, (_, at) => `<f${at}>1</f${at}>`).join('')}</xml>`,
  ],
  ['more bytes than any message', `<xml><a>${'1'.repeat(65_536)}</a></xml>`],
])('%s is not read', (_, text) => {
  expect(read(text)).toBeUndefined();
});

test.each([
  ['<xml></xml>', true],
  ['\n \uFEFF<xml>', true],
  ['{"id":"<xml>"}', false],
  ['', false],
])('%j is XML: %s', (text, expected) => {
  expect(isXml(Buffer.from(text))).toBe(expected);
});
