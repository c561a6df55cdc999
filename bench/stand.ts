import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { SCHEMA } from './bare/schema.js';
import type { Settings } from './bare/settings.js';
import { embeddedUrl, factsOf, freshDatabase, type PostgresFacts, runOn, urlOf } from './databases.js';
import { once } from './load.js';
import { Child } from './processes.js';

export type SideName = 'ours' | 'bare';

/** One of the two servers: same routes, same platform, same Postgres, a database and a mini-program of its own. */
export interface Side {
  readonly name: SideName;
  readonly url: string;
  readonly process: Child;
  readonly appId: string;
  readonly platformAppId: string;
  /** Gives the planner its statistics, as autovacuum has done in a database that has run for more than a minute. */
  analyze(): Promise<void>;
}

export interface Stand {
  readonly ours: Side;
  readonly bare: Side;
  /** Where the sandbox plays the platform, a process of its own for both. */
  readonly sandboxUrl: string;
  readonly postgres: PostgresFacts;
  close(): Promise<void>;
}

/** What the server writes for a newcomer. */
interface Demo {
  readonly appId: string;
  readonly platformAppIds: { readonly wechat: string };
}

const POOL = 10;
const OURS_DATABASE = 'minibase_bench_ours';
const BARE_DATABASE = 'minibase_bench_bare';

/** Starts everything; whatever fails, nothing stays behind. */
export async function openStand(execArgv: readonly string[]): Promise<Stand> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    return { ...(await open(execArgv, closing)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(execArgv: readonly string[], closing: (() => Promise<unknown>)[]): Promise<Omit<Stand, 'close'>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-'));
  // Started by root, Postgres runs as another user, who must be able to pass.
  await chmod(dataDir, 0o711);
  closing.push(() => rm(dataDir, { recursive: true, force: true }));

  const external = process.env['DATABASE_URL'];
  if (external) closing.push(await freshDatabase(external, OURS_DATABASE));
  const { sandboxUrl, ...started } = await startOurs(dataDir, external, execArgv);
  closing.push(() => started.process.stop());

  const databaseUrl = external ?? (await embeddedUrl(dataDir));
  const oursUrl = external ? urlOf(external, OURS_DATABASE) : databaseUrl;
  const ours: Side = { ...started, analyze: () => runOn(oursUrl, 'analyze') };
  closing.push(await freshDatabase(databaseUrl, BARE_DATABASE));
  const bare = await startBare(urlOf(databaseUrl, BARE_DATABASE), sandboxUrl, ours.appId);
  closing.push(() => bare.process.stop());
  return { ours, bare, sandboxUrl, postgres: await factsOf(databaseUrl, external !== undefined) };
}

/** The program that `npm start` runs, with its own embedded Postgres unless DATABASE_URL names another. */
async function startOurs(dataDir: string, external: string | undefined, execArgv: readonly string[]) {
  const [port, sandboxPort] = [await freePort(), await freePort()];
  const { child } = await Child.start(
    new URL('../../dist/main.js', import.meta.url),
    {
      PORT: String(port),
      SANDBOX_PORT: String(sandboxPort),
      DATA_DIR: dataDir,
      DATABASE_URL: external ? urlOf(external, OURS_DATABASE) : '',
      DATABASE_POOL: String(POOL),
      // Every request says from which address it comes, as behind a proxy: the limit per address is not the subject.
      TRUSTED_PROXIES: '127.0.0.1/32',
      // Whatever the caller's environment says: one process, whose time is counted, and a sandbox of its own.
      ...{ NODE_ENV: 'development', MINIBASE_ROLE: 'all', WEB_CONCURRENCY: '1', SANDBOX: 'on', SANDBOX_URL: '' },
    },
    execArgv,
  );
  const { appId, platformAppIds } = JSON.parse(await readFile(join(dataDir, 'demo.json'), 'utf8')) as Demo;
  const url = `http://127.0.0.1:${port}`;
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
  return { name: 'ours', url, process: child, appId, platformAppId: platformAppIds.wechat, sandboxUrl } as const;
}

async function startBare(databaseUrl: string, sandboxUrl: string, appId: string): Promise<Side> {
  const { platformAppId, credentials } = await once<{ platformAppId: string; credentials: { secret: string } }>(
    sandboxUrl,
    { method: 'POST', path: '/_/accounts', headers: {}, body: JSON.stringify({ platform: 'wechat', kind: 'program' }) },
  );
  const accountId = 'pac_bare';
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query(SCHEMA);
  await client.query('insert into apps values ($1)', [appId]);
  await client.query('insert into platform_accounts values ($1, $2)', [appId, accountId]);
  await client.end();
  const settings: Settings = {
    ...{ databaseUrl, poolSize: POOL, platformUrl: sandboxUrl },
    ...{ appId, accountId, platformAppId, platformSecret: credentials.secret },
  };
  const { child, ready } = await Child.start<{ url: string }>(new URL('bare/main.js', import.meta.url), {
    BARE: JSON.stringify(settings),
  });
  const analyze = (): Promise<void> => runOn(databaseUrl, 'analyze');
  return { name: 'bare', url: ready.url, process: child, appId, platformAppId, analyze };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
