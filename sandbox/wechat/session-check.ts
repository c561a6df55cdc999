import { createHmac } from 'node:crypto';
import type { Answer, Call, Route } from '../core/platform.js';
import type { Session, SessionKeys } from '../core/session-keys.js';
import type { AccessTokens } from './access-tokens.js';
import { answering, ok, WechatError } from './answers.js';

/** WeChat: HMAC-SHA256 whose key is the session key as text, not decoded; the message of a GET is empty (docs: 签名). */
export const userSignature = (sessionKey: string, message = ''): string =>
  createHmac('sha256', sessionKey).update(message).digest('hex');

/** checkSessionKey and ResetUserSessionKey. */
export const sessionCheckRoutes = (tokens: AccessTokens, sessionKeys: SessionKeys): readonly Route[] => {
  const provenSession = (call: Call): Session & { openid: string } => {
    if (call.method !== 'GET') throw new WechatError(43001);
    const { platformAppId } = tokens.accountOf(call);
    const { openid, signature, sig_method: method } = call.query;
    if (!openid) throw new WechatError(41009);
    if (method !== 'hmac_sha256') throw new WechatError(87008);
    const session = sessionKeys.get(platformAppId, openid);
    if (!session) throw new WechatError(40003);
    if (signature !== userSignature(session.sessionKey)) throw new WechatError(87009);
    return { ...session, openid };
  };

  const check = (call: Call): Answer => {
    provenSession(call);
    return ok();
  };

  const reset = (call: Call): Answer => {
    const { platformAppId, openid, user } = provenSession(call);
    const { sessionKey } = sessionKeys.renew(platformAppId, openid, user);
    return ok({ openid, session_key: sessionKey });
  };

  return [
    { methods: ['GET', 'POST'], path: '/wxa/checksession', handle: answering(check) },
    { methods: ['GET', 'POST'], path: '/wxa/resetusersessionkey', handle: answering(reset) },
  ];
};
