import { fileURLToPath } from 'node:url';
import { type Config, type Settings, toConfig } from '../config/config.js';
import { startEmbeddedPostgres } from '../database/embedded/embedded-postgres.js';
import { migrate } from '../database/migrate.js';
import { newLogger } from '../server.js';
import { checkConnections } from './connections.js';
import { prepareDemo } from './demo.js';
import { startChild } from './child.js';
import { listen } from './listen.js';
import { secretsOf } from './secrets.js';
import { startSupervised } from './supervisor.js';
import { banner } from './banner.js';

export interface Running {
  /** Ends everything in order: requests are answered, jobs finished, and only then the database goes. */
  stop(): Promise<void>;
}

/** Everything a process of ours is told by its parent instead of doing it again. */
const isChild = (settings: Settings): boolean =>
  process.env['MINIBASE_CHILD'] === '1' && settings.DATABASE_URL !== undefined;

/** Starts what this process is for: database, schema, sandbox, servers, demo. Throws StartError. */
export async function start(settings: Settings): Promise<Running> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    // The owner of the embedded database holds DATA_DIR from here on, so that only one start generates its secrets.
    const databaseUrl = settings.DATABASE_URL ?? (await embedded(settings, stops));
    const config = toConfig(settings, { databaseUrl, ...(await secretsOf(settings)) });
    if (isChild(settings)) {
      const server = await listen(config);
      return { stop: () => server.close() };
    }
    // Side by side, as both take a second; both are waited for, so that neither is left running when the other fails.
    const [sandbox, schema] = await Promise.allSettled([
      startSandbox(settings, config),
      prepareSchema(settings, config),
    ]);
    if (sandbox.status === 'fulfilled') stops.push(sandbox.value);
    for (const one of [sandbox, schema]) if (one.status === 'rejected') throw one.reason;
    stops.push(await serve(settings, config));
    await introduce(config);
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function embedded(settings: Settings, stops: (() => Promise<void>)[]): Promise<string> {
  const logger = newLogger(settings.LOG_LEVEL);
  const postgres = await startEmbeddedPostgres({
    dataDir: settings.DATA_DIR,
    log: ({ level, message }) => logger[level]({ context: 'postgres' }, message),
  });
  stops.push(() => postgres.stop());
  return postgres.url;
}

async function prepareSchema(settings: Settings, config: Config): Promise<void> {
  await migrate(config.databaseUrl);
  await checkConnections(config, processesOf(settings));
}

/** The sandbox as a process of its own, unless it is off, runs elsewhere, or is left to a process of role `all`. */
async function startSandbox(settings: Settings, config: Config): Promise<() => Promise<void>> {
  if (!config.sandboxUrl || settings.SANDBOX_URL || config.role !== 'all') return async () => undefined;
  const sandbox = await startChild({
    name: 'The sandbox',
    module: fileURLToPath(new URL('../../sandbox/dist/main.js', import.meta.url)),
    env: {
      ...process.env,
      SANDBOX: 'on',
      SANDBOX_PORT: String(settings.SANDBOX_PORT),
      SANDBOX_HOST: settings.SANDBOX_HOST,
      DATA_DIR: settings.DATA_DIR,
      LOG_LEVEL: settings.LOG_LEVEL === 'info' ? 'warn' : settings.LOG_LEVEL,
    },
  });
  return () => sandbox.stop();
}

async function serve(settings: Settings, config: Config): Promise<() => Promise<void>> {
  if (settings.WEB_CONCURRENCY > 1 && config.role !== 'worker')
    return startSupervised(config, settings.WEB_CONCURRENCY);
  const server = await listen(config);
  return () => server.close();
}

async function introduce(config: Config): Promise<void> {
  if (config.role === 'worker') return;
  const local = `http://${config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host}:${config.port}`;
  const withDemo = config.environment !== 'production' && config.sandboxUrl !== undefined && config.role === 'all';
  const demo = withDemo ? await prepareDemo(config, local, config.sandboxUrl) : undefined;
  process.stdout.write(banner(config, local, demo));
}

/** Several API processes have a worker beside them when this one was to be both. */
const processesOf = ({ WEB_CONCURRENCY, MINIBASE_ROLE }: Settings): number =>
  WEB_CONCURRENCY > 1 && MINIBASE_ROLE === 'all' ? WEB_CONCURRENCY + 1 : WEB_CONCURRENCY;
