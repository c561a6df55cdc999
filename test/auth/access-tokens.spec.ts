import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, exportSPKI, importJWK, jwtVerify, type JWK } from 'jose';
import { SigningKeys } from '../../src/tenancy/signing-keys.js';
import { aLogin, anApp, ask, must, refresh, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

let minibase: Minibase;
let app: TestApp;
beforeAll(async () => {
  minibase = await startMinibase();
  app = await anApp(minibase, ['wechat']);
});
afterAll(() => minibase.close());

const codeOf = async (accessToken: string) => {
  const { status, body } = await ask<{ code?: string }>(minibase.url, 'GET', '/v1/me', { token: accessToken });
  return status === 200 ? 'accepted' : `${status} ${body.code}`;
};
const published = async () =>
  (await must<{ keys: (JWK & { kid: string })[] }>(minibase.url, 'GET', '/.well-known/jwks.json')).keys;

describe('an access token', () => {
  test('is verified by an independent library with the published keys, and holds what it promises', async () => {
    const { accessToken, user } = await aLogin(minibase, app, 'verified');
    const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', minibase.url));
    const { payload, protectedHeader } = await jwtVerify(accessToken, keys, {
      algorithms: ['ES256'],
      typ: 'at+jwt',
      issuer: minibase.config.publicUrl,
      audience: app.appId,
      currentDate: minibase.clock.now(),
    });
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: (await published())[0]!.kid });
    expect(payload).toMatchObject({ sub: user.id, sid: expect.stringMatching(/^ses_[0-9a-f]{32}$/) as string });
    expect(payload.exp! - payload.iat!).toBe(15 * 60);
    expect(Object.keys(payload).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'sid', 'sub']);
  });

  test('shows the world only the public half of the keys', async () => {
    const [key] = await published();
    expect(Object.keys(key!).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  test('is good for fifteen minutes, and the session for longer', async () => {
    const login = await aLogin(minibase, app, 'slow');
    minibase.clock.advance({ minutes: 14, seconds: 50 });
    expect(await codeOf(login.accessToken)).toBe('accepted');
    minibase.clock.advance({ seconds: 11 });
    expect(await codeOf(login.accessToken)).toBe('401 token_expired');
    const { body } = await refresh(minibase, login.refreshToken);
    expect(await codeOf(body.accessToken)).toBe('accepted');
  });

  test('is bound to its app: the same session is not found in another one', async () => {
    const other = await anApp(minibase, ['wechat']);
    const { accessToken } = await aLogin(minibase, app, 'mine');
    const { sub, sid } = decodeJwt(accessToken);
    const forged = await minted({ aud: other.appId, sub, sid });
    expect(await codeOf(forged)).toBe('401 session_revoked');
  });
});

describe('a token that we did not issue as an access token is refused', () => {
  let genuine: string;
  beforeAll(async () => {
    genuine = (await aLogin(minibase, app, 'forger')).accessToken;
  });

  test('the forger itself makes good tokens when nothing is changed', async () => {
    expect(await codeOf(await minted({}))).toBe('accepted');
  });

  test.each(['JWT', 'entitlements+jwt', 'AT+JWT', '', undefined, 7, null])('typ %j', async (typ) => {
    expect(await codeOf(await minted({}, { typ }))).toBe('401 token_invalid');
  });

  test.each([
    { iss: 'https://elsewhere.example' },
    { iss: undefined },
    { aud: 'somebody' },
    { aud: undefined },
    { aud: ['app_0', 'app_1'] },
    { sub: undefined },
    { sub: 'usr_1 or true' },
    { sid: undefined },
    { sid: 'ses_' },
    { sid: { $ne: null } },
  ])('claims %j', async (claims) => {
    expect(await codeOf(await minted(claims))).toBe('401 token_invalid');
  });

  test('no expiry, or one that is no number', async () => {
    for (const exp of [undefined, '9999999999', null])
      expect(await codeOf(await minted({ exp }))).toBe('401 token_invalid');
  });

  test.each(['none', 'None', 'NONE'])('alg %s, with and without a signature', async (alg) => {
    const unsigned = await minted({}, { alg }, () => Buffer.alloc(0));
    for (const token of [unsigned, unsigned.slice(0, -1), `${unsigned}AAAA`]) {
      expect(await codeOf(token)).toMatch(/^401 (token_invalid|unauthenticated)$/);
    }
  });

  test('alg HS256 with the public key as the secret', async () => {
    const [jwk] = await published();
    const publicKey = await importJWK({ ...jwk, ext: true }, 'ES256');
    const secrets = [await exportSPKI(publicKey as never), `${jwk!.x}`, JSON.stringify(jwk)];
    for (const secret of secrets) {
      const hmac = (text: string) => createHmac('sha256', secret).update(text).digest();
      expect(await codeOf(await minted({}, { alg: 'HS256' }, hmac))).toBe('401 token_invalid');
    }
  });

  test('signed by another key under our key id, under its own, or carried along', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const byOther = (text: string) => es256(text, privateKey);
    const jwk = publicKey.export({ format: 'jwk' });
    for (const header of [{}, { kid: 'another' }, { kid: undefined }, { jwk }, { kid: undefined, jwk }])
      expect(await codeOf(await minted({}, header, byOther))).toBe('401 token_invalid');
  });

  test.each(["' or 1=1 --", '../../etc/passwd', { $ne: 1 }, 0, ['a'], 'x'.repeat(3_000)])('kid %.20j', async (kid) => {
    expect(await codeOf(await minted({}, { kid }))).toBe('401 token_invalid');
  });

  test('any changed character', async () => {
    const spots = Array.from({ length: 40 }, (_, n) => Math.floor(((n + 0.5) * genuine.length) / 40));
    for (const at of spots) {
      const changed = genuine.slice(0, at) + (genuine[at] === 'A' ? 'B' : 'A') + genuine.slice(at + 1);
      expect([await codeOf(changed), at]).toEqual(['401 token_invalid', at]);
    }
  });

  test('anything that is not a token at all', async () => {
    const [header, payload, signature] = genuine.split('.');
    const odd = [
      'a',
      '...',
      'null.null.null',
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${genuine}.${signature}`,
    ];
    const json = [Buffer.from('null'), Buffer.from('[]'), Buffer.from('{"typ":'), randomBytes(60)].map((bytes) => `${bytes.toString('base64url')}.${payload}.${signature}`); // prettier-ignore
    for (const token of [...odd, ...json]) expect(await codeOf(token)).toBe('401 token_invalid');
    for (const token of ['', ' ']) expect(await codeOf(token)).toBe('401 unauthenticated');
  });

  /** The genuine token with changed claims or header, signed with our own key unless told otherwise. */
  const minted = (claims: object, header: object = {}, signed?: (text: string) => Buffer) =>
    mint(genuine, claims, header, signed);
});

/** A token of a new session with other claims. */
const minted = async (claims: object) => mint((await aLogin(minibase, app, 'minting')).accessToken, claims);

async function mint(token: string, claims: object, header: object = {}, signed?: (text: string) => Buffer) {
  const { privateKey } = await minibase.app.get(SigningKeys).current();
  const parts = [
    { ...decodeProtectedHeader(token), ...header },
    { ...decodeJwt(token), ...claims },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${(signed ?? ((plain) => es256(plain, privateKey)))(text).toString('base64url')}`;
}

const es256 = (text: string, key: KeyObject): Buffer =>
  sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
