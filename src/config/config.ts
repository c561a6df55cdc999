import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { StartError } from '../common/start-error.js';

const port = z.coerce.number().int().min(0).max(65_535);
const count = z.coerce.number().int().min(1).max(1_000);
const key = z.base64().refine((text) => Buffer.from(text, 'base64').length === 32, '32 bytes, base64');
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
);
/** The form of an address or a block of them: `10.0.0.0/8`, `::1`. Without it the parser would also take `10` or `0x7f`. */
const cidr = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:]+:[0-9a-fA-F:.]*)(\/\d{1,3})?$/;
const isAddress = (text: string): boolean => ipaddr.isValid(text) || ipaddr.isValidCIDR(text);
const cidrs = list.pipe(z.array(z.string().regex(cidr).refine(isAddress)));

/** Every variable that Minibase reads (the table in README.md); `main` fills in what development generates. */
const Env = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: port.default(3000),
  HOST: z.string().min(1).optional(),
  SANDBOX_PORT: port.default(3100),
  SANDBOX_HOST: z.string().min(1).default('127.0.0.1'),
  MINIBASE_ROLE: z.enum(['all', 'api', 'worker']).default('all'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_POOL: count.default(10),
  QUEUE_POOL: count.optional(),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\/\S+$/)
    .optional(),
  DATA_DIR: z.string().min(1).default('.data'),
  MASTER_KEY: list.pipe(z.array(key).min(1)).optional(),
  OPERATOR_TOKEN: list.pipe(z.array(z.string().min(16)).min(1)).optional(),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  TRUSTED_PROXIES: cidrs.default([]),
  WEBHOOK_ALLOW: cidrs.optional(),
  EVENT_RETENTION_DAYS: z.coerce.number().int().min(7).max(3_650).default(90),
  SANDBOX: z.enum(['on', 'off']).optional(),
  SANDBOX_URL: z.url({ protocol: /^https?$/ }).optional(),
  WEB_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(1),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

/** What the environment says, before `main` has started a database or generated keys. */
export type Settings = Readonly<z.infer<typeof Env>>;

/**
 * Reads the environment once. Throws StartError naming the bad variables; never their values, which may be secrets.
 * An empty variable counts as absent, as compose files and shells produce them.
 */
export function readSettings(source: NodeJS.ProcessEnv): Settings {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = Env.safeParse(present);
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map((issue) => String(issue.path[0])))];
    throw new StartError(`Bad value in ${names.join(', ')}: see the configuration table in README.md.`);
  }
  const settings = parsed.data;
  if (settings.NODE_ENV === 'production') requireInProduction(settings);
  return Object.freeze(settings);
}

function requireInProduction(settings: Settings): void {
  const missing = (['MASTER_KEY', 'OPERATOR_TOKEN'] as const).filter((name) => !settings[name]);
  if (missing.length > 0) throw new StartError(`Set ${missing.join(' and ')}: production generates no secrets.`);
}

/** Everything a running process needs to know, typed and frozen; nothing else reads the environment. */
export abstract class Config {
  abstract readonly environment: 'development' | 'test' | 'production';
  abstract readonly role: 'all' | 'api' | 'worker';
  abstract readonly host: string;
  abstract readonly port: number;
  /** Where users and platforms reach this server; the tokens' issuer. No trailing slash. */
  abstract readonly publicUrl: string;
  abstract readonly databaseUrl: string;
  abstract readonly databasePool: number;
  abstract readonly queuePool: number | undefined;
  abstract readonly redisUrl: string | undefined;
  abstract readonly dataDir: string;
  /** 32 bytes each; the first one seals, all open. */
  abstract readonly masterKeys: readonly Buffer[];
  abstract readonly operatorTokens: readonly string[];
  abstract readonly trustedProxies: readonly string[];
  /** Addresses and blocks of them (CIDR) that webhooks may reach besides public ones. */
  abstract readonly webhookAllow: readonly string[];
  /** How long events and their deliveries are kept. */
  abstract readonly eventRetentionDays: number;
  /** Where test accounts' calls go; absent when the sandbox is off. */
  abstract readonly sandboxUrl: string | undefined;
  /** True when other processes share the limits of this one, so that counting in memory would multiply them. */
  abstract readonly sharedLimits: boolean;
  abstract readonly logLevel: string;
}

/** The parts of the configuration that exist only once the database runs and the keys are there. */
export interface Generated {
  readonly databaseUrl: string;
  readonly masterKeys: readonly string[];
  readonly operatorTokens: readonly string[];
}

/** What webhooks may reach in development: the developer's own machine. */
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/** Joins the environment with what `main` started or generated. */
export function toConfig(settings: Settings, generated: Generated): Config {
  const production = settings.NODE_ENV === 'production';
  const sandbox = settings.SANDBOX ? settings.SANDBOX === 'on' : !production;
  return Object.freeze({
    environment: settings.NODE_ENV,
    role: settings.MINIBASE_ROLE,
    host: settings.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port: settings.PORT,
    publicUrl: (settings.PUBLIC_URL ?? `http://localhost:${settings.PORT}`).replace(/\/+$/, ''),
    databaseUrl: generated.databaseUrl,
    databasePool: settings.DATABASE_POOL,
    queuePool: settings.QUEUE_POOL,
    redisUrl: settings.REDIS_URL,
    dataDir: settings.DATA_DIR,
    masterKeys: generated.masterKeys.map((text) => Buffer.from(text, 'base64')),
    operatorTokens: generated.operatorTokens,
    trustedProxies: settings.TRUSTED_PROXIES,
    webhookAllow: settings.WEBHOOK_ALLOW ?? (production ? [] : LOOPBACK),
    eventRetentionDays: settings.EVENT_RETENTION_DAYS,
    sandboxUrl: sandbox ? (settings.SANDBOX_URL ?? `http://127.0.0.1:${settings.SANDBOX_PORT}`) : undefined,
    sharedLimits: settings.DATABASE_URL !== undefined || settings.WEB_CONCURRENCY > 1,
    logLevel: settings.LOG_LEVEL,
  });
}
