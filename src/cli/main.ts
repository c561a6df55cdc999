#!/usr/bin/env node
import { Command, Option } from 'commander';
import { StartError } from '../common/start-error.js';
import { VERSION } from '../common/version.js';
import type { ListenOptions } from './listen/listen.js';
import type { TriggerOptions } from './trigger/trigger.js';

/*
 * Each command is loaded only when it runs: the whole server stands behind some of them, and takes a second or two.
 */

const program = new Command('minibase')
  .description('Looks after a Minibase installation. Reads the same environment as the server.')
  .version(VERSION);

program
  .command('migrate')
  .description('bring the schema up to date; the server does so at start too')
  .option('--revert', 'undo the latest migration instead')
  .action(async (options: { revert?: boolean }) => (await import('./migrate.js')).migrateCommand(options));

program
  .command('reseal')
  .description('seal every secret under the first key of MASTER_KEY, so that the older ones can be dropped')
  .action(async () => (await import('./reseal.js')).reseal());

program
  .command('rotate-signing-key')
  .description('publish a new key for access tokens; it signs ten minutes from now, and nobody is logged out')
  .action(async () => (await import('./rotate-signing-key.js')).rotateSigningKey());

program
  .command('doctor')
  .description('look for rows that break a promise; reads only, also while the server runs')
  .requiredOption('--invariants', 'examine the promises of payments, refunds, the books and the events')
  .option('--app <id>', 'only in this app')
  .action(async (options: { app?: string }) => (await import('./doctor.js')).doctor(options));

program
  .command('openapi')
  .description('print the OpenAPI document of this build')
  .action(async () => (await import('./openapi.js')).printOpenApi());

const apiOption = () =>
  new Option('--api <url>', 'where the API is; PUBLIC_URL, the demo app or http://localhost:$PORT when left out');
const keyOption = () =>
  new Option('--key <key>', 'secret key of an app; the demo app in DATA_DIR when left out').env('MINIBASE_SECRET_KEY');

program
  .command('listen')
  .description('forward events to a server on this machine, signed as webhooks; works behind NAT')
  .requiredOption('--forward-to <url>', 'your handler, e.g. http://localhost:8080/webhooks')
  .addOption(apiOption())
  .addOption(keyOption())
  .option('--events <types>', 'only these, with commas between them')
  .option('--secret <secret>', 'sign with this (whsec_…) instead of one that is made up and kept in DATA_DIR')
  .option('--since <position>', 'go on after this position; 0: all events that are kept', 'now')
  .action(async (options: ListenOptions) => (await import('./listen/listen.js')).listen(options));

program
  .command('trigger')
  .argument('[event]', 'its type, e.g. payment.succeeded')
  .description('make an event happen in a test app: people and your server act in the sandbox')
  .option('--list', 'show what can be triggered')
  .addOption(apiOption())
  .addOption(keyOption())
  .option('--sandbox <url>', 'where the sandbox is; SANDBOX_URL, the demo app or http://127.0.0.1:$SANDBOX_PORT')
  .option('--platform <platform>', 'where it happens; the quickest that the app has when left out')
  .option('--user <name>', 'the person in the sandbox; a new one when left out')
  .option('--amount <fen>', 'what is paid', '990')
  .option('--reference <text>', 'your own number of the payment')
  .action(async (event: string | undefined, options: TriggerOptions) =>
    (await import('./trigger/trigger.js')).trigger(event, options),
  );

// Whoever reads along may have seen enough (`minibase listen … | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(
    `${error instanceof StartError ? error.line : String(error instanceof Error ? error.stack : error)}\n`,
  );
  process.exitCode = 1;
}
