import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const file = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Runs `minibase …` as a person would, in a process of its own with this environment. Gives what it printed. */
export async function runCli(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<string> {
  const typescript = new URL('../../support/typescript.mjs', import.meta.url).href;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', typescript, file('src/cli/main.ts'), ...args],
    { env: { PATH: process.env['PATH'], ...environment } },
  );
  return stdout;
}
