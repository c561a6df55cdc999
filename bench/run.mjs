// Compiles the bench and runs it: `npm run bench -- <name>`. The server itself has been built by the npm script.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const folder = new URL('.', import.meta.url).pathname;
try {
  execFileSync(process.execPath, [tsc, '-p', folder], { stdio: 'inherit' });
} catch {
  process.exit(1);
}
await import('./dist/main.js');
