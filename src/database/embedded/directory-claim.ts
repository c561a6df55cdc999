import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Another living process holds the directory. */
export class DirectoryInUse extends Error {
  constructor(
    readonly directory: string,
    readonly pid: number,
  ) {
    super(`process ${pid} holds ${directory}`);
  }
}

export interface Claim {
  readonly release: () => Promise<void>;
}

type Standing = 'candidate' | 'owner';
const NAME = /^owner-(\d+)-[0-9a-f]+\.sock$/;
const PATIENCE_MS = 10_000;

/**
 * Makes this process the only one that uses `directory`, until it releases it or dies. Throws DirectoryInUse.
 *
 * The claim is a listening socket in the directory: the kernel closes it with the process, however that ends, so a
 * dead claim refuses connections. A file with a pid would need guessing whether that pid was given out anew; and a
 * container that shares the volume sees our socket, but not our pid.
 *
 * Every claimant first listens under a name of its own and then looks for others, so of two at the same time at least
 * one sees the other. Whoever sees a living claim withdraws; candidates that withdrew for each other try again.
 */
export async function claim(directory: string): Promise<Claim> {
  for (const giveUp = Date.now() + PATIENCE_MS; ;) {
    const mine = await Candidacy.open(directory);
    const rival = await strongestRival(directory, mine.name).catch(async (error: unknown) => {
      await mine.withdraw();
      throw error;
    });
    if (!rival) return mine.win();
    await mine.withdraw();
    if (rival.standing === 'owner' || Date.now() > giveUp) throw new DirectoryInUse(directory, rival.pid);
    await delay(20 + Math.random() * 100);
  }
}

class Candidacy {
  #standing: Standing = 'candidate';

  private constructor(
    private readonly directory: string,
    private readonly server: Server,
    readonly name: string,
  ) {
    server.on('error', () => undefined); // a failed accept; whoever asked takes silence for an owner
    server.on('connection', (socket) => {
      socket.on('error', () => undefined).end(this.#standing, () => socket.destroy());
    });
  }

  static async open(directory: string): Promise<Candidacy> {
    const name = `owner-${process.pid}-${randomBytes(4).toString('hex')}.sock`;
    const server = createServer();
    await withSocketPath(
      path.join(directory, name),
      (address) =>
        new Promise<void>((resolve, reject) => {
          server.once('error', reject);
          // Another user who may enter the directory must be able to see that it is taken.
          server.listen({ path: address, readableAll: true, writableAll: true }, resolve);
        }),
    );
    server.unref();
    return new Candidacy(directory, server, name);
  }

  win(): Claim {
    this.#standing = 'owner';
    return { release: () => this.withdraw() };
  }

  async withdraw(): Promise<void> {
    await rm(path.join(this.directory, this.name), { force: true });
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** The living claim that matters most, if there is one; removes the dead ones it meets. */
async function strongestRival(
  directory: string,
  mine: string,
): Promise<{ pid: number; standing: Standing } | undefined> {
  let found: { pid: number; standing: Standing } | undefined;
  for (const name of await readdir(directory)) {
    const pid = NAME.exec(name)?.[1];
    if (!pid || name === mine) continue;
    const standing = await ask(path.join(directory, name));
    if (standing === 'dead') await rm(path.join(directory, name), { force: true });
    else if (found?.standing !== 'owner') found = { pid: Number(pid), standing };
  }
  return found;
}

/** How a claim that says nothing about itself stands; any other failure to connect is taken for a living owner. */
const SILENT: Readonly<Record<string, Standing | 'dead'>> = {
  ECONNREFUSED: 'dead',
  ENOENT: 'dead', // withdrawn since we read the directory
  ECONNRESET: 'candidate', // withdrawing
};

const ask = (socketPath: string): Promise<Standing | 'dead'> =>
  withSocketPath(
    socketPath,
    (address) =>
      new Promise((resolve) => {
        let answer = '';
        const socket = createConnection(address);
        socket.on('data', (chunk) => (answer = chunk.toString()));
        socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(SILENT[code] ?? 'owner'));
        socket.on('close', () => resolve(answer === 'owner' ? 'owner' : 'candidate'));
        socket.setTimeout(1_000, () => {
          resolve('owner'); // stopped or too busy to answer, but alive
          socket.destroy();
        });
      }),
  );

/** Room in `sun_path` on macOS, the smallest; Node cuts longer names off without a word. */
const LONGEST_ADDRESS = 103;

/** Gives `use` a name for the socket that fits into a socket address, by way of a short link if need be. */
async function withSocketPath<T>(socketPath: string, use: (address: string) => Promise<T>): Promise<T> {
  if (Buffer.byteLength(socketPath) <= LONGEST_ADDRESS) return use(socketPath);
  const detour = await mkdtemp(path.join(tmpdir(), 'mb-'));
  try {
    await symlink(path.dirname(socketPath), path.join(detour, 'd'));
    return await use(path.join(detour, 'd', path.basename(socketPath)));
  } finally {
    await rm(detour, { recursive: true, force: true });
  }
}
