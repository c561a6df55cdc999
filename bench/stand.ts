import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { prepareMerchant, register } from './accounts.js';
import { PAYMENT_SCHEMA } from './bare/payment-schema.js';
import { SCHEMA } from './bare/schema.js';
import type { Merchant, Settings } from './bare/settings.js';
import {
  connectTo,
  embeddedUrl,
  factsOf,
  freshDatabase,
  type PostgresFacts,
  rowsOn,
  runOn,
  urlOf,
} from './databases.js';
import { Child } from './processes.js';
import { type CallbackDoor, newApiV3Key, PLATFORM_KEY } from './wechat-pay.js';

export type SideName = 'ours' | 'bare';

/** One of the two servers: same routes, same platform, same Postgres, a database and a mini-program of its own. */
export interface Side {
  readonly name: SideName;
  readonly url: string;
  readonly process: Child;
  readonly appId: string;
  readonly platformAppId: string;
  readonly secretKey: string;
  readonly callbacks: CallbackDoor;
  /** Asks the side's database, unmeasured. */
  readonly rows: <Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<Row[]>;
  /** A connection of its own, for what is asked often: to connect costs both more than to answer. End it. */
  readonly connect: () => Promise<pg.Client>;
  /** Gives the planner its statistics, as autovacuum has done in a database that has run for more than a minute. */
  analyze(): Promise<void>;
}

export interface Stand {
  readonly ours: Side;
  readonly bare: Side;
  /** Where the sandbox plays the platform, a process of its own for both. */
  readonly sandboxUrl: string;
  /** Makes apps on our side. */
  readonly operatorToken: string;
  readonly postgres: PostgresFacts;
  close(): Promise<void>;
}

/** What the server writes for a newcomer. */
interface Demo {
  readonly operatorToken: string;
  readonly appId: string;
  readonly secretKey: string;
  readonly platformAppIds: { readonly wechat: string };
}

const POOL = 10;
const OURS_DATABASE = 'minibase_bench_ours';
const BARE_DATABASE = 'minibase_bench_bare';

/** Starts everything; whatever fails, nothing stays behind. */
export async function openStand(execArgv: readonly string[]): Promise<Stand> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const end of closing.splice(0).reverse()) await end().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
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
  const { sandboxUrl, operatorToken, ...started } = await startOurs(dataDir, external, execArgv);
  closing.push(() => started.process.stop());

  const databaseUrl = external ?? (await embeddedUrl(dataDir));
  const oursUrl = external ? urlOf(external, OURS_DATABASE) : databaseUrl;
  const ours: Side = { ...started, ...(await doorOf(started)), ...asking(oursUrl) };
  closing.push(await freshDatabase(databaseUrl, BARE_DATABASE));
  const bare = await startBare(urlOf(databaseUrl, BARE_DATABASE), sandboxUrl, ours);
  closing.push(() => bare.process.stop());
  return { ours, bare, sandboxUrl, operatorToken, postgres: await factsOf(databaseUrl, external !== undefined) };
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
  const demo = JSON.parse(await readFile(join(dataDir, 'demo.json'), 'utf8')) as Demo;
  const { appId, secretKey, operatorToken, platformAppIds } = demo;
  const url = `http://127.0.0.1:${port}`;
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
  const platformAppId = platformAppIds.wechat;
  return { name: 'ours', url, process: child, appId, platformAppId, secretKey, operatorToken, sandboxUrl } as const;
}

async function doorOf({ url, secretKey, platformAppId }: Pick<Side, 'url' | 'secretKey' | 'platformAppId'>) {
  const { accountId, merchantId, apiV3Key } = await prepareMerchant(url, secretKey);
  return { callbacks: { path: `/callbacks/${accountId}`, platformAppId, merchantId, apiV3Key } };
}

const asking = (url: string): Pick<Side, 'rows' | 'connect' | 'analyze'> => ({
  rows: (sql, values) => rowsOn(url, sql, values),
  connect: () => connectTo(url),
  analyze: () => runOn(url, 'analyze'),
});

async function startBare(databaseUrl: string, sandboxUrl: string, { appId, secretKey }: Side): Promise<Side> {
  const { platformAppId, credentials } = await register<{ platformAppId: string; credentials: { secret: string } }>(
    sandboxUrl,
    'program',
  );
  const merchant = await registerMerchant(sandboxUrl);
  const accountId = 'pac_bare';
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query(SCHEMA + PAYMENT_SCHEMA);
  await client.query('insert into apps values ($1)', [appId]);
  await client.query('insert into platform_accounts values ($1, $2)', [appId, accountId]);
  await client.query('insert into merchant_accounts values ($1, $2)', [appId, merchant.accountId]);
  await client.query('insert into api_keys (app_id, id, hash) values ($1, $2, sha256($3))', [appId, newKeyId(), Buffer.from(secretKey)]); // prettier-ignore
  await client.end();
  const settings: Settings = {
    ...{ databaseUrl, poolSize: POOL, platformUrl: sandboxUrl },
    ...{ appId, accountId, platformAppId, platformSecret: credentials.secret, merchant },
  };
  const { child, ready } = await Child.start<{ url: string }>(new URL('bare/main.js', import.meta.url), {
    BARE: JSON.stringify(settings),
  });
  const { merchantId, apiV3Key } = merchant;
  const callbacks = { path: `/callbacks/${merchant.accountId}`, platformAppId, merchantId, apiV3Key };
  return { name: 'bare', url: ready.url, process: child, appId, platformAppId, secretKey, callbacks, ...asking(databaseUrl) }; // prettier-ignore
}

/** Of the same length as ours, as it stands in a primary key. */
const newKeyId = (): string => `key_${'0'.repeat(32)}`;

async function registerMerchant(sandboxUrl: string): Promise<Merchant> {
  const { merchantId, credentials } = await register<{ merchantId: string; credentials: Record<string, string> }>(
    sandboxUrl,
    'merchant',
    { apiV3Key: newApiV3Key() },
  );
  const { serial, privateKey, apiV3Key, publicKeyId, publicKey } = credentials;
  const accountId = `mac_${'0'.repeat(32)}`;
  return {
    ...{ accountId, merchantId, serial: serial!, privateKey: privateKey!, apiV3Key: apiV3Key! },
    notifyUrl: `http://localhost:3000/callbacks/${accountId}`,
    platformKeys: { [publicKeyId!]: publicKey!, [PLATFORM_KEY.id]: PLATFORM_KEY.publicKey },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
