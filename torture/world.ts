import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { examine } from '../src/cli/doctor.js';
import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { PLAN_ONCE, type Stage } from '../test/payments/model/stage.js';
import { type RedisServer, startRedis } from '../test/queues/support/redis-server.js';
import { freePort } from '../test/start/server-process.js';
import { Running } from './running.js';

const REDIS_OPTIONS = ['--maxmemory-policy', 'noeviction'];

/** Everything that a small installation runs: two API processes, two workers, the sandbox, Postgres and, if wanted, Redis. */
export class World {
  #redis: RedisServer | undefined;

  private constructor(
    readonly stage: Stage,
    readonly dataDir: string,
    readonly apis: readonly Running[],
    readonly workers: readonly Running[],
    readonly sandbox: Running,
    redis: RedisServer | undefined,
    private readonly ends: (() => Promise<unknown>)[],
  ) {
    this.#redis = redis;
  }

  /** `withRedis`: the queues and limits are there, otherwise in Postgres. */
  static async start(withRedis: boolean): Promise<World> {
    const dataDir = await mkdtemp(join(tmpdir(), 'minibase-torture-'));
    await chmod(dataDir, 0o711); // run by root, PostgreSQL has another user, who must get in
    const log = createWriteStream(join(dataDir, 'servers.log'), { flags: 'a' });
    const postgres = await startEmbeddedPostgres({
      dataDir,
      log: ({ level, message }) => void log.write(`postgres ${level}: ${message}\n`),
    });
    const redis = withRedis ? await startRedis(REDIS_OPTIONS) : undefined;
    process.stderr.write(`The queues are in ${redis ? 'Redis' : 'Postgres'}.\n`);
    const [first, second, third, fourth, sandboxPort] = await Promise.all(Array.from({ length: 5 }, () => freePort()));
    const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
    const operatorToken = `op_${randomBytes(24).toString('hex')}`;
    const common = {
      ...{ DATA_DIR: dataDir, DATABASE_URL: postgres.url, SANDBOX_URL: sandboxUrl, OPERATOR_TOKEN: operatorToken },
      ...{ MASTER_KEY: randomBytes(32).toString('base64'), TRUSTED_PROXIES: '127.0.0.1/32', LOG_LEVEL: 'error' },
      ...{ PUBLIC_URL: `http://127.0.0.1:${first}`, ...(redis && { REDIS_URL: `redis://127.0.0.1:${redis.port}` }) },
    };
    const server = (name: string, role: 'api' | 'worker', port: number | undefined) =>
      new Running({
        ...{ name, module: 'dist/main.js', health: `http://127.0.0.1:${port}/health/ready`, log },
        env: { ...common, MINIBASE_ROLE: role, PORT: String(port) },
      });
    const sandbox = new Running({
      ...{ name: 'the sandbox', module: 'sandbox/dist/main.js', health: `${sandboxUrl}/_/health`, log },
      env: { DATA_DIR: dataDir, SANDBOX_PORT: String(sandboxPort), LOG_LEVEL: 'error' },
    });
    const apis = [server('API 1', 'api', first), server('API 2', 'api', second)];
    const workers = [server('worker 1', 'worker', third), server('worker 2', 'worker', fourth)];
    await Promise.all([sandbox, ...apis, ...workers].map((one) => one.start()));

    const pool = new pg.Pool({ connectionString: postgres.url, max: 12, options: PLAN_ONCE });
    pool.on('error', () => undefined); // the server was killed; the next query connects again
    const doctor = await new DataSource({
      type: 'postgres',
      url: postgres.url,
      poolErrorHandler: () => undefined,
    }).initialize();
    const stage: Stage = {
      urls: [`http://127.0.0.1:${first}`, `http://127.0.0.1:${second}`],
      ...{ sandboxUrl, operatorToken, sandboxDir: dataDir, falters: true },
      now: () => Date.now(),
      query: async <Row>(name: string, text: string, values: readonly unknown[]) =>
        (await pool.query({ ...(name && { name }), text, values: [...values] })).rows as Row[],
      examine: () => examine(doctor),
      forgetApps: () => undefined, // they see the new time within five seconds
      rest: (milliseconds) => pause(milliseconds),
      wake: async () => undefined, // the sweeps find what is due
    };
    const ends = [
      () => pool.end(),
      () => doctor.destroy(),
      () => Promise.all([...apis, ...workers, sandbox].map((one) => one.stop())),
      () => postgres.stop(),
    ];
    return new World(stage, dataDir, apis, workers, sandbox, redis, ends);
  }

  get hasRedis(): boolean {
    return this.#redis !== undefined;
  }

  /** Redis keeps nothing on the disk here, so it has lost everything when it is back. */
  async restartRedis(): Promise<void> {
    const { port } = this.#redis!;
    await this.#redis!.stop();
    this.#redis = await startRedis(REDIS_OPTIONS, port);
  }

  /** `keep`: what is on the disk stays, to find out what went wrong. */
  async stop(keep: boolean): Promise<void> {
    for (const end of this.ends) await end().catch((error: unknown) => void process.stderr.write(`${String(error)}\n`));
    await this.#redis?.stop();
    if (!keep) await rm(this.dataDir, { recursive: true, force: true });
  }
}
