import { generateKeyPairSync } from 'node:crypto';
import { DouyinPlatform } from '../../src/platforms/douyin/douyin.platform.js';
import { DouyinApi } from '../../src/platforms/douyin/api.js';
import { DOUYIN_ERRORS } from '../../src/platforms/douyin/errors.js';
import { accessToken } from '../../src/platforms/douyin/tokens.js';
import type { LoginCodes, PlatformAccount } from '../../src/platforms/platform.js';
import { Bench, problemOf } from './bench.js';
import { behavesLikeASessionPlatform } from './session.contract.js';

const LOGIN = '/api/apps/v2/jscode2session';
const PHONE = '/api/apps/v1/get_phonenumber_info/';
const ACCESS_TOKEN = '/api/apps/v2/token';
const CLIENT_TOKEN = '/oauth/client_token/';

let bench: Bench;
let douyin: DouyinPlatform;

/** With tokens of its own in memory. */
const newProcess = (): DouyinPlatform => new DouyinPlatform(bench.http, bench.newTokens(), bench.clock);

beforeAll(async () => {
  bench = await Bench.start();
  douyin = newProcess();
});
afterAll(() => bench.stop());

behavesLikeASessionPlatform(
  'douyin',
  () => bench,
  () => douyin,
  { phone: PHONE, token: CLIENT_TOKEN },
);

describe('anonymous visitors', () => {
  let account: PlatformAccount;
  const login = (over: object): Promise<LoginCodes> => bench.person<LoginCodes>('login', account, over);

  beforeAll(async () => {
    account = await bench.account('douyin');
  });

  test('somebody who is not logged in is known by the device alone', async () => {
    const codes = await login({ user: 'nobody', anonymous: true, device: 'phone-1' });
    expect(codes.code).toBeUndefined();
    const visitor = await douyin.exchange(account, codes);
    expect(visitor).toEqual({ anonymousOpenid: expect.any(String) as string });
  });

  test('who logs in later brings both ids, and the same device', async () => {
    const visitor = await douyin.exchange(account, await login({ user: 'a', anonymous: true, device: 'phone-1' }));
    const person = await douyin.exchange(account, await login({ user: 'ming', device: 'phone-1' }));
    expect(person.anonymousOpenid).toBe(visitor.anonymousOpenid);
    expect(person.openid).toBeDefined();
    expect(person.sessionKey).toHaveLength(24);
  });

  test('the code alone is enough', async () => {
    const { code } = await login({ user: 'ming' });
    const person = await douyin.exchange(account, { code: code! });
    expect(person.openid).toBeDefined();
    expect(person.anonymousOpenid).toBeUndefined();
  });

  test('a used anonymous code is refused', async () => {
    const codes = await login({ user: 'nobody', anonymous: true });
    await douyin.exchange(account, codes);
    expect((await problemOf(douyin.exchange(account, codes))).code).toBe('login_code_invalid');
  });
});

describe('phone numbers by code', () => {
  let account: PlatformAccount;
  beforeAll(async () => {
    account = await bench.account('douyin');
  });
  const tap = () => bench.person<{ code: string }>('phone', account, { user: 'ming', form: 'code' });
  const newKey = (): string =>
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const withCredentials = (over: object): PlatformAccount => ({
    ...account,
    credentials: { ...(account.credentials as object), ...over },
  });

  test('an answer for the application key before the last upload is still read', async () => {
    const { appPrivateKey: previousAppPrivateKey } = account.credentials as { appPrivateKey: string };
    const rotated = withCredentials({ appPrivateKey: newKey(), previousAppPrivateKey });
    expect(await douyin.phone(rotated, await tap(), { openid: '' })).toMatchObject({ countryCode: '86' });
  });

  test('a key that does not fit, or none, is the developer’s to mend; without a key the code is not spent', async () => {
    const wrong = withCredentials({ appPrivateKey: newKey() });
    const error = await problemOf(douyin.phone(wrong, await tap(), { openid: '' }));
    expect(error).toMatchObject({ code: 'platform_account_misconfigured' });
    expect(error.message).toMatch(/appPrivateKey does not open/);

    const proof = await tap();
    const none = withCredentials({ appPrivateKey: undefined });
    expect((await problemOf(douyin.phone(none, proof, { openid: '' }))).message).toMatch(/Set appPrivateKey/);
    expect(await douyin.phone(account, proof, { openid: '' })).toMatchObject({ countryCode: '86' });
  });

  test('the key may be written as PEM or as base64, in PKCS#8 or PKCS#1, and the console gets its public half', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const forms = [
      privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
      privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
      privateKey.export({ type: 'pkcs1', format: 'der' }).toString('base64'),
    ];
    const appPublicKey = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    for (const appPrivateKey of forms) {
      expect(douyin.credentials.safeParse({ secret: 's', appPrivateKey }).success).toBe(true);
      expect(douyin.toConsole({ secret: 's', appPrivateKey })).toEqual({ secret: 's', appPublicKey });
    }
    expect(douyin.toConsole({ appPrivateKey: 'no key' })).toEqual({});
  });
});

describe('error codes', () => {
  const general = {
    platform_busy: [-1, 28001005, 28005002],
    platform_account_misconfigured: [28001003, 28001008, 28001016, 28001018, 28001019],
    platform_refused: [28001038, 28005001],
    platform_rate_limited: [28005004, 28006003],
  };
  const rowsOf = (...tables: Record<string, number[]>[]): [number, string][] =>
    tables.flatMap((table) =>
      Object.entries(table).flatMap(([problem, codes]) => codes.map((code): [number, string] => [code, problem])),
    );
  const credentials = { platform_account_misconfigured: [40015, 40017], platform_refused: [40014, 40020] };
  const login = rowsOf(general, credentials, { login_code_invalid: [40018, 40019] });
  const phone = rowsOf(general, { phone_code_invalid: [28005187], platform_account_misconfigured: [40014] });
  const oldToken = rowsOf(general, credentials);
  const clientToken = rowsOf(general, {
    platform_refused: [10002],
    platform_account_misconfigured: [10003, 10013, 40014],
    platform_rate_limited: [10020],
  });

  let shared: PlatformAccount;
  let untokened: PlatformAccount;
  beforeAll(async () => {
    [shared, untokened] = await Promise.all([bench.account('douyin'), bench.account('douyin')]);
  });
  afterEach(() => bench.noFaults());
  const playing = async (path: string, code: number, account = shared): Promise<PlatformAccount> => {
    await bench.fault(account, { kind: 'code', code, path, times: 100 });
    return account;
  };
  const context = { openid: '' };

  test.each(login)('login: %i is %s', async (code, problem) => {
    const error = await problemOf(douyin.exchange(await playing(LOGIN, code), { code: 'x' }));
    expect(error).toMatchObject({ code: problem, platformCode: String(code) });
  });

  test.each(phone)('phone number: %i is %s', async (code, problem) => {
    const error = await problemOf(douyin.phone(await playing(PHONE, code), { code: 'x' }, context));
    expect(error).toMatchObject({ code: problem, platformCode: String(code) });
  });

  test.each(clientToken)('client token: %i is %s', async (code, problem) => {
    const account = await playing(CLIENT_TOKEN, code, untokened);
    const error = await problemOf(newProcess().phone(account, { code: 'x' }, context));
    expect(error).toMatchObject({ code: problem, platformCode: String(code) });
  });

  test.each(oldToken)('access token: %i is %s', async (code, problem) => {
    const source = accessToken(new DouyinApi(bench.http));
    const error = await problemOf(source.fetch(await playing(ACCESS_TOKEN, code)));
    expect(error).toMatchObject({ code: problem, platformCode: String(code) });
  });

  test('no row of the table is left out here', () => {
    const codes = (table: object): number[] => Object.keys(table).map(Number);
    const sections = [['login', login], ['phone', phone], ['clientToken', clientToken], ['accessToken', oldToken]] as const; // prettier-ignore
    for (const [section, rows] of sections) {
      const told = new Set([...codes(DOUYIN_ERRORS.any), ...codes(DOUYIN_ERRORS[section])]);
      const tried = new Set(rows.map(([code]) => code));
      expect([...told].filter((code) => !tried.has(code))).toEqual([]);
    }
  });

  test('a code that no table knows is tried once more, then shown', async () => {
    const account = await playing(LOGIN, 12345, untokened);
    const error = await problemOf(douyin.exchange(account, { code: 'x' }));
    expect(error).toMatchObject({ code: 'platform_refused', extra: { platformCode: '12345' } });
    expect(await bench.callsTo(account, LOGIN)).toBe(2);
  });
});

describe('verifying an account', () => {
  let account: PlatformAccount;
  beforeAll(async () => {
    account = await bench.account('douyin');
  });

  test('tries both tokens, and tells about the key that nobody can try', async () => {
    expect(await douyin.verify(account)).toMatchObject({
      ok: true,
      checks: [
        { name: 'access_token', ok: true },
        { name: 'client_token', ok: true },
        { name: 'application_key', ok: true },
      ],
    });
    const { secret } = account.credentials as { secret: string };
    const { checks } = await douyin.verify({ ...account, credentials: { secret } });
    expect(checks.at(-1)?.detail).toMatch(/no appPrivateKey/);
  });

  test('a wrong secret fails at both doors', async () => {
    const { ok, checks } = await douyin.verify({ ...account, credentials: { secret: 'wrong' } });
    expect(ok).toBe(false);
    expect(checks.map((check) => [check.ok, check.detail.slice(-7)])).toEqual([
      [false, '[40017]'],
      [false, '[10013]'],
      [true, expect.any(String)],
    ]);
  });
});
