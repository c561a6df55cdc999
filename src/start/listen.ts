import { StartError } from '../common/start-error.js';
import type { Config } from '../config/config.js';
import { createServer } from '../server.js';
import { SigningKeys } from '../tenancy/signing-keys.js';

export interface Listening {
  /** Stops taking requests, answers those under way, lets jobs finish, closes the connections. */
  close(): Promise<void>;
}

/** Serves the API, works the queues, or both, as the role says; a worker serves health and metrics too. */
export async function listen(config: Config): Promise<Listening> {
  const app = await createServer(config);
  try {
    await checkMasterKey(app.get(SigningKeys));
    await app.listen(config.port, config.host);
  } catch (error) {
    await app.close();
    if ((error as { code?: unknown }).code !== 'EADDRINUSE') throw error;
    throw new StartError(`Port ${config.port} is taken: stop what uses it, or set PORT to another one.`, {
      cause: error,
    });
  }
  return { close: () => app.close() };
}

/** A server that cannot open what it has sealed would answer every login with 500. */
async function checkMasterKey(keys: SigningKeys): Promise<void> {
  await keys.current().catch((cause: unknown) => {
    throw new StartError(
      'MASTER_KEY does not open the secrets of this database: it is not the one they were sealed with.',
      { cause },
    );
  });
}
