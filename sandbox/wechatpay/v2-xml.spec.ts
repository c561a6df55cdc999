import { readXml, writeXml } from './v2-xml.js';

test('values stay as they were signed', () => {
  const text = `<?xml version="1.0" encoding="UTF-8"?>
    <xml><a><![CDATA[x &amp; <y>]]></a>
    <b>1 &amp; 2 &lt; 3</b><c> 007 </c><d></d><e/></xml>\n`;
  expect(readXml(Buffer.from(text))).toEqual({ a: 'x &amp; <y>', b: '1 & 2 < 3', c: ' 007 ', d: '', e: '' });
});

test('what is written reads the same', () => {
  const fields = { a: '<b>&amp;]]></b>', c: '会员', d: '1' };
  expect(readXml(writeXml(fields))).toEqual(fields);
  expect(writeXml({ return_code: 'SUCCESS', return_msg: 'OK' })).toBe(
    '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>',
  );
});

test.each([
  ['a document type', '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><b>&a;</b></xml>'],
  ['an entity bomb', '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><b>&b;</b></xml>'],
  ['a field twice', '<xml><a>1</a><a>2</a></xml>'],
  ['fields in a field', '<xml><a><b>1</b></a></xml>'],
  ['another root', '<json><a>1</a></json>'],
  ['a tag that does not end', '<xml><a>1</xml>'],
  ['a name that no field has', '<xml><__proto__>1</__proto__></xml>'],
  ['no fields', '<xml></xml>'],
  ['JSON', '{"a":"1"}'],
  ['nothing', ''],
])('%s is no message', (_what, text) => {
  expect(readXml(text)).toBeUndefined();
});
