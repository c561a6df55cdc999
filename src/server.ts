import type { IncomingMessage } from 'node:http';
import { Logger as NestLogger, StandardSchemaValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { pino, type DestinationStream, type Logger } from 'pino';
import { AppModule, type Overrides } from './app.module.js';
import { mountCallbacks } from './callbacks/callback-routes.js';
import { Intake } from './callbacks/intake.js';
import { toPinoLogger } from './common/nest-logger.js';
import { describeError } from './common/described-error.js';
import { readJsonBody } from './common/json-body.js';
import { ProblemFilter, sendProblem } from './common/problem.filter.js';
import { problem } from './common/problems.js';
import { requestIdOf } from './common/request-id.js';
import { refuseUnreadable } from './common/unreadable-requests.js';
import type { Config } from './config/config.js';
import { mountConsole } from './console/console.js';
import { Metrics } from './console/metrics.js';
import { Clock } from './common/clock.js';

/** Bytes of a JSON body; what is larger gets 413. */
const BODY_LIMIT = 256 * 1024;
/** A request that takes longer to arrive is given up: slow senders must not hold our sockets. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Never in a log line, down to the third level of what is logged. */
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

/** JSON lines with times, request ids and redaction, to the standard output or where a test wants them. */
export const newLogger = (level: string, destination: DestinationStream = pino.destination(1)): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => describeError(error) },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[redacted]' },
    },
    destination,
  );

/** The HTTP server of a process, ready to listen: Nest on Fastify, its own parser, problems, ids, logs and metrics. */
export async function createServer(
  config: Config,
  logger: Logger = newLogger(config.logLevel),
  overrides: Overrides = {},
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // One logger for all: a child for each request costs more than the lines it would write, which name the request.
    childLoggerFactory: () => logger,
    bodyLimit: BODY_LIMIT,
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: ({ headers }: IncomingMessage) => requestIdOf(headers['x-request-id']),
    routerOptions: { maxParamLength: 200 },
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: refuseUnroutable,
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
  const clock = app.get(Clock);
  if (config.role !== 'worker') mountCallbacks(server, app.get(Intake), () => clock.now());
  app.useGlobalFilters(new ProblemFilter());
  app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: toValidationProblem }));
  mountConsole(app);
  NestLogger.overrideLogger(toPinoLogger(logger));
  return app;
}

/** JSON only; an empty body is none. */
function parseJson(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_, body, done) => {
    try {
      done(null, body.length === 0 ? undefined : readJsonBody(body));
    } catch (error) {
      done(error as Error);
    }
  });
}

const headersOf = ({ id }: FastifyRequest) => ({
  'x-request-id': id,
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
});

/** What the router refuses passes no hook. */
function refuseUnroutable(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  void reply.headers(headersOf(request));
  sendProblem(error, request, reply);
}

function addHooks(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    void reply.headers(headersOf(request));
    // Postgres keeps no NUL, so no id or filter of ours can hold one.
    if (request.url.includes('%00')) done(problem('malformed_request', 'The address has a NUL character.'));
    else done();
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
  if (level === 'debug' && !(request.log as Logger).isLevelEnabled('debug')) return done();
  request.log[level](
    {
      requestId: request.id,
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
