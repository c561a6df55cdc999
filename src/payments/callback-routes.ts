import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RawCallback } from '../platforms/payment-platform.js';
import type { Platforms } from '../platforms/registry.js';
import type { Callbacks, Received } from './callbacks.service.js';

/** Bytes of a callback; platforms send a few thousand. */
const BODY_LIMIT = 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * `GET, POST /callbacks/{accountId}[/{hint}]`, in a scope of its own: raw bytes of any content type or none, no caller
 * to identify, and answers in the platforms' own words. The hint only makes addresses readable.
 */
export function mountCallbacks(
  server: FastifyInstance,
  callbacks: Callbacks,
  platforms: Platforms,
  now: () => Date,
): void {
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_, body, done) => done(null, body));
    const handler = async (request: FastifyRequest, reply: FastifyReply) => {
      const { accountId } = request.params as { accountId: string };
      return answer(reply, platforms, await callbacks.receive(accountId, rawOf(request, now())));
    };
    for (const url of ['/callbacks/:accountId', '/callbacks/:accountId/:hint']) {
      scope.route({ method: ['GET', 'POST'], url, bodyLimit: BODY_LIMIT, handler });
    }
  });
}

function rawOf(request: FastifyRequest, receivedAt: Date): RawCallback {
  const { hint } = request.params as { hint?: string };
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
  const body = Buffer.isBuffer(request.body) ? request.body : NOTHING;
  return { method: request.method, headers, body, hint, receivedAt };
}

/** Unknown account, wrong platform and bad signature answer alike, so that nobody can probe which accounts there are. */
async function answer(reply: FastifyReply, platforms: Platforms, received: Received): Promise<FastifyReply> {
  if (received.kind === 'refused') {
    return reply.code(401).type('application/json').send('{"code":"FAIL","message":"not believed"}');
  }
  if (received.kind === 'unavailable') {
    return reply.code(503).type('application/json').send('{"code":"FAIL","message":"try again"}');
  }
  const payments = platforms.payments(received.account.platform);
  const { kind } = received;
  const { status, contentType, body } = payments.acknowledge(
    kind === 'retry' ? { kind } : { kind, callback: received.callback, ...received.requested },
  );
  return reply.code(status).header('content-type', contentType).send(Buffer.from(body));
}
