import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { StartError } from '../../common/start-error.js';
import { applicationUrl } from './application-database.js';
import { nativeFolder, prepareBinaries } from './binaries.js';
import { ensureCluster } from './cluster.js';
import { claim } from './directory-claim.js';
import { freePort } from './free-port.js';
import { Guard } from './guard.js';
import { clearTheWay } from './leftovers.js';
import type { Log } from './log.js';
import { openPlace, type Place, save } from './place.js';
import { ServerEnded } from './server-run.js';
import { Server } from './server.js';
import { toStartError } from './start-failure.js';

export interface EmbeddedPostgresOptions {
  /** Made if it does not exist. One process at a time may use it. */
  readonly dataDir: string;
  readonly maxConnections?: number;
  readonly log: Log;
  /** For tests: faster, but a crash of the machine loses the data. */
  readonly disposable?: boolean;
  /** For tests: the folder with `bin`, `lib` and `share`, if not npm's. */
  readonly binaries?: string;
}

export interface EmbeddedPostgres {
  /** Stays the same while this process runs; another start may choose another port. */
  readonly url: string;
  /** Ends all sessions and stops the server; done when it is down. */
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL of a data folder, makes it on the first start, and keeps it running until `stop` or the death
 * of this process, however that comes. Throws StartError.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const held: (() => Promise<void>)[] = [];
  const letGo = async () => {
    for (let release = held.pop(); release; release = held.pop()) await release();
  };
  try {
    const url = await start(options, held);
    let stopped: Promise<void> | undefined;
    return { url, stop: () => (stopped ??= letGo()) };
  } catch (error) {
    await letGo();
    throw toStartError(error, path.resolve(options.dataDir));
  }
}

/** Pushes to `held` how to let go of what it took, to be done in the reverse order. Gives the URL. */
async function start(options: EmbeddedPostgresOptions, held: (() => Promise<void>)[]): Promise<string> {
  if (process.platform === 'win32') {
    throw new StartError('The embedded PostgreSQL does not run on Windows: use WSL, or set DATABASE_URL.');
  }
  const { log, disposable = false } = options;
  const dataDir = path.resolve(options.dataDir);
  // Others may pass through, as PostgreSQL's user must when root starts it, but see nothing.
  await mkdir(dataDir, { recursive: true, mode: 0o711 });
  held.push((await claim(dataDir)).release);

  const place = await openPlace(dataDir);
  if (path.relative(dataDir, place.home).startsWith('..')) {
    held.push((await claim(place.home)).release); // a copy of the data folder points to the same home
    if (!place.saved.created) log({ level: 'warn', message: elsewhere(place) });
  }
  const binaries = await prepareBinaries(options.binaries ?? nativeFolder(), place.home, place.user);
  await clearTheWay(binaries, place, log); // before looking at the port, which the orphan may hold
  await ensureCluster(binaries, place, !disposable);

  const guard = new Guard(place);
  held.push(() => guard.close());
  return startOnFreePort(place, async (port) => {
    const access = { port, password: place.saved.password };
    const server = new Server({ binaries, place, guard, log }, access, serverSettings(options, port));
    await server.start();
    held.push(() => server.stop());
    return applicationUrl(access);
  });
}

const elsewhere = ({ dataDir, home, user }: Place): string =>
  `the database of ${dataDir} is in ${home}, because PostgreSQL's user (${user.name}) cannot enter the data folder`;

const PORT_ATTEMPTS = 5;
/** Somebody took the port since we looked, or a dying start wrote its lock file since we looked. */
const PASSING = /Address already in use|lock file .* already exists/;

async function startOnFreePort(place: Place, startOn: (port: number) => Promise<string>): Promise<string> {
  let { saved } = place;
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(saved.port);
    if (port !== saved.port || !saved.created) {
      saved = { ...saved, port, created: true };
      await save(place.dataDir, saved);
    }
    try {
      return await startOn(port);
    } catch (error) {
      const passing = error instanceof ServerEnded && PASSING.test(error.output);
      if (!passing || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** As arguments they hold whatever the configuration file says. Nothing here trades durability, except for tests. */
const serverSettings = ({ maxConnections = 200, disposable }: EmbeddedPostgresOptions, port: number) => ({
  port: String(port),
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '', // their paths have a length limit and a home of their own to clean
  max_connections: String(maxConnections),
  // What the server does itself, but not the application's failed statements, which may hold personal data.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  ...(disposable ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
});
