import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Refusal } from './http.js';

const KEY = randomBytes(32);
const FORM = /^rt_([0-9a-f]{32})_([A-Za-z0-9_-]{64})$/;

export interface RefreshToken {
  readonly appId: string;
  readonly sessionId: string;
  readonly text: string;
  /** All that is stored. */
  readonly hash: Buffer;
}

/** `rt_<app>_<session, 16 random bytes, 16 bytes of MAC>`: the server's form, with the same cryptography. */
export function newRefreshToken(appId: string, sessionId: string): RefreshToken {
  const body = Buffer.concat([Buffer.from(sessionId.slice(4), 'hex'), randomBytes(16)]);
  const text = `rt_${appId.slice(4)}_${Buffer.concat([body, macOf(appId, body)]).toString('base64url')}`;
  return { appId, sessionId, text, hash: hashOf(text) };
}

/** Throws 401 unless we made the token. */
export function readRefreshToken(text: string): RefreshToken {
  const [, app, encoded] = FORM.exec(text) ?? [];
  if (app === undefined || encoded === undefined) throw new Refusal(401, 'refresh_token_invalid');
  const bytes = Buffer.from(encoded, 'base64url');
  const body = bytes.subarray(0, 32);
  const appId = `app_${app}`;
  if (!timingSafeEqual(bytes.subarray(32), macOf(appId, body))) throw new Refusal(401, 'refresh_token_invalid');
  return { appId, sessionId: `ses_${body.toString('hex', 0, 16)}`, text, hash: hashOf(text) };
}

const macOf = (appId: string, body: Buffer): Buffer =>
  createHmac('sha256', KEY).update(appId).update(body).digest().subarray(0, 16);
const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();
