import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AlipaySdk } from 'alipay-sdk';
import fc from 'fast-check';
import { readPublicKey } from './alipay.key-material.js';
import { openAnswer, requestBaseString, signRsa2, verifiedContent } from './alipay.signature.js';

interface Vectors {
  extraction: { source: string; method: string; cases: { what: string; response: string; signed: string }[] }[];
  answer: { source: string; method: string; alipayPublicKey: string; response: string };
  requests: { source: string; certificate: string; cases: { params: Record<string, string>; sign: string }[] };
}
const vectors = JSON.parse(
  readFileSync(new URL('./alipay.signature.vectors.json', import.meta.url), 'utf8'),
) as Vectors;

const open = (text: string, method = 'alipay.trade.create') => openAnswer(Buffer.from(text), method);
const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
};

describe('the base string of a request', () => {
  test('is sorted and raw, keeps sign_type, drops sign and empty values', () => {
    const params = { version: '1.0', sign: 'x', sign_type: 'RSA2', app_cert_sn: 'b', notify_url: '', biz_content: '{"a":"1 2&/"}', alipay_root_cert_sn: 'a' }; // prettier-ignore
    expect(requestBaseString(params)).toBe(
      'alipay_root_cert_sn=a&app_cert_sn=b&biz_content={"a":"1 2&/"}&sign_type=RSA2&version=1.0',
    );
  });

  const { publicKey } = new X509Certificate(vectors.requests.certificate);

  test.each(vectors.requests.cases)('is what the signatures of the Java SDK cover: %j', ({ params, sign }) => {
    const content = Buffer.from(requestBaseString({ ...params, sign }));
    expect(verifiedContent(content, sign, publicKey)).toBe(content);
    for (let at = 0; at < content.length; at++)
      expect(verifiedContent(flipped(content, at), sign, publicKey)).toBeUndefined();
  });

  test('and its signature are those of the Node SDK', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const sdk = new AlipaySdk({ appId: '2021000000000001', privateKey: pem, keyType: 'PKCS8' });
    const bizContent = { out_trade_no: 'A-1', subject: '语雀 空间 & "more" / +' };
    const order = sdk.sdkExecute('alipay.trade.app.pay', { bizContent, notifyUrl: 'https://example.com/?a=1&b=2' });
    const params = Object.fromEntries(new URLSearchParams(order));
    expect(params['sign_type']).toBe('RSA2');
    expect(signRsa2(requestBaseString(params), privateKey)).toBe(params['sign']);
  });
});

describe('an answer', () => {
  describe.each(vectors.extraction)('is taken apart as in $source', ({ method, cases }) => {
    test.each(cases)('$what', ({ response, signed }) => {
      expect(open(response, method).node.toString()).toBe(signed);
    });
  });

  test('of Alipay itself verifies, and not with any byte changed', () => {
    const { method, response, alipayPublicKey } = vectors.answer;
    const key = readPublicKey(alipayPublicKey);
    const { node, signature, certificateSn } = open(response, method);
    expect(certificateSn).toBeUndefined();
    expect(verifiedContent(node, signature!, key)).toBe(node);
    for (let at = 0; at < node.length; at++)
      expect(verifiedContent(flipped(node, at), signature!, key)).toBeUndefined();
    const other = flipped(Buffer.from(signature!, 'base64'), 17).toString('base64');
    expect(verifiedContent(node, other, key)).toBeUndefined();
  });

  test('names the certificate to verify it with', () => {
    expect(open('{"alipay_trade_create_response":{},"alipay_cert_sn":"4538","sign":"c2ln"}')).toMatchObject({
      certificateSn: '4538',
      signature: 'c2ln',
    });
  });

  test('may be an error_response, and unsigned', () => {
    const { node, signature } = open('{"error_response":{"code":"40002"}}');
    expect(node.toString()).toBe('{"code":"40002"}');
    expect(signature).toBeUndefined();
  });

  test('whatever it holds, gives the very bytes of its node', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.base64String(), (node, sign) => {
        const raw = JSON.stringify(node);
        const opened = open(JSON.stringify({ sign, alipay_trade_create_response: node, other: 1 }));
        expect(opened.node.toString()).toBe(raw);
        expect(opened.signature).toBe(sign);
      }),
    );
  });

  test('is not found inside of another value', () => {
    const decoy = String.raw`{"error_response":{"a":"\",\"alipay_trade_create_response\":{\"code\":\"10000\"}"},"sign":"x"}`;
    expect(open(decoy).node.toString()).toContain('{"a":');
  });

  test.each([
    ['nothing', ''],
    ['a page of a proxy', '<html><body>502</body></html>'],
    ['an answer to something else', '{"alipay_trade_query_response":{}}'],
    ['a node that comes twice', '{"alipay_trade_create_response":{},"alipay_trade_create_response":{}}'],
    ['a name that comes twice in two spellings', '{"sign":"a","\\u0073ign":"b","alipay_trade_create_response":{}}'],
    ['a node without an end', '{"alipay_trade_create_response":{"a":"}'],
    ['a string without an end', '{"alipay_trade_create_response":"abc'],
    ['something behind it', '{"alipay_trade_create_response":{}}{}'],
    ['a comma too many', '{"alipay_trade_create_response":{},}'],
    ['a list', '["alipay_trade_create_response"]'],
  ])('is refused when it is %s', (_, body) => {
    expect(() => open(body)).toThrow(SyntaxError);
  });
});

describe('escaped slashes', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const verified = (content: string, signed: string, key: KeyObject = publicKey) =>
    verifiedContent(Buffer.from(content), signRsa2(signed, privateKey), key)?.toString();

  test('verify as they came', () => {
    const content = String.raw`{"url":"https:\/\/a.cn"}`;
    expect(verified(content, content)).toBe(content);
  });

  test('verify as they were before escaping, and give what was signed', () => {
    expect(verified(String.raw`{"url":"https:\/\/支付宝.cn"}`, '{"url":"https://支付宝.cn"}')).toBe(
      '{"url":"https://支付宝.cn"}',
    );
  });

  test('do not save a content that differs', () => {
    expect(verified(String.raw`{"url":"https:\/\/a.cn"}`, '{"url":"https://b.cn"}')).toBeUndefined();
  });
});
