import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError, type ProblemMembers } from './errors.js';
import { problem } from './problems.js';

/** RFC 9457, with a stable `code`, the request's id and, where it helps, `errors[]` and `platformCode`. */
export interface Problem extends ProblemMembers {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  requestId: string;
}

/** The one place where errors become HTTP. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}

/** Answers with the problem that `error` means; unforeseen ones are logged and say nothing about themselves. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = toDomainError(error);
  if (known.status >= 500) request.log.error({ requestId: request.id, err: error }, known.code);
  const { retryAfter, limit } = known.extra;
  if (retryAfter !== undefined) void reply.header('retry-after', String(retryAfter));
  if (limit !== undefined) {
    void reply.headers({ 'ratelimit-limit': limit, 'ratelimit-remaining': 0, 'ratelimit-reset': retryAfter });
  }
  void reply
    .status(known.status)
    .type('application/problem+json')
    .send(JSON.stringify(toProblem(known, request.id)));
}

/** The body of the answer that `error` becomes. */
export const toProblem = (error: DomainError, requestId: string): Problem => ({
  type: `/problems/${error.code}`,
  title: error.code.replaceAll('_', ' '),
  status: error.status,
  code: error.code,
  detail: error.message,
  requestId,
  ...error.extra,
});

function toDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  const code = codeOf(error);
  if (isUnavailable(code) || isOfFullPool(error)) {
    return problem('unavailable', 'The database is not reachable at the moment; nothing was changed.', {
      retryAfter: 1,
    });
  }
  if (isCutOff(error)) {
    return problem(
      'unavailable',
      'The database went away in the middle of this: repeat it under its Idempotency-Key.',
      {
        retryAfter: 1,
      },
    );
  }
  const status = statusOf(error);
  // 414 is Fastify's for a part of the path that is longer than any id.
  if (status === 404 || status === 414) {
    return problem('not_found', 'There is no such route; the console at /console lists them all.');
  }
  if (status === 413) return problem('payload_too_large', 'The body is larger than this route accepts.');
  if (status === 415) return problem('unsupported_media_type', 'Send the body as application/json.');
  // Whatever else Fastify refuses is about the form of the request: a bad length, a malformed URL.
  if (status !== undefined && status >= 400 && status < 500) {
    return problem('malformed_request', 'The request cannot be read: its address or its length is wrong.');
  }
  return problem('internal_error', 'Something went wrong on our side; the log has the details under this requestId.');
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
};

/** Connection lost or refused, Postgres starting or stopping (class 57P), too many connections (53300). */
const isUnavailable = (code: string): boolean =>
  ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', '53300', '08006', '08003', '08001'].includes(code) ||
  code.startsWith('57P');

/** pg gives this error no code: the connection broke while a statement was under way. */
const isCutOff = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('Connection terminated');

/** pg-pool gives this error no code: every connection was busy for longer than a request may wait. */
const isOfFullPool = (error: unknown): boolean =>
  error instanceof Error && error.message === 'timeout exceeded when trying to connect';
