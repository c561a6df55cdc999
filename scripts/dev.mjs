// Compiles on every change, and starts the server anew when it compiled.
import { spawn } from 'node:child_process';

const run = (...args) => spawn(process.execPath, args, { stdio: 'inherit' });
const compiler = run(
  'node_modules/typescript/bin/tsc',
  '-b',
  'tsconfig.build.json',
  '--watch',
  '--preserveWatchOutput',
);
const server = run(
  '--watch',
  '--watch-path=dist',
  '--watch-path=sandbox/dist',
  '--watch-preserve-output',
  'dist/main.js',
);
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    compiler.kill();
    server.kill(signal);
  });
}
server.once('exit', (code) => {
  compiler.kill();
  process.exitCode = code ?? 0;
});
