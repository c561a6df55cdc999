import { once } from 'node:events';
import { StartError } from '../../../src/common/start-error.js';
import {
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../../../src/database/embedded/embedded-postgres.js';

/** What the program is told: the options, and a machine to pretend to be. */
export type Told = Omit<EmbeddedPostgresOptions, 'log'> & {
  readonly pretend?: { readonly platform?: string; readonly arch?: string };
};

/** What it reports, one JSON per line. */
export type Report =
  { is: 'log'; message: string } | { is: 'ready'; url: string; afterMs: number } | { is: 'refused'; line: string } | { is: 'interrupted' }; // prettier-ignore

const report = (what: Report): boolean => process.stdout.write(`${JSON.stringify(what)}\n`);

const { pretend = {}, ...options } = JSON.parse(process.argv[2] ?? '') as Told;
for (const [name, value] of Object.entries(pretend)) Object.defineProperty(process, name, { value });

// As an application that drains: Ctrl-C alone ends nothing yet.
process.on('SIGINT', () => report({ is: 'interrupted' }));
const terminated = once(process, 'SIGTERM');

try {
  const startedAt = performance.now();
  const server = await startEmbeddedPostgres({ ...options, log: ({ message }) => report({ is: 'log', message }) });
  report({ is: 'ready', url: server.url, afterMs: performance.now() - startedAt });
  await terminated;
  await server.stop();
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  report({ is: 'refused', line: error.line });
  process.exitCode = 1;
}
process.removeAllListeners('SIGINT');
