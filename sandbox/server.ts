import fastify, { type FastifyError, type FastifyInstance, LogController } from 'fastify';
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import { SandboxError, StartError } from './core/errors.js';
import type { PlatformFactory } from './core/platform.js';
import { addPlatforms } from './core/playing.js';
import { Sandbox } from './core/sandbox.js';
import { Store } from './core/store.js';
import { addSurface } from './core/surface.js';
import { PLATFORMS } from './platforms.js';

export interface SandboxOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The state goes to `sandbox` under it. */
  readonly dataDir: string;
  readonly logLevel?: string;
  /** Protocol time in ms, for tests; the machine's clock by default. */
  readonly now?: () => number;
  /** All platforms by default. */
  readonly platforms?: readonly PlatformFactory[];
}

export interface RunningSandbox {
  /** The origin at which it listens. */
  readonly url: string;
  /**
   * Answers what is under way, ends the callbacks that are being sent, and stops; the state is on the disk, and what
   * was not accepted is sent again after the next start.
   */
  close(): Promise<void>;
}

const LARGEST_BODY = 1 << 20;
const LONGEST_REQUEST = 30_000;

/** Starts the platforms' stand-in. Throws StartError when the port or the directory is taken. */
export async function startSandbox(options: SandboxOptions): Promise<RunningSandbox> {
  const now = options.now ?? Date.now;
  const store = await Store.open(join(options.dataDir, 'sandbox'), now);
  const http = createHttp(options.logLevel ?? 'warn');
  const report = (error: unknown, what: string): void => http.log.error(error, what);
  const sandbox = new Sandbox(store, now, options.platforms ?? PLATFORMS, report);
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // one for each caller that a fault keeps waiting
  addPlatforms(http, sandbox, closing.signal);
  addSurface(http, sandbox);
  const close = async (): Promise<void> => {
    closing.abort();
    await Promise.all([http.close(), sandbox.stop()]);
    await store.close();
  };
  try {
    const url = await http.listen({ host: options.host, port: options.port });
    sandbox.start();
    return { url, close };
  } catch (error) {
    await close();
    throw (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? portTaken(options.port) : error;
  }
}

const portTaken = (port: number): StartError =>
  new StartError(`port ${port} is taken: stop the process that has it, or start with another SANDBOX_PORT`);

function createHttp(level: string): FastifyInstance {
  const http = fastify({
    logger: { level },
    // `GET /_/calls` is the log of requests.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: LARGEST_BODY,
    requestTimeout: LONGEST_REQUEST,
    exposeHeadRoutes: false,
    routerOptions: { ignoreTrailingSlash: true },
  });
  // The platforms read the bytes themselves: some sign them, and they differ in what content types they take.
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  http.setErrorHandler<FastifyError>((error, _request, reply) => {
    const { status, ...body } = explain(error);
    if (status >= 500) http.log.error(error);
    return reply.code(status).send(body);
  });
  http.setNotFoundHandler(({ method, url }, reply) =>
    reply.code(404).send({ error: 'not_found', message: `the sandbox does not play ${method} ${url}` }),
  );
  return http;
}

function explain(error: FastifyError): { status: number; error: string; message: string } {
  if (error instanceof SandboxError) return { status: error.status, error: error.error, message: error.message };
  if (error instanceof z.ZodError) return { status: 400, error: 'invalid_request', message: z.prettifyError(error) };
  const { statusCode: status = 500 } = error;
  if (status < 500) return { status, error: error.code, message: error.message };
  return { status, error: 'internal_error', message: 'the sandbox failed; its log says why' };
}
