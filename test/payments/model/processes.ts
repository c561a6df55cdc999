import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../../src/config/config.js';

/** A program of the project in a process of its own, so that not everything shares one core. */
export interface Beside {
  readonly url: string;
  stop(): Promise<void>;
}

/** The sandbox, whose state is under `dataDir`. */
export const sandboxBeside = (dataDir: string): Promise<Beside> =>
  beside('../../../sandbox/main.ts', { DATA_DIR: dataDir, SANDBOX_PORT: '0', LOG_LEVEL: 'silent' });

/** An API and a worker at `port`, like those of `config` but for their caches. */
export const serverBeside = (config: Config, port: number): Promise<Beside> =>
  beside(
    '../../../src/main.ts',
    {
      MINIBASE_CHILD: '1', // its parent has prepared the database
      NODE_ENV: 'test',
      PORT: String(port),
      DATABASE_URL: config.databaseUrl,
      DATA_DIR: config.dataDir,
      MASTER_KEY: config.masterKeys.map((key) => key.toString('base64')).join(','),
      OPERATOR_TOKEN: config.operatorTokens.join(','),
      PUBLIC_URL: config.publicUrl,
      TRUSTED_PROXIES: config.trustedProxies.join(','),
      SANDBOX_URL: config.sandboxUrl!,
      LOG_LEVEL: 'silent',
      ...(config.redisUrl && { REDIS_URL: config.redisUrl }),
    },
    `http://127.0.0.1:${port}`,
  );

async function beside(program: string, settings: Record<string, string>, at?: string): Promise<Beside> {
  const { PATH = '', HOME = '' } = process.env;
  const typescript = new URL('../../support/typescript.mjs', import.meta.url).href;
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), {
    execArgv: ['--import', typescript],
    env: { PATH, HOME, ...settings },
  });
  const ended = once(child, 'exit');
  const failed = ended.then(([code]) => {
    throw new Error(`${program} ended with ${String(code)} before it was ready`);
  });
  const [{ url = at }] = (await Promise.race([once(child, 'message'), failed])) as [{ url?: string }];
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  return { url: url!, stop };
}
