import type { FastifyInstance } from 'fastify';
import type { Account } from './accounts.js';
import { consentFilterSchema } from './consents.js';
import { SandboxError } from './errors.js';
import { messageFilterSchema } from './inbox.js';
import type { MessageConsole } from './platform.js';
import type { Sandbox } from './sandbox.js';
import { limitsSchema, ratesSchema } from './send-limits.js';
import type { Surface } from './surface.js';

/** The routes under `/_/` that are about messages: what arrived, what people let through, how fast it may go. */
export function addMessageSurface(http: FastifyInstance, sandbox: Sandbox, { durably, post }: Surface): void {
  http.get(
    '/_/messages',
    durably(({ query }) => sandbox.inbox.find(messageFilterSchema.parse(query))),
  );
  http.get(
    '/_/consents',
    durably(({ query }) => sandbox.consents.find(consentFilterSchema.parse(query))),
  );
  http.get(
    '/_/rates',
    durably(({ query }) => {
      const { account, messages } = sender(sandbox, ratesSchema.parse(query));
      return sandbox.sendLimits.rates(account, messages.limit);
    }),
  );
  post('limits', (body) => {
    const given = limitsSchema.parse(body);
    return sandbox.sendLimits.set(sender(sandbox, given).account, given);
  });
}

/** Throws SandboxError when there is no such account, or its platform has no messages here. */
function sender(
  sandbox: Sandbox,
  { platform: code, platformAppId }: { platform: string; platformAppId: string },
): { account: Account; messages: MessageConsole } {
  const { messages } = sandbox.platform(code);
  if (!messages) throw new SandboxError(422, 'messages_unknown', `${code} has no messages here`);
  return { account: sandbox.accounts.programs(code).require(platformAppId), messages };
}
