import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpReply, RawCallback } from '../platforms/callback.js';
import type { Intake, Received } from './intake.js';

/** Bytes of a callback; platforms send a few thousand. */
const BODY_LIMIT = 1024 * 1024;
const NOTHING = Buffer.alloc(0);
/** Of the query of an address; platforms send six at most, of some hundred characters. */
const QUERY_NAMES = 32;
const QUERY_CHARACTERS = 2_048;

/**
 * `GET, POST /callbacks/{accountId}[/{hint}]`, in a scope of its own: raw bytes of any content type or none, no caller
 * to identify, and answers in the platforms' own words. The hint only makes addresses readable.
 */
export function mountCallbacks(server: FastifyInstance, intake: Pick<Intake, 'receive'>, now: () => Date): void {
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_, body, done) => done(null, body));
    const handler = async (request: FastifyRequest, reply: FastifyReply) => {
      const { accountId } = request.params as { accountId: string };
      const received = await intake.receive(accountId, rawOf(request, now()));
      const { status, contentType, body } = replyTo(received);
      return reply.code(status).header('content-type', contentType).send(Buffer.from(body));
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
  return { method: request.method, headers, query: queryOf(request.query), body, hint, receivedAt };
}

/** What no platform sends is left out: too many names, and values that are too long. */
function queryOf(query: unknown): Record<string, string> {
  const firsts = Object.entries(query as Record<string, string | string[]>)
    .slice(0, QUERY_NAMES)
    .map(([name, value]) => [name, Array.isArray(value) ? (value[0] ?? '') : value] as const);
  return Object.fromEntries(firsts.filter((entry) => entry.join().length <= QUERY_CHARACTERS));
}

const fail = (status: number, message: string): HttpReply => ({
  status,
  contentType: 'application/json',
  body: JSON.stringify({ code: 'FAIL', message }),
});
const REFUSED = fail(401, 'not believed');
const UNAVAILABLE = fail(503, 'try again');

/** Unknown account, wrong platform and bad signature answer alike, so that nobody can probe which accounts there are. */
function replyTo(received: Received): HttpReply {
  switch (received.kind) {
    case 'refused':
      return REFUSED;
    case 'unavailable':
      return UNAVAILABLE;
    case 'check':
      return received.reply;
    case 'retry':
      return received.account.acknowledge({ kind: 'retry' });
    case 'accepted': {
      const { account, callback, answer } = received;
      return account.acknowledge({ kind: 'accepted', callback, ...answer });
    }
  }
}
