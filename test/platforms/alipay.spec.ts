import { generateKeyPairSync, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningSandbox, startSandbox } from '../../sandbox/server.js';
import { certificateSn } from '../../src/platforms/alipay/alipay.certificates.js';
import { ALIPAY_ERRORS } from '../../src/platforms/alipay/alipay.errors.js';
import { AlipayGateway } from '../../src/platforms/alipay/alipay.gateway.js';
import { AlipayKeyring } from '../../src/platforms/alipay/alipay.keyring.js';
import { AlipayPlatform } from '../../src/platforms/alipay/alipay.platform.js';
import { DownloadedCertificate } from '../../src/platforms/alipay/alipay.wire.js';
import type { PlatformAccount } from '../../src/platforms/platform.js';
import { UndiciHttp } from '../../src/platforms/undici-http.js';

const TOKEN = 'alipay.system.oauth.token';
const DOWNLOAD = 'alipay.open.app.alipaycert.download';
type Fields = Record<string, string>;

let dataDir: string;
let sandbox: RunningSandbox;
let http: UndiciHttp;
let platform: AlipayPlatform;
let accounts = 0;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'alipay-'));
  sandbox = await startSandbox({ host: '127.0.0.1', port: 0, dataDir, logLevel: 'silent' });
  http = new UndiciHttp({ sandboxUrl: sandbox.url });
  platform = new AlipayPlatform(http);
});
afterAll(async () => {
  await http.close();
  await sandbox.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function post<T = Fields>(path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${sandbox.url}/_/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** A mini-program of its own; what is not given, the sandbox's console makes. */
async function register(given: Fields = {}, over: object = {}): Promise<PlatformAccount<Fields>> {
  const body = { platform: 'alipay', kind: 'program', credentials: given, ...over };
  const shown = await post<{ platformAppId: string; credentials: Fields }>('accounts', body);
  return accountOf(shown.platformAppId, platform.credentials.parse(shown.credentials) as Fields);
}
const accountOf = (platformAppId: string, credentials: Fields): PlatformAccount<Fields> => ({
  appId: 'app_1',
  id: `pac_${++accounts}`,
  platform: 'alipay',
  platformAppId,
  mode: 'test',
  credentials,
});
const but = (account: PlatformAccount<Fields>, changes: Fields): PlatformAccount<Fields> =>
  accountOf(account.platformAppId, { ...account.credentials, ...changes });

const codeFor = async ({ platformAppId }: PlatformAccount, user: string): Promise<string> =>
  (await post('login', { platform: 'alipay', platformAppId, user })).code!;
const login = async (account: PlatformAccount, user = 'ann') =>
  platform.exchange(account, { code: await codeFor(account, user) });
const fault = ({ platformAppId }: PlatformAccount, kind: string, more: object = {}) =>
  post('faults', { match: { platform: 'alipay', platformAppId, path: TOKEN }, kind, ...more });
const phoneData = async ({ platformAppId }: PlatformAccount, more: object = {}): Promise<string> =>
  (await post('phone', { platform: 'alipay', platformAppId, user: 'ann', ...more })).response!;
const phone = async (account: PlatformAccount, more: object = {}) =>
  platform.phone(account, { encryptedData: await phoneData(account, more) });

const bare = (key: KeyObject) =>
  key.export({ format: 'der', type: key.type === 'private' ? 'pkcs8' : 'spki' } as never).toString('base64');
const strangers = generateKeyPairSync('rsa', { modulusLength: 2048 });

describe.each(['key', 'certificate'])('in %s mode', (mode) => {
  let account: PlatformAccount<Fields>;
  beforeAll(async () => {
    account = await register({ mode });
  });

  test('one person is always the same, another is another', async () => {
    const ann = await login(account);
    expect(ann).toEqual({ openid: expect.stringMatching(/^0/) as string, unionid: expect.any(String) as string });
    await expect(login(account)).resolves.toEqual(ann);
    expect((await login(account, 'bob')).openid).not.toBe(ann.openid);
  });

  test('a code works once, and only in its own mini-program', async () => {
    const invalid = { problem: 'login_code_invalid', status: 401, platformCode: 'isv.code-invalid' };
    const code = await codeFor(account, 'ann');
    await platform.exchange(account, { code });
    await expect(platform.exchange(account, { code })).rejects.toMatchObject(invalid);
    const other = await register({ mode });
    await expect(platform.exchange(account, { code: await codeFor(other, 'ann') })).rejects.toMatchObject(invalid);
  });

  test('what cannot be a code is not sent', async () => {
    for (const code of ['', ' ', 'a b', '码', 'x'.repeat(2_000)]) {
      await expect(platform.exchange(account, { code })).rejects.toMatchObject({ problem: 'login_code_invalid' });
    }
    await expect(platform.exchange(account, {})).rejects.toMatchObject({ problem: 'login_code_invalid' });
  });

  test('twenty logins at once are twenty logins', async () => {
    const codes = await Promise.all(Array.from({ length: 20 }, (_, i) => codeFor(account, `user-${i}`)));
    const people = await Promise.all(codes.map((code) => platform.exchange(account, { code })));
    expect(new Set(people.map(({ openid }) => openid)).size).toBe(20);
  });

  test('a phone number is read', async () => {
    await expect(phone(account, { phone: '13800138000' })).resolves.toEqual({ number: '+8613800138000', countryCode: '86' }); // prettier-ignore
    await expect(phone(account, { phone: '' })).rejects.toMatchObject({ problem: 'user_refused' });
    await expect(phone(account, { phone: '+852-61234567' })).resolves.toMatchObject({ countryCode: '852' });
  });

  test("a phone number of another mini-program's user is refused", async () => {
    const encryptedData = await phoneData(await register({ mode, aesKey: account.credentials['aesKey']! }));
    await expect(platform.phone(account, { encryptedData })).rejects.toMatchObject({
      problem: 'platform_data_invalid',
    });
  });

  test.each([
    ['isv.missing-encrypt-key', 'platform_account_misconfigured'],
    ['isv.missing-default-signature-type', 'platform_data_invalid'],
    ['isv.invalid-auth-relations', 'user_refused'],
    ['isv.insufficient-isv-permissions', 'platform_account_misconfigured'],
    ['isv.invalid-encrypt', 'platform_account_misconfigured'],
    ['aop.unknow-error', 'platform_busy'],
  ])('instead of a phone number, %s becomes %s', async (error, problem) => {
    await expect(phone(account, { error })).rejects.toMatchObject({ problem });
    const plain = ALIPAY_ERRORS[error]!.problem;
    await expect(phone(account, { error, plain: true })).rejects.toMatchObject({ problem: plain, platformCode: error });
  });

  describe('what Alipay refuses', () => {
    const errorAnswers = mode === 'key' ? 'signed' : 'unsigned';
    const rows = Object.entries(ALIPAY_ERRORS).filter(([name, { repeats }]) => /[a-z_]$/i.test(name) && !repeats);
    let refused: PlatformAccount<Fields>;
    beforeAll(async () => {
      refused = await register({ mode, errorAnswers });
    });

    test.each(rows)(`arrives as its problem, ${errorAnswers}: %s`, async (subCode, { problem }) => {
      await fault(refused, 'code', { code: subCode });
      const exchange = platform.exchange(refused, { code: 'any' });
      await expect(exchange).rejects.toMatchObject({ problem, platformCode: subCode });
    });
  });

  test('an unknown error is repeated once', async () => {
    await fault(account, 'busy', { times: 1 });
    await expect(login(account)).resolves.toMatchObject({ openid: expect.any(String) as string });
    await fault(account, 'busy', { times: 2 });
    await expect(login(account)).rejects.toMatchObject({ problem: 'platform_busy', platformCode: 'isp.unknow-error' });
    await expect(login(account)).resolves.toBeDefined();
  });

  test('a failure of something before the gateway is repeated, an answer that is none is not', async () => {
    await fault(account, 'status_500', { times: 1 });
    await expect(login(account)).resolves.toBeDefined();
    await fault(account, 'garbage');
    await expect(login(account)).rejects.toMatchObject({ problem: 'platform_answer_invalid' });
  });

  test('an answer that Alipay did not sign is refused', async () => {
    await fault(account, 'wrong_signature');
    await expect(login(account)).rejects.toMatchObject({ problem: 'platform_answer_invalid', status: 502 });
  });

  describe('verify', () => {
    const verify = async (tried: PlatformAccount) => {
      const { ok, checks } = await platform.verify(tried);
      expect(ok).toBe(checks.every((check) => check.ok));
      return { ok, said: checks.filter((check) => check.ok === ok).map(({ name, detail }) => `${name}: ${detail}`) };
    };

    test('finds nothing wrong where nothing is', async () => {
      const { ok, said } = await verify(account);
      expect(ok).toBe(true);
      expect(said.join('\n')).toMatch(/gateway: Alipay knows this app id.*\nanswers: Alipay's answers verify/);
    });

    test('says when an answer was not signed', async () => {
      const { ok, said } = await verify(await register({ mode, errorAnswers: 'unsigned' }));
      expect(ok).toBe(true);
      expect(said.join('\n')).toMatch(/did not sign this answer/);
    });

    test('tells a wrong app id', async () => {
      const { said } = await verify({ ...account, platformAppId: '2021999999999999' });
      expect(said).toEqual([
        expect.stringMatching(/^gateway: Alipay does not know this app id.*\[isv.invalid-app-id\]$/),
      ]);
    });

    test('tells a platform that cannot be reached', async () => {
      await fault(account, 'status_500', { times: 9 });
      const { said } = await verify(account);
      expect(said).toEqual([expect.stringMatching(/busy.*\[http_500\]/)]);
      await fetch(`${sandbox.url}/_/faults`, { method: 'DELETE' });
    });
  });
});

describe('in key mode', () => {
  let account: PlatformAccount<Fields>;
  beforeAll(async () => {
    account = await register({ mode: 'key' });
  });
  const verify = async (tried: PlatformAccount) =>
    (await platform.verify(tried)).checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);

  test('a key of our own that the console holds does', async () => {
    const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const credentials = { mode: 'key', appPrivateKey: bare(own.privateKey) };
    const shown = await post<{ platformAppId: string; credentials: Fields }>('accounts', {
      platform: 'alipay',
      kind: 'program',
      credentials: platform.toConsole(credentials),
    });
    await expect(
      login(accountOf(shown.platformAppId, { ...shown.credentials, ...credentials })),
    ).resolves.toBeDefined();
  });

  test('an app that migrates names both ids, an old one the user_id', async () => {
    const migrating = await login(await register({ mode: 'key', idMode: 'both' }));
    expect(migrating).toMatchObject({ openid: expect.stringMatching(/^0/) as string, alternateOpenid: expect.stringMatching(/^2088\d{12}$/) as string }); // prettier-ignore
    const old = await login(await register({ mode: 'key', idMode: 'user_id' }));
    expect(old).toMatchObject({ openid: migrating.alternateOpenid });
    expect(old).not.toHaveProperty('alternateOpenid');
  });

  test('a mini-program outside of any group has no unionid', async () => {
    expect(await login(await register({}, { unionid: false }))).not.toHaveProperty('unionid');
  });

  test('verify tells a private key that is not the one of the console', async () => {
    const said = await verify(but(account, { appPrivateKey: bare(strangers.privateKey) }));
    expect(said).toEqual([
      expect.stringMatching(/^gateway: .* is not the one of appPrivateKey.*\[isv.invalid-signature\]$/),
    ]);
  });

  test("verify tells an Alipay key that is not Alipay's", async () => {
    const said = await verify(but(account, { alipayPublicKey: bare(strangers.publicKey) }));
    expect(said).toEqual([expect.stringMatching(/^gateway: The answer does not verify with alipayPublicKey/)]);
  });

  test('verify tells a console that is in certificate mode', async () => {
    const { platformAppId } = await register({ mode: 'certificate' });
    expect(await verify({ ...account, platformAppId })).toEqual([expect.stringMatching(/certificate mode/)]);
  });

  test('verify tells credentials that cannot be read', async () => {
    expect(await verify(but(account, { alipayPublicKey: 'x' }))).toEqual([expect.stringMatching(/^credentials: alipayPublicKey: This is not/)]); // prettier-ignore
  });

  test('a new key of Alipay is not believed until the account has it', async () => {
    const rotated = await register({ mode: 'key' });
    await fault(rotated, 'rotate_key');
    await expect(login(rotated)).rejects.toMatchObject({ problem: 'platform_answer_invalid' });
    const { credentials } = await register({}, { platformAppId: rotated.platformAppId });
    await expect(login(but(rotated, credentials))).resolves.toBeDefined();
  });

  test('a phone number needs the AES key of the console', async () => {
    const { aesKey: _, ...credentials } = account.credentials;
    const misconfigured = { problem: 'platform_account_misconfigured', message: /aesKey/ };
    await expect(phone(accountOf(account.platformAppId, credentials))).rejects.toMatchObject(misconfigured);
    await expect(phone(but(account, { aesKey: randomBytes(16).toString('base64') }))).rejects.toMatchObject(misconfigured); // prettier-ignore
  });

  test('there are no phone codes', async () => {
    await expect(platform.phone(account, { code: 'x' })).rejects.toMatchObject({ problem: 'platform_data_invalid' });
  });
});

describe('in certificate mode', () => {
  let account: PlatformAccount<Fields>;
  let other: PlatformAccount<Fields>;
  beforeAll(async () => {
    account = await register({ mode: 'certificate' });
    other = await register({ mode: 'certificate' });
  });
  const verify = async (tried: PlatformAccount) =>
    (await platform.verify(tried)).checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
  const downloads = async ({ platformAppId }: PlatformAccount): Promise<number> => {
    const answer = await fetch(`${sandbox.url}/_/calls?platform=alipay&limit=1000`);
    const { calls } = (await answer.json()) as { calls: { platformAppId?: string; operation?: string }[] };
    return calls.filter((call) => call.platformAppId === platformAppId && call.operation === DOWNLOAD).length;
  };

  test('a new certificate of Alipay is fetched once, and believed', async () => {
    const renewed = await register({ mode: 'certificate' });
    await login(renewed);
    expect(await downloads(renewed)).toBe(0);
    await fault(renewed, 'rotate_key');
    const codes = await Promise.all(Array.from({ length: 20 }, (_, i) => codeFor(renewed, `user-${i}`)));
    const people = await Promise.all(codes.map((code) => platform.exchange(renewed, { code })));
    expect(new Set(people.map(({ openid }) => openid)).size).toBe(20);
    expect(await downloads(renewed)).toBe(1);
    await expect(phone(renewed, { phone: '13800138000' })).resolves.toMatchObject({ number: '+8613800138000' });
  });

  test('a call and its answer can be encrypted', async () => {
    const gateway = new AlipayGateway(http, new AlipayKeyring());
    const sn = certificateSn(new X509Certificate(account.credentials['alipayCertificate']!));
    const call = { method: DOWNLOAD, bizContent: { alipay_cert_sn: sn }, encrypted: true };
    const { alipay_cert_content: content } = await gateway.call(account, call, DownloadedCertificate);
    expect(Buffer.from(content, 'base64').toString().trim()).toBe(account.credentials['alipayCertificate']!.trim());
    const mistaken = but(account, { aesKey: randomBytes(16).toString('base64') });
    await expect(gateway.call(mistaken, call, DownloadedCertificate)).rejects.toMatchObject({
      problem: 'platform_account_misconfigured',
      message: /aesKey/,
    });
  });

  test('a fetch that fails is made again by the next login', async () => {
    const renewed = await register({ mode: 'certificate' });
    await fault(renewed, 'rotate_key');
    await post('faults', { match: { platform: 'alipay', path: DOWNLOAD }, kind: 'code', code: 'isv.alipay-cert-not-exist' }); // prettier-ignore
    await expect(login(renewed)).rejects.toMatchObject({ problem: 'platform_answer_invalid' });
    await expect(login(renewed)).resolves.toBeDefined();
  });

  test("a new certificate is not believed by an account that holds some developer's instead of Alipay's", async () => {
    const deceived = but(account, { alipayCertificate: other.credentials['appCertificate']! });
    await expect(login(deceived)).rejects.toMatchObject({
      problem: 'platform_answer_invalid',
      message: /cannot trust/,
    });
    expect(await verify(deceived)).toEqual([expect.stringMatching(/^gateway: .*cannot trust/)]);
  });

  test("verify tells a certificate that is not the console's", async () => {
    const { appPrivateKey, appCertificate } = other.credentials;
    const said = await verify(but(account, { appPrivateKey: appPrivateKey!, appCertificate: appCertificate! }));
    expect(said).toEqual([expect.stringMatching(/appCertificate is not the certificate.*\[isv.app-cert-not-exist\]$/)]);
  });

  test('verify tells a console that is in key mode', async () => {
    const { platformAppId } = await register({ mode: 'key' });
    expect(await verify({ ...account, platformAppId })).toEqual([expect.stringMatching(/key mode/)]);
  });

  test('credentials whose certificates are mixed up are refused', async () => {
    const mixed = [
      but(account, { appCertificate: other.credentials['appCertificate']! }),
      but(account, { alipayCertificate: account.credentials['appCertificate']! }),
    ];
    const fields = mixed.map(
      ({ credentials }) => platform.credentials.safeParse(credentials).error?.issues[0]?.path[0],
    );
    expect(fields).toEqual(['appCertificate', 'alipayCertificate']);
  });
});
