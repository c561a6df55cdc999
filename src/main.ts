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
  // `on`, not `once`: without a listener a second signal would end the process before it has drained.
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // A child leaves with its parent, however that one ended.
  process.once('disconnect', stop);
  if (process.send) process.send({ ready: true });
} catch (error) {
  fail(error);
}
