import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '../../common/start-error.js';
import { readSettings, type Settings } from '../../config/config.js';
import type { Demo } from '../../start/demo.js';
import { RemoteApi } from './remote-api.js';

/** What a developer says of the app; what is left out is that of the demo app, or of the environment. */
export interface RemoteOptions {
  readonly api?: string;
  readonly key?: string;
  readonly sandbox?: string;
}

/** An app of a running Minibase, which may run anywhere, as a developer with its secret key sees it. */
export interface RemoteApp {
  readonly id: string;
  readonly mode: 'test' | 'live';
  readonly api: RemoteApi;
  readonly sandboxUrl: string;
  readonly dataDir: string;
}

const KEY = /^mb_(test|live)_([0-9a-f]{32})_[A-Za-z0-9_-]{43}$/;

/** Asks nobody yet. Throws StartError for what cannot be right. */
export async function remoteApp({ api, key, sandbox }: RemoteOptions): Promise<RemoteApp> {
  const settings = settingsOf(process.env);
  const demo = key === undefined ? await demoOf(settings) : undefined;
  const secretKey = key ?? demo?.secretKey;
  if (secretKey === undefined) {
    throw new StartError(
      `No key: set MINIBASE_SECRET_KEY or --key to a secret key of your app (${join(settings.DATA_DIR, 'demo.json')} of a demo app is not there).`,
    );
  }
  const [, mode, id] = KEY.exec(secretKey) ?? [];
  if (mode === undefined || id === undefined) {
    throw new StartError('The key is not a secret key of an app: one begins with mb_test_ or mb_live_.');
  }
  const apiUrl = api ?? settings.PUBLIC_URL ?? demo?.apiUrl ?? `http://localhost:${settings.PORT}`;
  const sandboxUrl = sandbox ?? settings.SANDBOX_URL ?? demo?.sandboxUrl ?? `http://127.0.0.1:${settings.SANDBOX_PORT}`;
  return {
    id: `app_${id}`,
    mode: mode === 'live' ? 'live' : 'test',
    api: new RemoteApi(baseOf('--api', apiUrl), secretKey),
    sandboxUrl: baseOf('--sandbox', sandboxUrl),
    dataDir: settings.DATA_DIR,
  };
}

/** What a developer's machine may say; the rest of the environment is the server's. */
function settingsOf({ PORT, PUBLIC_URL, SANDBOX_PORT, SANDBOX_URL, DATA_DIR }: NodeJS.ProcessEnv): Settings {
  return readSettings({ PORT, PUBLIC_URL, SANDBOX_PORT, SANDBOX_URL, DATA_DIR });
}

const demoOf = ({ DATA_DIR }: Settings): Promise<Demo | undefined> =>
  readFile(join(DATA_DIR, 'demo.json'), 'utf8')
    .then((text) => JSON.parse(text) as Demo)
    .catch(() => undefined);

function baseOf(option: string, text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    throw new StartError(`${option} must be an address such as http://localhost:3000.`);
  }
  return text.replace(/\/+$/, '');
}
