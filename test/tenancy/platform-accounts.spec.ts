import { createHash, generateKeyPairSync } from 'node:crypto';
import { PLATFORM_CODES } from '../../src/platforms/platform.js';
import { aLogin, anApp, must, sandbox, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { accountsOf, storedAccount } from './support/accounts.js';

const fingerprint = (secret: string): string =>
  `sha256:${createHash('sha256').update(secret).digest('hex').slice(0, 16)}`;
const aPrivateKey = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

const IDS = { wechat: 'wx00000000000000aa', alipay: '2021000000000001', douyin: 'tt00000000000000aa' };
const SECRETS = {
  wechat: ['messageAesKey', 'messageToken', 'secret'],
  alipay: ['aesKey', 'appPrivateKey'],
  douyin: ['appPrivateKey', 'messageAesKey', 'messageToken', 'secret'],
};

describe('platform accounts', () => {
  let minibase: Minibase;
  let app: TestApp;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    app = await anApp(minibase, []);
  });
  afterAll(() => minibase.close());

  const accounts = () => accountsOf(minibase, app.secretKey);
  const login = (platform: (typeof PLATFORM_CODES)[number], platformAppId: string) =>
    aLogin(
      minibase,
      { ...app, programs: { [platform]: { id: '', platformAppId } } as TestApp['programs'] },
      'ming',
      platform,
    );

  test.each(PLATFORM_CODES)('on %s a test app needs to give nothing: the sandbox makes it up', async (platform) => {
    const account = await accounts().made({ platform });
    expect(account).toMatchObject({ platform, status: 'active', name: account.platformAppId });
    expect(account.id).toMatch(/^pac_[0-9a-f]{32}$/);
    expect((await login(platform, account.platformAppId)).user.isNew).toBe(true);
    expect((await accounts().verify(account.id)).ok).toBe(true);
  });

  test.each(PLATFORM_CODES)('on %s an id of one’s own is kept', async (platform) => {
    const account = await accounts().made({ platform, platformAppId: IDS[platform], name: 'Brand' });
    expect(account).toMatchObject({ platformAppId: IDS[platform], name: 'Brand' });
    expect((await login(platform, IDS[platform])).user.isNew).toBe(true);
  });

  test('a secret of one’s own is what the platform knows too', async () => {
    const secret = '0123456789abcdef0123456789abcdef';
    const account = await accounts().made({ platform: 'wechat', credentials: { secret } });
    expect(account.credentials).toMatchObject({ secret: fingerprint(secret) });
    expect((await accounts().verify(account.id)).ok).toBe(true);
    await login('wechat', account.platformAppId);
  });

  test.each(['alipay', 'douyin'] as const)(
    'on %s a private key of one’s own is used and never leaves',
    async (platform) => {
      const appPrivateKey = aPrivateKey();
      const account = await accounts().made({ platform, credentials: { appPrivateKey } });
      expect(account.credentials['appPrivateKey']).toBe(fingerprint(appPrivateKey));
      expect((await accounts().verify(account.id)).ok).toBe(true);
      await login(platform, account.platformAppId);
      // The platform's console has shown only what one uploads there: the public half.
      const told = JSON.stringify(
        await sandbox(minibase, 'accounts', { platform, kind: 'program', platformAppId: account.platformAppId }),
      );
      expect(told).not.toContain('PRIVATE KEY');
    },
  );

  test('the console pushes to the account that was registered, not to one that was refused', async () => {
    const { id, platformAppId } = await accounts().made({ platform: 'wechat' });
    await accounts().create({ platform: 'wechat', platformAppId });
    const { push } = await sandbox<{ push: { url: string } }>(minibase, 'accounts', {
      platform: 'wechat',
      kind: 'program',
      platformAppId,
    });
    expect(push.url).toMatch(new RegExp(`/callbacks/${id}$`));
  });

  test.each(PLATFORM_CODES)('on %s answers show fingerprints in the place of secrets', async (platform) => {
    const account = await accounts().made({ platform });
    const shown = await sandbox<{ credentials: Record<string, string> }>(minibase, 'accounts', {
      platform,
      kind: 'program',
      platformAppId: account.platformAppId,
    });
    for (const answer of [account, (await accounts().get(account.id)).body, ...(await accounts().list())]) {
      const secret = Object.entries(answer.credentials).filter(([, value]) => value.startsWith('sha256:'));
      expect(secret.map(([field]) => field).sort()).toEqual(SECRETS[platform]);
      for (const [field, value] of secret) {
        expect(value).toBe(fingerprint(shown.credentials[field]!));
        expect(JSON.stringify(answer)).not.toContain(shown.credentials[field]!.slice(4, 24));
      }
    }
  });

  test.each(PLATFORM_CODES)('on %s the database holds nothing of the credentials in clear', async (platform) => {
    const account = await accounts().made({ platform });
    const { credentials } = await sandbox<{ credentials: Record<string, string> }>(minibase, 'accounts', {
      platform,
      kind: 'program',
      platformAppId: account.platformAppId,
    });
    const row = await storedAccount(minibase, account.id);
    expect(row['credentials']).toMatch(/^s1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+$/);
    const text =
      JSON.stringify(row) + Buffer.from(String(row['credentials']).split('.')[2]!, 'base64url').toString('latin1');
    for (const value of Object.values(credentials)) {
      if (value.length > 16) expect(text).not.toContain(value.slice(4, 20));
    }
  });

  test('the same mini-program cannot be registered twice in an app, in another app it can', async () => {
    const body = { platform: 'wechat', platformAppId: 'wx00000000000000bb' };
    expect((await accounts().create(body)).status).toBe(201);
    expect(await accounts().create(body)).toMatchObject({ status: 409, body: { code: 'platform_account_exists' } });
    const other = await anApp(minibase, []);
    expect((await accountsOf(minibase, other.secretKey).create(body)).status).toBe(201);
  });

  test('an app with one account need not name it, with several it must, with none it cannot', async () => {
    const code = async (body: object) => {
      const answer = await fetch(`${minibase.url}/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-app-id': app.appId },
        body: JSON.stringify({ platform: 'wechat', code: 'x', ...body }),
      });
      return ((await answer.json()) as { code: string }).code;
    };
    expect(await code({})).toBe('platform_account_missing');
    const first = await accounts().made({ platform: 'wechat' });
    expect(await code({})).toBe('login_code_invalid');
    const second = await accounts().made({ platform: 'wechat' });
    expect(await code({})).toBe('platform_account_ambiguous');
    expect(await code({ platformAppId: second.platformAppId })).toBe('login_code_invalid');
    expect(await code({ platformAppId: 'wx00000000000000cc' })).toBe('platform_account_missing');
    await accounts().patch(second.id, { status: 'disabled' });
    expect(await code({})).toBe('login_code_invalid');
    expect(await code({ platformAppId: second.platformAppId })).toBe('platform_account_missing');
    await accounts().patch(first.id, { status: 'disabled' });
    expect(await code({})).toBe('platform_account_missing');
  });

  test('are listed newest first, by platform if one likes', async () => {
    const made = [];
    for (const platform of ['wechat', 'douyin', 'wechat']) made.unshift((await accounts().made({ platform })).id);
    expect((await accounts().list()).map(({ id }) => id)).toEqual(made);
    expect((await accounts().list('?platform=douyin')).map(({ id }) => id)).toEqual([made[1]]);
    const first = await must<{ nextCursor: string }>(minibase.url, 'GET', '/v1/platform-accounts?limit=2', {
      token: app.secretKey,
    });
    expect((await accounts().list(`?limit=2&cursor=${first.nextCursor}`)).map(({ id }) => id)).toEqual(made.slice(2));
  });

  test.each<[string, object, string]>([
    ['an unknown platform', { platform: 'myspace' }, 'platform'],
    ['an unknown field', { platform: 'wechat', colour: 'red' }, ''],
    ['an id of another platform', { platform: 'wechat', platformAppId: IDS.alipay }, 'platformAppId'],
    ['an unknown credential', { platform: 'wechat', credentials: { password: 'hunter2' } }, 'credentials'],
    [
      'a key that is none',
      { platform: 'alipay', credentials: { appPrivateKey: 'hunter2' } },
      'credentials.appPrivateKey',
    ],
    ['a secret with blanks', { platform: 'douyin', credentials: { secret: 'hunter 2' } }, 'credentials.secret'],
    ['a credential that is no text', { platform: 'wechat', credentials: { secret: 1 } }, 'credentials.secret'],
  ])('%s is refused, by the name of the field and without its value', async (_, body, path) => {
    const { status, body: problem } = await accounts().create(body);
    expect({ status, code: problem.code }).toEqual({ status: 400, code: 'validation_failed' });
    if (path.includes('.')) expect(problem.errors?.map((error) => error.path)).toContain(path);
    expect(JSON.stringify(problem)).not.toMatch(/hunter/);
    expect(await accounts().list()).toEqual([]);
  });
});
