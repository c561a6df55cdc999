import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { setTimeout as wait } from 'node:timers/promises';
import { type CallOutcome, passingCall } from './calls.js';
import { type CallFault, type Fault, isPlatformFault } from './faults.js';
import type { Answer, Call, Platform, Route } from './platform.js';
import type { Sandbox } from './sandbox.js';

/** For how long a fault keeps a caller waiting who does not give up. */
const LONGEST_SILENCE = 30_000;
const NOTHING = Buffer.alloc(0);

/** Serves the platforms' own routes; `closing` ends every wait. */
export function addPlatforms(http: FastifyInstance, sandbox: Sandbox, closing: AbortSignal): void {
  for (const platform of sandbox.platforms) {
    for (const route of platform.routes) {
      http.route({
        method: [...route.methods],
        url: route.path,
        handler: (request, reply) => play(sandbox, platform, route, request, reply, closing),
      });
    }
  }
}

async function play(
  sandbox: Sandbox,
  platform: Platform,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  closing: AbortSignal,
): Promise<FastifyReply> {
  sandbox.catchUp();
  const arrived = callOf(request, sandbox.now());
  const fault = sandbox.faults.takeForCall(passingCall(platform, arrived));
  const call = fault && isPlatformFault(fault.kind) ? { ...arrived, fault: fault.kind } : arrived;

  const answer = fault ? await answerWith(fault, platform, route, call, closing) : await route.handle(call);
  // An answer may tell of a change that another request made, so everything is flushed, not only our own changes.
  await sandbox.store.flushed().finally(() => answer?.left?.());

  sandbox.calls.remember(platform, call, outcomeOf(answer, fault));
  if (answer) return send(reply, answer);
  reply.hijack();
  await silence(request, closing);
  request.raw.socket.destroy();
  return reply;
}

/** Undefined: the caller gets no answer. */
async function answerWith(
  fault: Fault<CallFault>,
  platform: Platform,
  route: Route,
  call: Call,
  closing: AbortSignal,
): Promise<Answer | undefined> {
  switch (fault.kind) {
    case 'timeout_before':
      return undefined;
    case 'timeout_after':
      (await route.handle(call)).left?.();
      return undefined;
    case 'status_500':
      return { status: 500, contentType: 'text/plain', body: 'Internal Server Error' };
    case 'garbage':
      return { contentType: 'text/html', body: '<html><body>a proxy was here</body></html>' };
    case 'busy':
      return platform.busy(call);
    case 'code':
      return platform.refuse(call, fault.code);
    case 'slow':
      await wait(fault.milliseconds, undefined, { signal: closing }).catch(() => undefined);
      return route.handle(call);
    case 'wrong_signature':
    case 'rotate_key':
      return route.handle(call);
  }
}

const outcomeOf = (answer: Answer | undefined, fault: Fault | undefined): CallOutcome => ({
  ...(answer && { status: answer.status ?? 200, answer: answer.body }),
  ...(fault && { fault: fault.kind }),
});

function send(reply: FastifyReply, { status = 200, contentType, headers, body }: Answer): FastifyReply {
  if (headers) void reply.headers(headers);
  // As bytes: to a text Fastify would add a charset, where platforms send none or another spelling.
  return reply.code(status).header('content-type', contentType).send(Buffer.from(body));
}

/** Until the caller goes, the sandbox stops, or the longest silence is over. */
async function silence(request: FastifyRequest, closing: AbortSignal): Promise<void> {
  const { socket } = request.raw;
  if (socket.destroyed) return;
  const over = new AbortController();
  socket.once('close', () => over.abort());
  await wait(LONGEST_SILENCE, undefined, { signal: AbortSignal.any([closing, over.signal]) }).catch(() => undefined);
}

const callOf = (request: FastifyRequest, at: number): Call => {
  const { url } = request;
  const mark = url.indexOf('?');
  return {
    method: request.method,
    path: mark < 0 ? url : url.slice(0, mark),
    url,
    query: firstValues(request.query as Record<string, string | string[]>),
    headers: request.headers,
    body: Buffer.isBuffer(request.body) ? request.body : NOTHING,
    at,
  };
};

function firstValues(query: Record<string, string | string[]>): Record<string, string> {
  const first: Record<string, string> = {};
  for (const name in query) {
    const value = query[name];
    first[name] = (Array.isArray(value) ? value[0] : value) ?? '';
  }
  return first;
}
