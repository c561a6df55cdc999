import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '../../common/start-error.js';
import { writePrivately } from '../../start/secrets.js';
import { newSigningSecret } from '../../webhooks/signature.js';

/** What forwarded events are signed with. */
export interface ListenSecret {
  readonly value: string;
  /** Just made up: nobody's handler knows it yet. */
  readonly isNew: boolean;
  /** The file that has it for the next time; undefined for one that was given, and where no data folder is. */
  readonly keptIn: string | undefined;
}

/** 24 to 64 bytes, as Standard Webhooks has it. */
const FORM = /^whsec_(?=[A-Za-z0-9+/]{32,86}={0,2}$)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The secret that was given, else that of the last time, else a new one. Throws StartError for one of another form. */
export async function listenSecret(dataDir: string, appId: string, given?: string): Promise<ListenSecret> {
  if (given !== undefined) {
    if (FORM.test(given)) return { value: given, isNew: false, keptIn: undefined };
    throw new StartError('--secret must be whsec_ and 24 to 64 bytes in base64.');
  }
  const file = join(dataDir, 'listen', `${appId}.json`);
  const kept = await readKept(file);
  if (kept !== undefined) return { value: kept, isNew: false, keptIn: file };
  const value = newSigningSecret('v1').secret;
  // Only beside a server: elsewhere nobody expects a folder of ours to appear.
  const isKept = (await isFolder(dataDir)) && (await writePrivately(file, { secret: value }).then(() => true, () => false)); // prettier-ignore
  return { value, isNew: true, keptIn: isKept ? file : undefined };
}

/** Undefined also for a damaged file: a new secret is no loss. */
async function readKept(file: string): Promise<string | undefined> {
  try {
    const { secret } = JSON.parse(await readFile(file, 'utf8')) as { secret?: unknown };
    return typeof secret === 'string' && FORM.test(secret) ? secret : undefined;
  } catch {
    return undefined;
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then((found) => found.isDirectory(), () => false); // prettier-ignore
