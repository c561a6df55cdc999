import { generateKeyPair } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** What the three platforms of some dozen shops need: a spec file seldom opens more. */
const PREPARED = 96;

/** Makes RSA keys for the sandboxes of all specs of a run, once: each would spend most of its start on its own. */
export async function prepareRsaKeys(): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'minibase-rsa-'));
  const keys = await Promise.all(
    Array.from({ length: PREPARED }, async () => {
      const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
      return privateKey.export({ type: 'pkcs8', format: 'pem' });
    }),
  );
  process.env['SANDBOX_RSA_KEYS'] = path.join(directory, 'keys.json');
  await writeFile(process.env['SANDBOX_RSA_KEYS'], JSON.stringify(keys), { mode: 0o600 });
}

export async function forgetRsaKeys(): Promise<void> {
  const file = process.env['SANDBOX_RSA_KEYS'];
  delete process.env['SANDBOX_RSA_KEYS'];
  if (file) await rm(path.dirname(file), { recursive: true, force: true });
}
