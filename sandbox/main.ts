import { resolve } from 'node:path';
import { z } from 'zod';
import { StartError } from './core/errors.js';
import { startSandbox } from './server.js';

const environmentSchema = z.object({
  NODE_ENV: z.string().optional(),
  SANDBOX: z.string().optional(),
  SANDBOX_HOST: z.string().min(1).default('127.0.0.1'),
  SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(3_100),
  DATA_DIR: z.string().min(1).default('.data'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

try {
  await main();
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const environment = readEnvironment();
  const sandbox = await startSandbox({
    host: environment.SANDBOX_HOST,
    port: environment.SANDBOX_PORT,
    dataDir: resolve(environment.DATA_DIR),
    logLevel: environment.LOG_LEVEL,
  });

  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    stopping ??= sandbox.close().then(() => process.exit(0), exitWith);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);

  if (!process.send) return void process.stdout.write(`sandbox listens on ${sandbox.url}\n`);
  // Under a parent process: it is told where we listen, and we do not outlive it.
  process.on('disconnect', stop);
  process.send({ ready: true, url: sandbox.url });
}

function readEnvironment(): z.output<typeof environmentSchema> {
  const { data, error } = environmentSchema.safeParse(process.env);
  // Names only: a value may be a secret.
  if (error) throw new StartError(`bad configuration: ${error.issues.map(({ path }) => path.join('.')).join(', ')}`);
  if (data.NODE_ENV === 'production' && data.SANDBOX !== 'on')
    throw new StartError('the sandbox is not for production: unset NODE_ENV, or set SANDBOX=on if you mean it');
  return data;
}

function exitWith(error: unknown): never {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
}
