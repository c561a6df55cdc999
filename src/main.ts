import { StartError } from './common/start-error.js';
import { readSettings } from './config/config.js';
import { start } from './start/start.js';

/** One line for people when a start cannot go on; a stack only when we are surprised ourselves. */
function fail(error: unknown): never {
  if (error instanceof StartError) process.stderr.write(`${error.line}\n`);
  else process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

process.on('unhandledRejection', fail);

try {
  const running = await start(readSettings(process.env));
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    running.stop().then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // A child leaves with its parent, however that one ended.
  process.once('disconnect', stop);
  if (process.send) process.send({ ready: true });
} catch (error) {
  fail(error);
}
