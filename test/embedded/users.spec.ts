import { execFileSync } from 'node:child_process';
import { chown, cp, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeFolder } from '../../src/database/embedded/binaries.js';
import { newFolder, removeFolders } from './support/folders.js';
import { Owner } from './support/owner.js';
import { clusterOf } from './support/processes.js';
import { commitRow, hasRow } from './support/rows.js';

afterEach(() => Owner.stopAll());
afterAll(removeFolders);

const asRoot = process.getuid?.() === 0 ? test : test.skip;
const NOBODY = { uid: 65_534, gid: 65_534 };

/** Root's Node or checkout may lie where nobody else can go; then a server of nobody's cannot be tried. */
const nobodyCanRun = (): boolean => {
  try {
    const args = [
      '-e',
      'require("node:fs").readdirSync(process.argv[1])',
      fileURLToPath(new URL('.', import.meta.url)),
    ];
    execFileSync(process.execPath, args, { ...NOBODY, cwd: '/', stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const asNobody = process.getuid?.() === 0 && nobodyCanRun() ? test : test.skip;

/** npm's binaries as its registry has them: the install script that makes the links did not run. */
async function binariesIn(folder: string): Promise<string> {
  const native = path.join(folder, 'node_modules', 'native');
  const links = await readFile(path.join(nativeFolder(), 'pg-symlinks.json'), 'utf8');
  await cp(nativeFolder(), native, { recursive: true, verbatimSymlinks: true });
  await cp(path.join(nativeFolder(), '..', 'package.json'), path.join(native, '..', 'package.json'));
  for (const { target } of JSON.parse(links) as { target: string }[]) {
    await rm(path.join(native, path.relative('native', target)), { force: true });
  }
  return native;
}

asRoot('root in a home that nobody else can enter: it simply works, and finds its data again', async () => {
  const home = await newFolder(0o700);
  const [dataDir, binaries] = [path.join(home, '.data'), await binariesIn(home)];
  const owner = Owner.run({ dataDir, binaries });
  const { url } = await owner.ready();
  const mark = await commitRow(url);
  const cluster = await clusterOf(dataDir);
  expect(cluster).toMatch(/^\/var\/(lib|tmp)\/minibase\//); // both outlive a reboot
  expect(owner.log).toEqual([expect.stringContaining(path.dirname(cluster))]);
  expect(await stat(path.dirname(cluster))).toMatchObject({ mode: 0o40700, uid: (await stat(cluster)).uid });
  expect((await stat(path.join(dataDir, 'postgres.json'))).mode & 0o777).toBe(0o600);
  await owner.kill();

  const again = await Owner.run({ dataDir, binaries }).ready();
  expect(again.url).toBe(url);
  expect(await hasRow(url, mark)).toBe(true);
});

asRoot('two copies of such a data folder cannot use its one database at once', async () => {
  const home = await newFolder(0o700);
  const [dataDir, copy] = [path.join(home, '.data'), path.join(home, 'copy')];
  const owner = Owner.run({ dataDir });
  await owner.ready();
  await mkdir(copy);
  await cp(path.join(dataDir, 'postgres.json'), path.join(copy, 'postgres.json'));
  expect(await Owner.run({ dataDir: copy }).refusal()).toContain(`Another Minibase (process ${owner.pid})`);
});

asRoot('a database outside such a home lies in its data folder and moves with it', async () => {
  const folder = await newFolder();
  const owner = Owner.run({ dataDir: path.join(folder, 'before') });
  const mark = await commitRow((await owner.ready()).url);
  await owner.stop();
  await rename(path.join(folder, 'before'), path.join(folder, '.data'));
  const { url } = await Owner.run({ dataDir: path.join(folder, '.data') }).ready();
  expect(await hasRow(url, mark)).toBe(true);
});

asNobody('a user without rights over read-only binaries gets a server, which root can run after it', async () => {
  const folder = await newFolder();
  const [dataDir, binaries] = [path.join(folder, '.data'), await binariesIn(folder)];
  await mkdir(dataDir, { mode: 0o711 });
  await chown(dataDir, NOBODY.uid, NOBODY.gid);
  const owner = Owner.run({ dataDir, binaries }, NOBODY);
  const mark = await commitRow((await owner.ready()).url);
  await owner.stop();

  const roots = Owner.run({ dataDir });
  expect(await hasRow((await roots.ready()).url, mark)).toBe(true);
  expect((await stat(await clusterOf(dataDir))).uid).toBe(NOBODY.uid);
  await roots.kill();

  const again = await Owner.run({ dataDir, binaries }, NOBODY).ready();
  expect(await hasRow(again.url, mark)).toBe(true);
});

asNobody('a data folder that may not be written is named', async () => {
  const dataDir = path.join(await newFolder(), '.data');
  expect(await Owner.run({ dataDir }, NOBODY).refusal()).toMatch(/cannot start \(EACCES: .*let this user write there/);
});
