#!/usr/bin/env node
import { Command } from 'commander';
import { StartError } from '../common/start-error.js';
import { VERSION } from '../common/version.js';
import { doctor } from './doctor.js';
import { migrateCommand } from './migrate.js';
import { printOpenApi } from './openapi.js';
import { reseal } from './reseal.js';
import { rotateSigningKey } from './rotate-signing-key.js';

const program = new Command('minibase')
  .description('Looks after a Minibase installation. Reads the same environment as the server.')
  .version(VERSION);

program
  .command('migrate')
  .description('bring the schema up to date; the server does so at start too')
  .option('--revert', 'undo the latest migration instead')
  .action(migrateCommand);

program
  .command('reseal')
  .description('seal every secret under the first key of MASTER_KEY, so that the older ones can be dropped')
  .action(reseal);

program
  .command('rotate-signing-key')
  .description('publish a new key for access tokens; it signs ten minutes from now, and nobody is logged out')
  .action(rotateSigningKey);

program
  .command('doctor')
  .description('look for rows that break a promise; reads only, also while the server runs')
  .requiredOption('--invariants', 'examine the promises of payments, refunds, the books and the events')
  .option('--app <id>', 'only in this app')
  .action(doctor);

program.command('openapi').description('print the OpenAPI document of this build').action(printOpenApi);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(
    `${error instanceof StartError ? error.line : String(error instanceof Error ? error.stack : error)}\n`,
  );
  process.exitCode = 1;
}
