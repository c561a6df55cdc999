import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { clusterOf } from './processes.js';

const made: string[] = [];

/** A folder that everybody may pass through, or nobody but its owner. */
export async function newFolder(mode: 0o711 | 0o700 = 0o711): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'minibase-embedded-'));
  await chmod(folder, mode);
  made.push(folder);
  return folder;
}

/** Removes them, and what data folders (`.data` in them) keep elsewhere. */
export async function removeFolders(): Promise<void> {
  for (const folder of made.splice(0)) {
    const cluster = await clusterOf(path.join(folder, '.data')).catch(() => undefined);
    if (cluster) await rm(path.dirname(cluster), { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  }
}
