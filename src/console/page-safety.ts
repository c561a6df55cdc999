import { createHash } from 'node:crypto';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { DomainError } from '../common/errors.js';
import { toProblem } from '../common/problem.filter.js';
import { problem } from '../common/problems.js';

/** Fastify's id and log of a request, as its middleware finds them on Node's. */
interface Known {
  readonly id: string;
  readonly log: { error(fields: object, message: string): void };
}
const known = (request: Request): Known => request as Request & Known;

/** What a page may do: its own scripts and styles, nothing from elsewhere, and in nobody's frame. */
const policy = (inlineScript?: string): string => {
  const hash =
    inlineScript === undefined ? '' : ` 'sha256-${createHash('sha256').update(inlineScript).digest('base64')}'`;
  return [
    "default-src 'none'",
    `script-src 'self'${hash}`,
    // Swagger UI and the queue board style their elements in place.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
};

/** The headers of every page. The API's own come from a hook that middleware does not pass. */
export const pageHeaders: RequestHandler = (request, reply, next) => {
  reply.set({
    'x-request-id': known(request).id,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'content-security-policy': policy(),
    'cache-control': 'private, no-cache',
  });
  next();
};

/** Lets one script run that stands in the page itself. */
export const allowInline = (reply: Response, script: string): Response =>
  reply.set('content-security-policy', policy(script));

export function sendPageProblem(request: Request, reply: Response, error: DomainError): void {
  reply
    .status(error.status)
    .type('application/problem+json')
    .send(JSON.stringify(toProblem(error, known(request).id)));
}

export const noSuchPage: RequestHandler = (request, reply) => {
  sendPageProblem(request, reply, problem('not_found', 'There is no such page; the console is at /console.'));
};

/** Without it Express would answer a stack. */
export const pageFailed: ErrorRequestHandler = (error: unknown, request, reply, next) => {
  if (reply.headersSent) return next(error);
  const status = (error as { status?: unknown } | null)?.status;
  if (typeof status === 'number' && status < 500) {
    return sendPageProblem(request, reply, problem('malformed_request', 'This address cannot be read.'));
  }
  const { id: requestId, log } = known(request);
  log.error({ requestId, err: error }, 'a page failed');
  sendPageProblem(request, reply, problem('internal_error', 'The log has the details under this requestId.'));
};
