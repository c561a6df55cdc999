import { randomBytes } from 'node:crypto';
import { StartError } from '../common/start-error.js';
import { readSettings, type Settings, toConfig } from './config.js';

const masterKey = randomBytes(32).toString('base64');
const secrets = { MASTER_KEY: masterKey, OPERATOR_TOKEN: 'an-operator-token' };
const generated = { databaseUrl: 'postgres://x@127.0.0.1/x', masterKeys: [masterKey], operatorTokens: ['op'] };
const configOf = (environment: NodeJS.ProcessEnv) => toConfig(readSettings(environment), generated);

/** What a person reads when the environment is wrong. */
function complaintOf(environment: NodeJS.ProcessEnv): string {
  try {
    readSettings(environment);
    return '';
  } catch (error) {
    if (error instanceof StartError) return error.line;
    throw error;
  }
}

describe('the environment', () => {
  test('may be empty: everything has a default in development', () => {
    expect(readSettings({})).toEqual({
      NODE_ENV: 'development',
      PORT: 3000,
      SANDBOX_PORT: 3100,
      SANDBOX_HOST: '127.0.0.1',
      MINIBASE_ROLE: 'all',
      DATABASE_POOL: 10,
      DATA_DIR: '.data',
      TRUSTED_PROXIES: [],
      EVENT_RETENTION_DAYS: 90,
      WEB_CONCURRENCY: 1,
      LOG_LEVEL: 'info',
    } satisfies Settings);
  });

  test('is read once and cannot be changed afterwards', () => {
    const settings = readSettings({});
    expect(Object.isFrozen(settings)).toBe(true);
    expect(Object.isFrozen(toConfig(settings, generated))).toBe(true);
  });

  test('an empty variable counts as absent', () => {
    expect(readSettings({ PORT: '', DATABASE_URL: '', MASTER_KEY: '', TRUSTED_PROXIES: '' })).toEqual(readSettings({}));
  });

  test.each<[keyof Settings, string, unknown]>([
    ['NODE_ENV', 'test', 'test'],
    ['PORT', '8080', 8080],
    ['PORT', '0', 0],
    ['HOST', '0.0.0.0', '0.0.0.0'],
    ['SANDBOX_PORT', '3200', 3200],
    ['SANDBOX_HOST', '0.0.0.0', '0.0.0.0'],
    ['MINIBASE_ROLE', 'worker', 'worker'],
    [
      'DATABASE_URL',
      'postgresql://u:p@db.example/mb?sslmode=require',
      'postgresql://u:p@db.example/mb?sslmode=require',
    ],
    ['DATABASE_POOL', '25', 25],
    ['QUEUE_POOL', '12', 12],
    ['REDIS_URL', 'rediss://:secret@redis.example:6380', 'rediss://:secret@redis.example:6380'],
    ['REDIS_URL', 'redis://a:1,redis://b:2', 'redis://a:1,redis://b:2'],
    ['DATA_DIR', '/var/lib/minibase', '/var/lib/minibase'],
    ['MASTER_KEY', `${masterKey}, ${masterKey}`, [masterKey, masterKey]],
    ['OPERATOR_TOKEN', 'sixteen-characters,another-token-of-it', ['sixteen-characters', 'another-token-of-it']],
    ['PUBLIC_URL', 'https://api.example', 'https://api.example'],
    ['TRUSTED_PROXIES', '10.0.0.0/8, ::1,fe80::/10 , 127.0.0.1', ['10.0.0.0/8', '::1', 'fe80::/10', '127.0.0.1']],
    ['WEBHOOK_ALLOW', '192.168.0.0/16', ['192.168.0.0/16']],
    ['EVENT_RETENTION_DAYS', '30', 30],
    ['SANDBOX', 'off', 'off'],
    ['SANDBOX_URL', 'http://sandbox:3100', 'http://sandbox:3100'],
    ['WEB_CONCURRENCY', '4', 4],
    ['LOG_LEVEL', 'debug', 'debug'],
  ])('%s=%s is understood', (name, text, value) => {
    expect(readSettings({ [name]: text })[name]).toEqual(value);
  });

  test.each<[keyof Settings, string]>([
    ['NODE_ENV', 'staging'],
    ['PORT', '70000'],
    ['PORT', '-1'],
    ['PORT', '3000.5'],
    ['PORT', 'http'],
    ['SANDBOX_PORT', 'x'],
    ['MINIBASE_ROLE', 'api,worker'],
    ['DATABASE_URL', 'mysql://root:hunter2@db/x'],
    ['DATABASE_URL', 'hunter2'],
    ['DATABASE_POOL', '0'],
    ['QUEUE_POOL', 'many'],
    ['REDIS_URL', 'http://:hunter2@redis'],
    ['MASTER_KEY', 'hunter2'],
    ['MASTER_KEY', randomBytes(31).toString('base64')],
    ['MASTER_KEY', `${masterKey},hunter2`],
    ['OPERATOR_TOKEN', 'hunter2'],
    ['PUBLIC_URL', 'api.example'],
    ['PUBLIC_URL', 'ftp://api.example'],
    ['TRUSTED_PROXIES', 'everybody'],
    ['TRUSTED_PROXIES', '10.0.0.0/99'],
    ['TRUSTED_PROXIES', '999.1.1.1'],
    ['TRUSTED_PROXIES', '10'],
    ['WEBHOOK_ALLOW', '10.0.0.0/8;192.168.0.0/16'],
    ['EVENT_RETENTION_DAYS', '6'],
    ['SANDBOX', 'yes'],
    ['SANDBOX_URL', 'sandbox:3100'],
    ['WEB_CONCURRENCY', '65'],
    ['LOG_LEVEL', 'loud'],
  ])('%s=%s stops the start with the name of the variable and without its value', (name, text) => {
    const line = complaintOf({ [name]: text });
    expect(line).toBe(`Bad value in ${name}: see the configuration table in README.md.`);
  });

  test('several bad values are named at once', () => {
    expect(complaintOf({ PORT: 'x', LOG_LEVEL: 'y', HOST: 'fine' })).toMatch(/^Bad value in PORT, LOG_LEVEL:/);
  });

  test('production generates no secrets', () => {
    expect(complaintOf({ NODE_ENV: 'production' })).toBe(
      'Set MASTER_KEY and OPERATOR_TOKEN: production generates no secrets.',
    );
    expect(complaintOf({ NODE_ENV: 'production', MASTER_KEY: masterKey })).toMatch(/^Set OPERATOR_TOKEN:/);
    expect(complaintOf({ NODE_ENV: 'production', ...secrets })).toBe('');
  });
});

describe('the configuration', () => {
  test('listens on this machine only, except in production', () => {
    expect(configOf({}).host).toBe('127.0.0.1');
    expect(configOf({ NODE_ENV: 'production', ...secrets }).host).toBe('0.0.0.0');
    expect(configOf({ NODE_ENV: 'production', ...secrets, HOST: '10.0.0.5' }).host).toBe('10.0.0.5');
  });

  test('is reached at the port of this machine unless told otherwise, never with a slash at the end', () => {
    expect(configOf({ PORT: '8080' }).publicUrl).toBe('http://localhost:8080');
    expect(configOf({ PUBLIC_URL: 'https://api.example/base//' }).publicUrl).toBe('https://api.example/base');
  });

  test('has a sandbox, except in production or when it is off', () => {
    expect(configOf({ SANDBOX_PORT: '3200' }).sandboxUrl).toBe('http://127.0.0.1:3200');
    expect(configOf({ SANDBOX_URL: 'http://sandbox:1' }).sandboxUrl).toBe('http://sandbox:1');
    expect(configOf({ SANDBOX: 'off', SANDBOX_URL: 'http://sandbox:1' }).sandboxUrl).toBeUndefined();
    expect(configOf({ NODE_ENV: 'production', ...secrets }).sandboxUrl).toBeUndefined();
    expect(configOf({ NODE_ENV: 'production', ...secrets, SANDBOX: 'on' }).sandboxUrl).toBe('http://127.0.0.1:3100');
  });

  test('lets webhooks reach this machine in development, and only public addresses in production', () => {
    expect(configOf({}).webhookAllow).toEqual(['127.0.0.0/8', '::1/128']);
    expect(configOf({ NODE_ENV: 'production', ...secrets }).webhookAllow).toEqual([]);
    expect(configOf({ NODE_ENV: 'production', ...secrets, WEBHOOK_ALLOW: '10.0.0.0/8' }).webhookAllow).toEqual([
      '10.0.0.0/8',
    ]);
  });

  test('counts limits in memory only while no other process can share them', () => {
    expect(configOf({}).sharedLimits).toBe(false);
    expect(configOf({ WEB_CONCURRENCY: '2' }).sharedLimits).toBe(true);
    expect(configOf({ DATABASE_URL: 'postgres://db/x' }).sharedLimits).toBe(true);
  });

  test('opens the master keys as bytes, the first one first', () => {
    const other = randomBytes(32);
    const { masterKeys } = toConfig(readSettings({}), {
      ...generated,
      masterKeys: [other.toString('base64'), masterKey],
    });
    expect(masterKeys).toEqual([other, Buffer.from(masterKey, 'base64')]);
  });
});
