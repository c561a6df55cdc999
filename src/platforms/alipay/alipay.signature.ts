import { sign, verify, type KeyObject } from 'node:crypto';

/** RSA2 in Alipay's words: SHA256withRSA, PKCS#1 v1.5. */
const RSA2 = 'RSA-SHA256';

/**
 * What a request's signature covers: every parameter that is sent, query and body alike, sorted by name, values raw (not
 * URL-encoded). Keeps `sign_type`, which notifications leave out; drops `sign` and empty values, as the gateway does.
 */
export function requestBaseString(params: Readonly<Record<string, string>>): string {
  return Object.keys(params)
    .filter((name) => name !== 'sign' && params[name] !== '')
    .sort()
    .map((name) => `${name}=${params[name]}`)
    .join('&');
}

/** The RSA2 signature of `content` in UTF-8, base64. */
export const signRsa2 = (content: string, appPrivateKey: KeyObject): string =>
  sign(RSA2, Buffer.from(content), appPrivateKey).toString('base64');

/** Whether `signature` (base64) is Alipay's over exactly `content`. */
export const verifiesRsa2 = (content: Buffer, signature: string, alipayKey: KeyObject): boolean =>
  verify(RSA2, content, alipayKey, Buffer.from(signature, 'base64'));

/**
 * Gives the bytes that Alipay signed, or nothing when `signature` does not fit. Read only what this gives: the gateway
 * writes `/` as `\/`, and like some official SDKs we try once more without that when the text does not verify as it came.
 */
export function verifiedContent(content: Buffer, signature: string, alipayKey: KeyObject): Buffer | undefined {
  if (verifiesRsa2(content, signature, alipayKey)) return content;
  if (!content.includes('\\/')) return undefined;
  const unescaped = Buffer.from(content.toString('latin1').replaceAll('\\/', '/'), 'latin1');
  return verifiesRsa2(unescaped, signature, alipayKey) ? unescaped : undefined;
}

/** A gateway answer taken apart without being parsed: what is verified are the bytes that came. */
export interface SealedAnswer {
  /** The answer's node: a JSON object, or the ciphertext as a JSON string, quotes included. Exactly as it came. */
  readonly node: Buffer;
  readonly signature: string | undefined;
  /** The number of the certificate to verify with; only in certificate mode. */
  readonly certificateSn: string | undefined;
}

/** Throws SyntaxError when `body` is not the answer to `method`. Errors may come as `error_response` instead. */
export function openAnswer(body: Buffer, method: string): SealedAnswer {
  const members = topLevelMembers(body);
  const node = members.get(`${method.replaceAll('.', '_')}_response`) ?? members.get('error_response');
  if (!node) throw new SyntaxError(`no answer to ${method} in it`);
  return { node, signature: text(members.get('sign')), certificateSn: text(members.get('alipay_cert_sn')) };
}

/**
 * The raw values of a JSON object's own members. Written out here because a parser throws away the very bytes that were
 * signed, and because searching for a name would also find it inside a value. A name that comes twice is refused: two
 * readers could take a different one each.
 */
function topLevelMembers(json: Buffer): Map<string, Buffer> {
  const members = new Map<string, Buffer>();
  let at = expect(json, skipBlanks(json, 0), OPEN_BRACE);
  at = skipBlanks(json, at);
  while (json[at] !== CLOSE_BRACE) {
    if (members.size > 0) at = skipBlanks(json, expect(json, at, COMMA));
    const nameEnd = endOfString(json, at);
    const name = String(JSON.parse(json.toString('utf8', at, nameEnd)));
    const start = skipBlanks(json, expect(json, skipBlanks(json, nameEnd), COLON));
    const end = endOfValue(json, start);
    if (members.has(name)) throw new SyntaxError(`${name} comes twice`);
    members.set(name, json.subarray(start, end));
    at = skipBlanks(json, end);
  }
  if (skipBlanks(json, at + 1) !== json.length) throw new SyntaxError('more than one value');
  return members;
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

function skipBlanks(json: Buffer, at: number): number {
  while (json[at] === 0x20 || json[at] === 0x0a || json[at] === 0x0d || json[at] === 0x09) at++;
  return at;
}

function expect(json: Buffer, at: number, byte: number): number {
  if (json[at] !== byte) throw new SyntaxError(`no ${String.fromCharCode(byte)} at byte ${at}`);
  return at + 1;
}

/** The index behind the string that begins at `at`. */
function endOfString(json: Buffer, at: number): number {
  expect(json, at, QUOTE);
  for (let i = at + 1; i < json.length; i++) {
    if (json[i] === BACKSLASH) i++;
    else if (json[i] === QUOTE) return i + 1;
  }
  throw new SyntaxError('a string without an end');
}

/** The index behind the value that begins at `at`. Braces inside strings do not count. */
function endOfValue(json: Buffer, at: number): number {
  if (json[at] === QUOTE) return endOfString(json, at);
  for (let i = at, depth = 0; i < json.length; i++) {
    const byte = json[i];
    if (byte === QUOTE) i = endOfString(json, i) - 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (depth === 0 && (byte === COMMA || byte === CLOSE_BRACE))
      return i; // behind a number or literal
    else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return i + 1;
  }
  throw new SyntaxError('a value without an end');
}

const text = (json: Buffer | undefined): string | undefined =>
  json === undefined ? undefined : String(JSON.parse(json.toString('utf8')));
