import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const APP = { appid: 'wx0000000000000001', secret: 's' };
let dataDir: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  execFileSync(process.execPath, [here('../node_modules/typescript/bin/tsc'), '-b', here('.')]);
}, 120_000);
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sandbox-process-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

function launch(over: Record<string, string> = {}): ChildProcess {
  const env = { PATH: process.env.PATH, DATA_DIR: dataDir, SANDBOX_PORT: '0', LOG_LEVEL: 'silent', ...over };
  const child = fork(here('dist/main.js'), [], { env, silent: true, execArgv: [] });
  children.push(child);
  return child;
}

/** The URL of a child that started. */
async function ready(child: ChildProcess): Promise<string> {
  const [message] = (await once(child, 'message')) as [{ ready: boolean; url: string }];
  expect(message.ready).toBe(true);
  return message.url;
}

/** Exit code and what a child said before. */
async function ended(child: ChildProcess): Promise<{ code: number | null; said: string }> {
  const said = child.stderr ? text(child.stderr) : '';
  const [code] = (await once(child, 'exit')) as [number | null];
  return { code, said: await said };
}

type Fields = Record<string, unknown>;
const get = async (url: string, query: Record<string, string>): Promise<Fields> =>
  (await (await fetch(`${url}?${new URLSearchParams(query).toString()}`)).json()) as Fields;
const post = async (url: string, body: unknown): Promise<Fields> =>
  (await (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).json()) as Fields;

const register = (url: string): Promise<Fields> =>
  post(`${url}/_/accounts`, {
    platform: 'wechat',
    kind: 'program',
    platformAppId: APP.appid,
    credentials: { secret: APP.secret },
  });
const login = async (url: string, user: string): Promise<string> =>
  String((await post(`${url}/_/login`, { platform: 'wechat', platformAppId: APP.appid, user })).code);
const exchange = (url: string, code: string): Promise<Fields> =>
  get(`${url}/sns/jscode2session`, { ...APP, js_code: code, grant_type: 'authorization_code' });

test('killed in the middle of traffic, it still knows everything that it answered', async () => {
  const killed = launch();
  const url = await ready(killed);
  await register(url);
  const token = (await get(`${url}/cgi-bin/token`, { ...APP, grant_type: 'client_credential' })).access_token;

  const codes: string[] = [];
  const exchanged = new Map<string, Fields>();
  const traffic = Array.from({ length: 32 }, async (_, worker) => {
    for (let round = 0; ; round += 1) {
      const code = await login(url, `person ${worker}.${round}`);
      codes.push(code);
      exchanged.set(code, await exchange(url, code));
      if (exchanged.size === 500) killed.kill('SIGKILL');
    }
  });
  await Promise.allSettled(traffic);
  expect(exchanged.size).toBeGreaterThanOrEqual(500);

  const after = await ready(launch());
  for (const code of codes) {
    const { openid, session_key: sessionKey } = (exchanged.get(code) ?? {}) as Record<string, string>;
    const again = await exchange(after, code);
    if (openid === undefined) {
      // Given out, but its exchange was not answered: it may have been used or not, never forgotten.
      expect(again.errcode === 40163 || again.openid !== undefined).toBe(true);
      continue;
    }
    expect(again.errcode).toBe(40163);
    const signature = createHmac('sha256', sessionKey ?? '')
      .update('')
      .digest('hex');
    const query = { access_token: String(token), openid, signature, sig_method: 'hmac_sha256' };
    expect((await get(`${after}/wxa/checksession`, query)).errcode).toBe(0);
  }
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s stops it cleanly, and it starts again', async (signal) => {
  const child = launch();
  const url = await ready(child);
  await register(url);
  const code = await login(url, 'ann');
  child.kill(signal);
  expect((await ended(child)).code).toBe(0);
  expect(await exchange(await ready(launch()), code)).toHaveProperty('openid');
});

test('it does not outlive its parent', async () => {
  const child = launch();
  await ready(child);
  child.disconnect();
  expect((await ended(child)).code).toBe(0);
});

test('a taken port is one line that says what to do', async () => {
  const port = new URL(await ready(launch())).port;
  const { code, said } = await ended(launch({ SANDBOX_PORT: port, DATA_DIR: join(dataDir, 'other') }));
  expect(said).toBe(`port ${port} is taken: stop the process that has it, or start with another SANDBOX_PORT\n`);
  expect(code).toBe(1);
});

test('a second one on the same data is one line that says what to do', async () => {
  const first = launch();
  await ready(first);
  const { code, said } = await ended(launch());
  expect(said).toBe(
    `${join(dataDir, 'sandbox')} is in use by process ${first.pid}: stop it, or start with another DATA_DIR\n`,
  );
  expect(code).toBe(1);
});

test.each([
  [{ NODE_ENV: 'production' }, 'the sandbox is not for production: unset NODE_ENV, or set SANDBOX=on if you mean it\n'],
  [{ SANDBOX_PORT: 'many' }, 'bad configuration: SANDBOX_PORT\n'],
  [{ LOG_LEVEL: 'loud' }, 'bad configuration: LOG_LEVEL\n'],
])('%j is refused in one line', async (env, line) => {
  const { code, said } = await ended(launch(env));
  expect([said, code]).toEqual([line, 1]);
});

test('in production it starts when it is asked to', async () => {
  expect(await ready(launch({ NODE_ENV: 'production', SANDBOX: 'on' }))).toMatch(/^http:/);
});
