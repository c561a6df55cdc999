import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './accounts.js';
import type { PlatformFactory, World } from './platform.js';
import { Sandbox } from './sandbox.js';
import { Store } from './store.js';

const HOUR = 3_600_000;
let directory: string;
let store: Store;
let now = Date.parse('2026-06-01T00:00:00Z');
let sandbox: Sandbox;
let world: World;

const stage: PlatformFactory = (given) => {
  world = given;
  return {
    code: 'stage',
    newPlatformAppId: () => 'new',
    issueCredentials: () => ({}),
    showCredentials: () => ({}),
    routes: [],
    describe: () => ({}),
    busy: () => ({ contentType: 'text/plain', body: '' }),
    refuse: () => ({ contentType: 'text/plain', body: '' }),
    errorCode: /x/,
    actions: {},
  };
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'clock-'));
  await open();
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

async function open(): Promise<void> {
  store = await Store.open(directory, () => now);
  sandbox = new Sandbox(
    store,
    () => now,
    [stage],
    (error) => {
      throw error;
    },
  );
}

async function account(platformAppId: string): Promise<Account> {
  await sandbox.accounts.register(sandbox.platform('stage'), { platform: 'stage', kind: 'program', platformAppId });
  return world.accounts('stage').require(platformAppId);
}

const move = (platformAppId: string, to: number): Promise<object> =>
  sandbox.moveClock({ accounts: [{ platform: 'stage', platformAppId }], now: new Date(to).toISOString() });

test('business time runs with protocol time until it is moved, and on from there', async () => {
  const one = await account('one');
  expect(world.businessNow(one)).toBe(now);
  await move('one', now + HOUR);
  expect(world.businessNow(one)).toBe(now + HOUR);
  now += 5_000;
  expect(world.businessNow(one)).toBe(now + HOUR);
  expect(world.now()).toBe(now);
});

test('each account has its own, and it only goes forwards', async () => {
  const [one, other] = [await account('one'), await account('other')];
  await move('one', now + HOUR);
  await move('one', now);
  expect(world.businessNow(one)).toBe(now + HOUR);
  expect(world.businessNow(other)).toBe(now);
});

test('it survives a restart', async () => {
  const one = await account('one');
  await move('one', now + HOUR);
  await store.close();
  await open();
  expect(world.businessNow(one)).toBe(now + HOUR);
});
