import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '../common/start-error.js';
import type { Settings } from '../config/config.js';

export interface Secrets {
  readonly masterKeys: readonly string[];
  readonly operatorTokens: readonly string[];
}

interface Kept {
  masterKey: string;
  operatorToken: string;
}

/** The secrets of the environment; in development, those that are missing are generated once into DATA_DIR. */
export async function secretsOf(settings: Settings): Promise<Secrets> {
  const { MASTER_KEY, OPERATOR_TOKEN, DATA_DIR } = settings;
  if (MASTER_KEY && OPERATOR_TOKEN) return { masterKeys: MASTER_KEY, operatorTokens: OPERATOR_TOKEN };
  const kept = await keptIn(DATA_DIR);
  return { masterKeys: MASTER_KEY ?? [kept.masterKey], operatorTokens: OPERATOR_TOKEN ?? [kept.operatorToken] };
}

async function keptIn(dataDir: string): Promise<Kept> {
  const file = join(dataDir, 'secrets.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined) return readKept(file, text);
  const made: Kept = {
    masterKey: randomBytes(32).toString('base64'),
    operatorToken: `op_${randomBytes(24).toString('base64url')}`,
  };
  await writePrivately(file, made);
  return made;
}

function readKept(file: string, text: string): Kept {
  try {
    const kept = JSON.parse(text) as Kept;
    if (kept.masterKey && kept.operatorToken) return kept;
  } catch {
    // Told below: a master key that is gone cannot be made up again.
  }
  throw new StartError(`${file} is damaged: restore it from a backup; without its master key sealed secrets are lost.`);
}

/** Writes JSON that only the owner may read, whole or not at all. */
export async function writePrivately(file: string, content: object): Promise<void> {
  // The embedded database's user must be able to pass through; every file in it is closed to others.
  await mkdir(join(file, '..'), { recursive: true, mode: 0o711 });
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flush: true });
  await chmod(draft, 0o600);
  await rename(draft, file);
}
