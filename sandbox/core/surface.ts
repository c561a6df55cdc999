import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { callFilterSchema } from './calls.js';
import { addMessageSurface } from './message-surface.js';
import { SandboxError } from './errors.js';
import { ACTION_NAMES, type ActionName, type Platform } from './platform.js';
import type { Sandbox } from './sandbox.js';

const platformSchema = z.object({ platform: z.string() });
const clientActionSchema = z.object({ clientAction: platformSchema });

/** How routes under `/_/` are added. */
export interface Surface {
  readonly durably: (
    run: (request: FastifyRequest) => object | Promise<object>,
  ) => (request: FastifyRequest) => Promise<object>;
  readonly post: (name: string, run: (body: unknown) => object | Promise<object>) => void;
}

/** The sandbox's own routes under `/_/`: what a person with a phone, or a tester, does. */
export function addSurface(http: FastifyInstance, sandbox: Sandbox): void {
  /** An answer leaves when what it tells is on the disk. */
  const durably: Surface['durably'] = (run) => async (request) => {
    sandbox.catchUp();
    const answer = await run(request);
    await sandbox.store.flushed();
    return answer;
  };
  const post: Surface['post'] = (name, run) =>
    void http.post(
      `/_/${name}`,
      durably((request) => run(jsonOf(request))),
    );

  post('accounts', (body) => sandbox.accounts.register(platformOf(sandbox, body), body));
  for (const name of ACTION_NAMES) {
    // What the front end was given already names the platform.
    const code = (body: unknown): string =>
      (name === 'cashier' ? clientActionSchema.parse(body).clientAction : platformSchema.parse(body)).platform;
    post(name, (body) => actionOf(sandbox.platform(code(body)), name)(body));
  }
  post('clock', (body) => sandbox.moveClock(body));
  post('faults', (body) => sandbox.faults.add(body, (code) => sandbox.platform(code)));
  http.get(
    '/_/faults',
    durably(() => ({ faults: sandbox.faults.list() })),
  );
  http.delete(
    '/_/faults',
    durably(() => sandbox.faults.removeAll()),
  );
  http.post(
    '/_/reset',
    durably(() => sandbox.reset()),
  );
  http.get('/_/calls', (request) => {
    sandbox.catchUp();
    return sandbox.calls.find(callFilterSchema.parse(request.query));
  });
  addMessageSurface(http, sandbox, { durably, post });
  http.get('/_/health', () => ({ status: 'ok', platforms: sandbox.platforms.map(({ code }) => code) }));
}

const platformOf = (sandbox: Sandbox, body: unknown): Platform => sandbox.platform(platformSchema.parse(body).platform);

function actionOf(platform: Platform, name: ActionName) {
  const action = platform.actions[name];
  if (!action) throw new SandboxError(422, 'action_unknown', `${platform.code} has no "${name}"`);
  return action;
}

function jsonOf(request: FastifyRequest): unknown {
  const text = Buffer.isBuffer(request.body) ? request.body.toString() : '';
  try {
    return JSON.parse(text);
  } catch {
    throw new SandboxError(400, 'body_not_json', 'the body must be JSON');
  }
}
