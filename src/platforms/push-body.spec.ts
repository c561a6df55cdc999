import { pushFields, textIn } from './push-body.js';

test('XML is read as texts, lists and what is within', () => {
  const text = `<?xml version="1.0"?><xml><ToUserName><![CDATA[gh_1]]></ToUserName><CreateTime>1620963428</CreateTime>
    <Content><![CDATA[a & <b> 0012]]></Content><Id>00120</Id>
    <Wrap><List><A><![CDATA[1]]></A></List><List><A><![CDATA[2]]></A></List></Wrap></xml>`;
  expect(pushFields(text)).toEqual({
    ToUserName: 'gh_1',
    CreateTime: '1620963428',
    Content: 'a & <b> 0012',
    Id: '00120',
    Wrap: { List: [{ A: '1' }, { A: '2' }] },
  });
});

test('JSON is read, and long numbers keep their digits', () => {
  const text =
    '{"MsgId":23442453123456789012,"CreateTime":1620963428,"Content":"x \\":1234567890123456789, y","n":[1700827132819554304,-1.5e3]}';
  const fields = pushFields(text);
  expect(fields).toEqual({
    MsgId: '23442453123456789012',
    CreateTime: 1_620_963_428,
    Content: 'x ":1234567890123456789, y',
    n: ['1700827132819554304', -1_500],
  });
  expect(textIn(fields, 'CreateTime')).toBe('1620963428');
  expect(textIn(fields, 'toString')).toBeUndefined();
  expect(textIn(fields, 'n')).toBeUndefined();
});

const BOMB = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml><C>&b;</C></xml>`;

test.each([
  ['a document type', BOMB],
  ['an entity of a file', '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><C>&x;</C></xml>'],
  ['a document type in small letters', '<!doctype xml><xml><C>1</C></xml>'],
  ['another root', '<html><C>1</C></html>'],
  ['no end', '<xml><C>1</C>'],
  ['two deep', `<xml>${'<a>'.repeat(50)}1${'</a>'.repeat(50)}</xml>`],
  ['a text', '"hello"'],
  ['a list', '[1]'],
  ['null', 'null'],
  ['nothing', ''],
  ['half of JSON', '{"a":'],
  ['too much', `{"a":"${'x'.repeat(300_000)}"}`],
])('%s is malformed', (_, text) => {
  expect(() => pushFields(text)).toThrow(expect.objectContaining({ refusal: 'malformed' }) as Error);
});

test('entities stay as they are, and names that every object has do no harm', () => {
  expect(pushFields('<xml><C>&lt;&amp;&x;</C></xml>')).toEqual({ C: '&lt;&amp;&x;' });
  expect(() => pushFields('<xml><__proto__><polluted>1</polluted></__proto__></xml>')).toThrow('not XML');
  pushFields('{"__proto__":{"polluted":1}}');
  expect({}).not.toHaveProperty('polluted');
});

test('quotes without end cost no time', () => {
  const started = performance.now();
  expect(() => pushFields(`{"a":"${'\\"'.repeat(100_000)}`)).toThrow();
  pushFields(`{"a":"${'\\"'.repeat(100_000)}"}`);
  expect(performance.now() - started).toBeLessThan(1_000);
});
