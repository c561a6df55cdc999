import path from 'node:path';
import { newFolder, removeFolders } from './support/folders.js';
import { Owner } from './support/owner.js';
import { guardOf, hasEnded, isAlive, serverOf } from './support/processes.js';
import { commitRow, hasRow, query } from './support/rows.js';
import { until } from './support/until.js';

let dataDir: string;

beforeAll(async () => {
  dataDir = path.join(await newFolder(), '.data');
});
afterEach(() => Owner.stopAll());
afterAll(removeFolders);

const running = async (): Promise<{ owner: Owner; url: string }> => {
  const owner = Owner.run({ dataDir });
  return { owner, url: (await owner.ready()).url };
};

const kill = (pid: number): boolean => process.kill(pid, 'SIGKILL');
const killed = async (pid: number): Promise<void> => {
  kill(pid);
  await hasEnded(pid);
};

test('the second start finds what the first one made, at the same address, and soon', async () => {
  const first = await running();
  const mark = await commitRow(first.url);
  expect(await first.owner.stop()).toBe(0);

  const { url, afterMs } = await Owner.run({ dataDir }).ready();
  expect(url).toBe(first.url);
  expect(await hasRow(url, mark)).toBe(true);
  expect(afterMs).toBeLessThan(15_000); // 0.3 s on an idle machine
});

test('commits are durable, only this machine can connect, and the application is no superuser', async () => {
  const { url } = await running();
  const [settings] = await query(
    url,
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
       current_setting('full_page_writes') as pages, current_setting('data_checksums') as checksums,
       current_setting('listen_addresses') as listen, current_setting('max_connections') as connections,
       current_setting('server_encoding') as encoding, lower('ÀÉ') as lower,
       (select rolsuper from pg_roles where rolname = current_user) as super`,
  );
  expect(settings).toEqual({
    ...{ fsync: 'on', commit: 'on', pages: 'on', checksums: 'on' },
    ...{ listen: '127.0.0.1', connections: '200', encoding: 'UTF8', lower: 'àé', super: false },
  });
  const stranger = new URL(url);
  stranger.password = 'guess';
  await expect(query(stranger.href, 'select')).rejects.toMatchObject({ code: '28P01' });
});

test('stopping ends the server and its guard', async () => {
  const { owner } = await running();
  const pids = [await serverOf(dataDir), await guardOf(owner.pid)];
  expect(pids.map(isAlive)).toEqual([true, true]);
  await owner.stop();
  expect(pids.map(isAlive)).toEqual([false, false]);
});

test('Ctrl-C does not reach the server: it serves until the application stops it', async () => {
  const { owner, url } = await running();
  const pids = [await serverOf(dataDir), await guardOf(owner.pid)];
  await owner.interrupt();
  const mark = await commitRow(url);
  expect(await hasRow(url, mark)).toBe(true);
  expect(pids.map(isAlive)).toEqual([true, true]);
  expect(owner.log).toEqual([]);
});

test('the guard stops the server of an owner that was killed, and the next start waits for that', async () => {
  const { owner, url } = await running();
  const mark = await commitRow(url);
  const server = await serverOf(dataDir);
  await owner.kill();
  const next = await running();
  expect(isAlive(server)).toBe(false);
  expect(await hasRow(next.url, mark)).toBe(true);

  const nextServer = await serverOf(dataDir);
  await next.owner.kill();
  await hasEnded(nextServer); // nobody starts again: it is the guard alone
});

test('a killed guard is replaced', async () => {
  const { owner } = await running();
  const [server, guard] = [await serverOf(dataDir), await guardOf(owner.pid)];
  await killed(guard);
  expect(await guardOf(owner.pid)).not.toBe(guard);
  await owner.kill();
  await hasEnded(server);
});

test('a start takes over from an owner that was killed together with its guard', async () => {
  const { owner, url } = await running();
  const mark = await commitRow(url);
  const [server, guard] = [await serverOf(dataDir), await guardOf(owner.pid)];
  await killed(guard);
  await owner.kill();
  expect(isAlive(server)).toBe(true);

  const next = await running();
  expect(next.url).toBe(url);
  expect(isAlive(server)).toBe(false);
  expect(await hasRow(next.url, mark)).toBe(true);
});

test('everything killed at once loses nothing that was committed', async () => {
  const { owner, url } = await running();
  const mark = await commitRow(url);
  const pids = [await guardOf(owner.pid), await serverOf(dataDir), owner.pid];
  pids.forEach(kill);
  await Promise.all(pids.map(hasEnded));

  const next = await running();
  expect(await hasRow(next.url, mark)).toBe(true);
});

test('a killed server is back at the same address, though a child of it is still busy', async () => {
  const { owner, url } = await running();
  const mark = await commitRow(url);
  const server = await serverOf(dataDir);
  const busy = query(url, 'do $$ begin loop end loop; end $$').catch(() => 'cut off');
  await until('it is busy', async () =>
    (await query(url, `select from pg_stat_activity where state = 'active' and query like 'do %'`)).at(0),
  );
  kill(server);

  await until('it answers', () => hasRow(url, mark).catch(() => false));
  expect(await serverOf(dataDir)).not.toBe(server);
  await until('the owner says so', () => owner.log.includes('PostgreSQL is back'));
  expect(owner.log[0]).toBe('PostgreSQL died (signal SIGKILL): starting it again');
  await expect(busy).resolves.toBe('cut off');
});

test('a server that is killed again and again comes back each time', async () => {
  const { owner, url } = await running();
  const mark = await commitRow(url);
  for (const times of [1, 2, 3]) {
    kill(await serverOf(dataDir));
    await until('it is back', () => owner.log.filter((line) => line === 'PostgreSQL is back').length === times);
    expect(await hasRow(url, mark)).toBe(true);
  }
});

test('a stop in the middle of a restart stops', async () => {
  const { owner } = await running();
  const server = await serverOf(dataDir);
  kill(server);
  await until('the owner noticed', () => owner.log.length > 0);
  expect(await owner.stop()).toBe(0);
  await expect(serverOf(dataDir)).rejects.toMatchObject({ code: 'ENOENT' });
});
