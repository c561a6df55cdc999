import { Injectable } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { Clock } from '../common/clock.js';
import { isId } from '../common/ids.js';
import { problem } from '../common/problems.js';
import { Config } from '../config/config.js';
import { SigningKeys } from '../tenancy/signing-keys.js';

/** Seconds that an access token lives. */
export const ACCESS_TOKEN_SECONDS = 15 * 60;
/** RFC 9068: keeps other tokens of ours, signed with the same keys, from passing as access tokens. */
const TYP = 'at+jwt';

export interface AccessClaims {
  readonly appId: string;
  readonly userId: string;
  readonly sessionId: string;
}

/** `exp` is named because a verifier takes a token without one for eternal. */
const Claims = z.object({ aud: z.string(), sub: z.string(), sid: z.string(), exp: z.int() });

interface Verified {
  readonly claims: AccessClaims;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Access tokens: ES256 JWTs that anybody can verify with `/.well-known/jwks.json`. */
@Injectable()
export class AccessTokens {
  /** Tokens whose signature was found good, by their whole text: a client sends the same one for minutes. */
  readonly #verified = new LRUCache<string, Verified>({ max: 10_000 });

  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** What signs access tokens now; got before a transaction, as the keys may have to be read again. */
  async signer(): Promise<(claims: AccessClaims) => string> {
    const { kid, privateKey } = await this.keys.current();
    return ({ appId, userId, sessionId }) => {
      const iat = Math.floor(this.clock.now().getTime() / 1000);
      const claims = { iss: this.config.publicUrl, aud: appId, sub: userId, sid: sessionId, iat };
      return jwt.sign({ ...claims, exp: iat + ACCESS_TOKEN_SECONDS }, privateKey, {
        algorithm: 'ES256',
        header: { alg: 'ES256', typ: TYP, kid },
      });
    };
  }

  /** Throws `token_expired` or `token_invalid`; pins algorithm, type, issuer and key. */
  async verify(token: string): Promise<AccessClaims> {
    const verified = this.#verified.get(token) ?? (await this.#verify(token));
    if (verified.expiresAt <= this.clock.now().getTime()) {
      throw problem('token_expired', 'The access token has expired. Refresh it with POST /v1/auth/refresh.');
    }
    return verified.claims;
  }

  async #verify(token: string): Promise<Verified> {
    const header = headerOf(token);
    const key = header?.typ === TYP && header.kid ? await this.keys.find(header.kid) : undefined;
    if (!key) throw invalid();
    try {
      const payload = jwt.verify(token, key.publicKey, {
        algorithms: ['ES256'],
        issuer: this.config.publicUrl,
        ignoreExpiration: true, // `verify` looks at it each time
      });
      const { aud, sub, sid, exp } = Claims.parse(payload);
      if (!isId('app', aud) || !isId('user', sub) || !isId('session', sid)) throw invalid();
      const verified = { claims: { appId: aud, userId: sub, sessionId: sid }, expiresAt: exp * 1_000 };
      this.#verified.set(token, verified);
      return verified;
    } catch {
      throw invalid();
    }
  }
}

const invalid = () => problem('token_invalid', 'This is not an access token of this server.');

function headerOf(token: string): jwt.JwtHeader | undefined {
  try {
    return jwt.decode(token, { complete: true })?.header;
  } catch {
    return undefined;
  }
}
