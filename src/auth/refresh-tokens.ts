import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ServerKeys } from '../tenancy/server-keys.js';

/** What a refresh token says: whose it is, and that we made it. */
export interface RefreshToken {
  readonly appId: string;
  readonly sessionId: string;
  readonly text: string;
  /** SHA-256 of `text`; all that is stored. */
  readonly hash: Buffer;
}

const FORM = /^rt_([0-9a-f]{32})_([A-Za-z0-9_-]{64})$/;

/**
 * `rt_<app>_<base64url of session id, 16 random bytes, 16 bytes of MAC>`. The MAC tells a token that we once gave out
 * from an invented one: reuse of the former ends the session, the latter ends nothing, so knowing a session's id does
 * not let anybody end it.
 */
@Injectable()
export class RefreshTokens {
  constructor(private readonly keys: ServerKeys) {}

  /** A new token of a session. */
  async issue(appId: string, sessionId: string, random = randomBytes(16)): Promise<RefreshToken> {
    const session = Buffer.from(sessionId.slice('ses_'.length), 'hex');
    const body = Buffer.concat([session, random]);
    const mac = await this.#mac(appId, body);
    const text = `rt_${appId.slice('app_'.length)}_${Buffer.concat([body, mac]).toString('base64url')}`;
    return { appId, sessionId, text, hash: hashOf(text) };
  }

  /**
   * The token that replaces `token`. With an idempotency key it is derived from both, so that a repeat of the request
   * finds the same one again without anything readable being stored.
   */
  async successor(token: RefreshToken, idempotencyKey: string | undefined): Promise<RefreshToken> {
    if (idempotencyKey === undefined) return this.issue(token.appId, token.sessionId);
    const derived = createHmac('sha256', await this.keys.get('refresh_token'))
      .update(`successor\n${token.text}\n${idempotencyKey}`)
      .digest();
    return this.issue(token.appId, token.sessionId, derived.subarray(0, 16));
  }

  /** Reads a token; undefined unless we made it. Says nothing about whether it is still the current one. */
  async read(text: string): Promise<RefreshToken | undefined> {
    const [, app, encoded] = FORM.exec(text) ?? [];
    if (!app || !encoded) return undefined;
    const bytes = Buffer.from(encoded, 'base64url');
    const body = bytes.subarray(0, 32);
    const appId = `app_${app}`;
    if (!timingSafeEqual(bytes.subarray(32), await this.#mac(appId, body))) return undefined;
    return { appId, sessionId: `ses_${body.toString('hex', 0, 16)}`, text, hash: hashOf(text) };
  }

  async #mac(appId: string, body: Buffer): Promise<Buffer> {
    const key = await this.keys.get('refresh_token');
    return createHmac('sha256', key).update(appId).update(body).digest().subarray(0, 16);
  }
}

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();
