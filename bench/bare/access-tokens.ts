import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { Refusal } from './http.js';

export const ACCESS_TOKEN_SECONDS = 15 * 60;
const ISSUER = 'http://localhost';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** Every token of ours begins with the same bytes, so comparing them pins algorithm, type and key. */
const HEADER = encode({ alg: 'ES256', typ: 'at+jwt', kid: 'bare-key-1' });

interface Claims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly sid: string;
  readonly exp: number;
}

/** An ES256 JWT (RFC 7515, 7518): the signature is the two numbers side by side, not DER. */
export function issueAccessToken(appId: string, userId: string, sessionId: string): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: ISSUER, aud: appId, sub: userId, sid: sessionId, iat, exp: iat + ACCESS_TOKEN_SECONDS };
  const signed = `${HEADER}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** Throws 401 unless the token is ours and has not expired. */
export function readAccessToken(token: string): Claims {
  const [header, payload, signature] = token.split('.');
  if (header !== HEADER || payload === undefined || signature === undefined) throw new Refusal(401, 'token_invalid');
  const genuine = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  if (!genuine) throw new Refusal(401, 'token_invalid');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
  if (claims.iss !== ISSUER) throw new Refusal(401, 'token_invalid');
  if (claims.exp <= Date.now() / 1000) throw new Refusal(401, 'token_expired');
  return claims;
}
