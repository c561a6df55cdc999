import { spawn } from 'node:child_process';
import { chown, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { runningEmbeddedUrl } from '../../src/database/embedded/running-url.js';
import { newFolder, removeFolders } from './support/folders.js';
import { Owner } from './support/owner.js';
import { clusterOf, isAlive } from './support/processes.js';
import { commitRow, hasRow } from './support/rows.js';

let dataDir: string;
let url: string;
let mark: string;

beforeAll(async () => {
  dataDir = path.join(await newFolder(), '.data');
  const owner = Owner.run({ dataDir });
  ({ url } = await owner.ready());
  mark = await commitRow(url);
  await owner.stop();
});
afterEach(() => Owner.stopAll());
afterAll(removeFolders);

test('a second process is told who holds the data folder; when that one is killed, nothing holds it', async () => {
  const first = Owner.run({ dataDir });
  await first.ready();
  const second = Owner.run({ dataDir });
  expect(await second.refusal()).toBe(
    `Another Minibase (process ${first.pid}) uses ${dataDir}: stop it, or give this one a DATA_DIR of its own.`,
  );
  expect(await hasRow(url, mark)).toBe(true);
  await first.kill();
  await Owner.run({ dataDir }).ready();
});

test('other programs learn the address while it runs, and that it does not', async () => {
  const owner = Owner.run({ dataDir });
  await owner.ready();
  expect(await runningEmbeddedUrl(dataDir)).toBe(url);
  await owner.stop();
  const refusal = { line: `No Minibase runs on ${dataDir}: start it first, or set DATABASE_URL.` };
  await expect(runningEmbeddedUrl(dataDir)).rejects.toMatchObject(refusal);
});

test('when another program has the remembered port, the next start takes another', async () => {
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(Number(new URL(url).port), '127.0.0.1', resolve));
  const owner = Owner.run({ dataDir });
  const elsewhere = await owner.ready();
  expect(elsewhere.url).not.toBe(url);
  expect(await hasRow(elsewhere.url, mark)).toBe(true);
  await owner.stop();
  await new Promise((resolve) => squatter.close(resolve));
  url = (await Owner.run({ dataDir }).ready()).url;
  expect(url).toBe(elsewhere.url);
});

test('a pid that was given out anew does not block the start, nor is it harmed', async () => {
  const cluster = await clusterOf(dataDir);
  const { uid, gid } = await stat(cluster);
  const bystander = spawn('sleep', ['600'], { uid, gid, cwd: '/' });
  const lockFile = path.join(cluster, 'postmaster.pid');
  await writeFile(lockFile, `${bystander.pid}\n${cluster}\n`, { mode: 0o600 });
  await chown(lockFile, uid, gid);

  await Owner.run({ dataDir }).ready();
  expect(isAlive(bystander.pid!)).toBe(true);
  bystander.kill();
});

test('a database of another major version is refused and left alone', async () => {
  const version = path.join(await clusterOf(dataDir), 'PG_VERSION');
  const ours = await readFile(version, 'utf8');
  await writeFile(version, '17\n');
  expect(await Owner.run({ dataDir }).refusal()).toMatch(
    /was made by PostgreSQL 17, this is 18: dump it .*DATABASE_URL/,
  );
  await writeFile(version, ours);
  await Owner.run({ dataDir }).ready();
});

test('what is lost is named, not replaced by something empty', async () => {
  const [saved, cluster] = [path.join(dataDir, 'postgres.json'), await clusterOf(dataDir)];
  const content = await readFile(saved, 'utf8');

  await rename(cluster, `${cluster}.away`);
  expect(await Owner.run({ dataDir }).refusal()).toMatch(
    /database in .* is gone: bring it back, or delete .*postgres.json/,
  );
  await rename(`${cluster}.away`, cluster);

  await rename(saved, `${saved}.away`);
  expect(await Owner.run({ dataDir }).refusal()).toMatch(/postgres.json is gone, the password of the database in/);
  await writeFile(saved, content.slice(0, 20));
  expect(await Owner.run({ dataDir }).refusal()).toMatch(/postgres.json is damaged: bring it back/);

  await writeFile(saved, content.replace(/"password": "./, '"password": "?'));
  expect(await Owner.run({ dataDir }).refusal()).toBe('The password in postgres.json is not the one of its database.');
  await rename(`${saved}.away`, saved);
  await Owner.run({ dataDir }).ready();
});

test('a start that fails leaves nothing running and nothing held', async () => {
  const config = path.join(await clusterOf(dataDir), 'postgresql.conf');
  const content = await readFile(config, 'utf8');
  await writeFile(config, `${content}\nshared_buffers = lots\n`);
  const failing = Owner.run({ dataDir });
  expect(await failing.refusal()).toMatch(
    /^The PostgreSQL of .* cannot start \(configuration .*\): see .*postgres\.log, or set/,
  );
  await failing.stop();
  expect((await readdir(dataDir)).filter((name) => name.endsWith('.sock'))).toEqual([]);
  await writeFile(config, content);
  await Owner.run({ dataDir }).ready();
});

test('a data folder that cannot be one is named', async () => {
  const file = path.join(await newFolder(), 'file');
  await writeFile(file, '');
  expect(await Owner.run({ dataDir: path.join(file, '.data') }).refusal()).toMatch(
    /cannot start \(ENOTDIR: .*file.*DATABASE_URL/,
  );
});

test('a first start that was cut off begins anew', async () => {
  const fresh = path.join(await newFolder(), '.data');
  const cutOff = Owner.run({ dataDir: fresh });
  await cutOff.ready();
  await cutOff.stop();
  const cluster = await clusterOf(fresh);
  await rename(cluster, path.join(path.dirname(cluster), 'new-00')); // as far as initdb came
  const saved = path.join(fresh, 'postgres.json');
  await writeFile(saved, (await readFile(saved, 'utf8')).replace('"created": true', '"created": false'));

  await commitRow((await Owner.run({ dataDir: fresh }).ready()).url);
  expect(await readdir(path.dirname(cluster))).not.toContain('new-00');
});

test.each([
  { pretend: { arch: 's390x' }, line: /^No PostgreSQL for \w+-s390x came with npm .*: set DATABASE_URL to/ },
  { pretend: { platform: 'win32' }, line: /does not run on Windows: use WSL, or set DATABASE_URL\.$/ },
])('a platform without binaries is pointed to DATABASE_URL: $pretend', async ({ pretend, line }) => {
  expect(await Owner.run({ dataDir: path.join(await newFolder(), '.data'), pretend }).refusal()).toMatch(line);
});
