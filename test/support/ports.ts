import { randomInt } from 'node:crypto';
import { freePort } from '../../src/database/embedded/free-port.js';

/** Below those that an embedded PostgreSQL takes, and those that systems give to outgoing connections. */
const LOWEST = 10_000;
const WORKERS = 20;
const PER_WORKER = 500;

const first = LOWEST + (Number(process.env['JEST_WORKER_ID'] ?? 0) % WORKERS) * PER_WORKER;
let next = randomInt(PER_WORKER);

/**
 * A port of 127.0.0.1 that is free, and that no other spec is given before a server of this one listens there: each
 * worker has ports of its own, and gives one after another.
 */
export async function aPort(): Promise<number> {
  for (let tries = 0; tries < PER_WORKER; tries += 1) {
    const port = first + next;
    next = (next + 1) % PER_WORKER;
    if ((await freePort(port)) === port) return port;
  }
  throw new Error(`no free port from ${first} to ${first + PER_WORKER - 1}`);
}
