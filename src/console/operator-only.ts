import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { problem } from '../common/problems.js';
import type { Config } from '../config/config.js';
import { sendPageProblem } from './page-safety.js';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** HTTP Basic with the operator token as password, any user name. In development everybody on this machine may. */
export function operatorOnly({ environment, operatorTokens }: Config): RequestHandler {
  const hashes = operatorTokens.map(sha256);
  return (request, reply, next) => {
    if (environment === 'development') return next();
    const [scheme, encoded = ''] = request.headers.authorization?.split(' ') ?? [];
    const text = Buffer.from(encoded, 'base64').toString();
    const given = sha256(text.slice(text.indexOf(':') + 1));
    if (scheme?.toLowerCase() === 'basic' && hashes.filter((hash) => timingSafeEqual(hash, given)).length > 0) {
      return next();
    }
    reply.set('www-authenticate', 'Basic realm="Minibase, operator token as password"');
    sendPageProblem(
      request,
      reply,
      problem('unauthenticated', 'Send the operator token as the password (HTTP Basic).'),
    );
  };
}
