import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { PLATFORM_CODES, type PlatformCode } from '../platforms/platform.js';
import { writePrivately } from './secrets.js';

/** What a newcomer needs to try everything at once: `DATA_DIR/demo.json`. */
export interface Demo {
  readonly apiUrl: string;
  readonly sandboxUrl: string;
  readonly operatorToken: string;
  readonly appId: string;
  readonly secretKey: string;
  /** The demo app's mini-program on each platform. */
  readonly platformAppIds: Readonly<Record<PlatformCode, string>>;
}

/**
 * Finds the demo app or makes it, as anybody would: through the API. Also tells the sandbox about its accounts again,
 * should that have forgotten them.
 */
export async function prepareDemo(config: Config, apiUrl: string, sandboxUrl: string): Promise<Demo> {
  const file = join(config.dataDir, 'demo.json');
  const operatorToken = config.operatorTokens[0]!;
  const known = await readFile(file, 'utf8').then((text) => JSON.parse(text) as Demo, () => undefined); // prettier-ignore
  if (known && (await works(apiUrl, known))) {
    const demo = { ...known, apiUrl, sandboxUrl, operatorToken };
    await writePrivately(file, demo);
    return demo;
  }
  const demo = await makeDemo(apiUrl, sandboxUrl, operatorToken);
  await writePrivately(file, demo);
  return demo;
}

async function makeDemo(apiUrl: string, sandboxUrl: string, operatorToken: string): Promise<Demo> {
  const app = await call<{ id: string }>(apiUrl, operatorToken, '/v1/apps', { name: 'Demo', mode: 'test' });
  const { secret } = await call<{ secret: string }>(apiUrl, operatorToken, `/v1/apps/${app.id}/keys`, { name: 'demo' });
  const platformAppIds: Partial<Record<PlatformCode, string>> = {};
  for (const platform of PLATFORM_CODES) {
    const account = await call<{ platformAppId: string }>(apiUrl, secret, '/v1/platform-accounts', { platform, name: `Demo on ${platform}` }); // prettier-ignore
    platformAppIds[platform] = account.platformAppId;
  }
  return {
    apiUrl,
    sandboxUrl,
    operatorToken,
    appId: app.id,
    secretKey: secret,
    platformAppIds: platformAppIds as Record<PlatformCode, string>,
  };
}

/** Whether the demo of an earlier start is still there, in the database and in the sandbox. */
async function works(apiUrl: string, { secretKey }: Demo): Promise<boolean> {
  const answer = await fetch(`${apiUrl}/v1/platform-accounts`, { headers: { authorization: `Bearer ${secretKey}` } });
  if (!answer.ok) return false;
  const { data } = (await answer.json()) as { data: { id: string }[] };
  // An empty change of credentials registers the account in the sandbox again, as it is.
  for (const { id } of data) await call(apiUrl, secretKey, `/v1/platform-accounts/${id}`, { credentials: {} }, 'PATCH');
  return data.length >= PLATFORM_CODES.length;
}

async function call<T>(apiUrl: string, token: string, path: string, body: object, method = 'POST'): Promise<T> {
  const answer = await fetch(apiUrl + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`the demo app could not be made: ${method} ${path} answered ${await answer.text()}`);
  return (await answer.json()) as T;
}
