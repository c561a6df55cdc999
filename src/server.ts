import { Logger as NestLogger, StandardSchemaValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { pino, type Logger } from 'pino';
import { v7 } from 'uuid';
import { AppModule, type Overrides } from './app.module.js';
import { toPinoLogger } from './common/nest-logger.js';
import { ProblemFilter } from './common/problem.filter.js';
import { problem } from './common/problems.js';
import type { Config } from './config/config.js';
import { mountConsole } from './console/console.js';
import { Metrics } from './console/metrics.js';

/** Bytes of a JSON body; what is larger gets 413. */
const BODY_LIMIT = 256 * 1024;
const REQUEST_ID = /^[A-Za-z0-9_.-]{8,64}$/;
/** Never in a log, however deep. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'secret',
  'password',
  'accessToken',
  'refreshToken',
  'credentials',
  'sessionKey',
];

export const newLogger = (level: string): Logger =>
  pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[redacted]' },
  });

/** The HTTP server of a process, ready to listen: Nest on Fastify, its own parser, problems, ids, logs and metrics. */
export async function createServer(
  config: Config,
  logger: Logger = newLogger(config.logLevel),
  overrides: Overrides = {},
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: BODY_LIMIT,
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    genReqId: requestId,
    routerOptions: { maxParamLength: 200 },
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(config, overrides), adapter, {
    bodyParser: false,
    logger: toPinoLogger(logger),
    abortOnError: false,
  });
  const server = adapter.getInstance<FastifyInstance>();
  parseJson(server);
  addHooks(server);
  app.get(Metrics).watch(server);
  app.useGlobalFilters(new ProblemFilter());
  app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: toValidationProblem }));
  mountConsole(app);
  NestLogger.overrideLogger(toPinoLogger(logger));
  return app;
}

const requestId = (request: { headers: Record<string, string | string[] | undefined> }): string => {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : v7().replaceAll('-', '');
};

/** JSON only, and only well-formed UTF-8: a lenient decoder would store replacement characters as somebody's name. */
function parseJson(server: FastifyInstance): void {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    let text: string;
    try {
      text = decoder.decode(body as Buffer);
    } catch {
      return done(problem('malformed_body', 'The body is not UTF-8.'));
    }
    return void parse(request, text, (error, parsed) =>
      error ? done(problem('malformed_body', 'The body is not JSON.')) : done(null, parsed),
    );
  });
}

function addHooks(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    void reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    done();
  });
  server.addHook('onSend', (request, reply, payload, done) => {
    if (request.idempotency?.replayed) void reply.header('idempotent-replayed', 'true');
    done(null, payload);
  });
  server.addHook('onResponse', logResponse);
}

/** Refusals are worth a line, successes only when somebody looks for them. 5xx are logged with their cause already. */
function logResponse(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const level = reply.statusCode >= 400 ? 'info' : 'debug';
  request.log[level](
    {
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      app: request.caller && 'app' in request.caller ? request.caller.app.id : undefined,
    },
    'request',
  );
  done();
}

function toValidationProblem(issues: readonly { message: string; path?: readonly unknown[] | undefined }[]) {
  const errors = issues.map(({ message, path = [] }) => ({ path: path.map(nameOf).join('.'), message }));
  const summary = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
  return problem('validation_failed', summary.slice(0, 1_000), { errors: errors.slice(0, 50) });
}

const nameOf = (segment: unknown): string =>
  typeof segment === 'object' && segment !== null && 'key' in segment ? String(segment.key) : String(segment);
