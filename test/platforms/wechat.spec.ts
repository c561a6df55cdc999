import { WechatPlatform } from '../../src/platforms/wechat/wechat.platform.js';
import { WECHAT_ERRORS } from '../../src/platforms/wechat/errors.js';
import type { PlatformAccount } from '../../src/platforms/platform.js';
import { Bench, problemOf } from './bench.js';
import { behavesLikeASessionPlatform } from './session.contract.js';

const LOGIN = '/sns/jscode2session';
const PHONE = '/wxa/business/getuserphonenumber';
const TOKEN = '/cgi-bin/stable_token';

let bench: Bench;
let wechat: WechatPlatform;

/** With tokens of its own in memory. */
const newProcess = (): WechatPlatform => new WechatPlatform(bench.http, bench.newTokens(), bench.clock);

beforeAll(async () => {
  bench = await Bench.start();
  wechat = newProcess();
});
afterAll(() => bench.stop());

behavesLikeASessionPlatform(
  'wechat',
  () => bench,
  () => wechat,
  { phone: PHONE, token: TOKEN },
);

describe('error codes', () => {
  const general = {
    platform_busy: [-1],
    user_blocked: [40226],
    platform_rate_limited: [45009, 45011, 45029],
    login_again: [61010, 87008, 87009],
    platform_account_misconfigured: [
      40001, 40014, 42001, 40013, 40125, 40164, 40243, 43104, 48001, 48004, 50002, 50004, 50007, 61007, 85079, 89002,
      89501, 89503, 89506, 89507,
    ],
    platform_refused: [
      40002, 40003, 40033, 40035, 40066, 40097, 40165, 40212, 41001, 41002, 41003, 41004, 41005, 41006, 41007, 41008,
      41009, 43001, 43002, 43003, 44002, 47001,
    ],
  };
  const rowsOf = (table: Record<string, number[]>): [number, string][] =>
    Object.entries(table).flatMap(([problem, codes]) => codes.map((code): [number, string] => [code, problem]));

  const login = rowsOf({ ...general, login_code_invalid: [40029, 40163] });
  const phone = rowsOf({
    ...general,
    platform_account_misconfigured: general.platform_account_misconfigured.filter((code) => code !== 40013),
    platform_refused: general.platform_refused.filter((code) => code !== 40003),
    phone_code_invalid: [40003, 40013, 40029, 40163],
  });
  const token = rowsOf(general);

  let shared: PlatformAccount;
  let untokened: PlatformAccount;
  beforeAll(async () => {
    [shared, untokened] = await Promise.all([bench.account('wechat'), bench.account('wechat')]);
  });
  const playing = async (path: string, code: number, account = shared): Promise<PlatformAccount> => {
    await bench.fault(account, { kind: 'code', code, path, times: 100 });
    return account;
  };
  afterEach(() => bench.noFaults());

  test.each(login)('login: %i is %s', async (code, problem) => {
    const error = await problemOf(wechat.exchange(await playing(LOGIN, code), { code: 'x' }));
    expect(error).toMatchObject({ code: problem, platformCode: String(code) });
  });

  test.each(phone)('phone number: %i is %s', async (code, problem) => {
    const error = await problemOf(wechat.phone(await playing(PHONE, code), { code: 'x' }, { openid: 'o' }));
    expect(error).toMatchObject({ code: problem, platformCode: String(code) });
  });

  test.each(token)('access token: %i is %s', async (code, problem) => {
    const account = await playing(TOKEN, code, untokened);
    const error = await problemOf(newProcess().phone(account, { code: 'x' }, { openid: 'o' }));
    expect(error).toMatchObject({ code: problem, platformCode: String(code) });
  });

  test('no row of the table is left out here', () => {
    const codes = (table: object): number[] => Object.keys(table).map(Number);
    for (const [call, rows] of [
      ['login', login],
      ['phone', phone],
      ['token', token],
    ] as const) {
      // prettier-ignore
      const told = new Set([...codes(WECHAT_ERRORS.any), ...codes(WECHAT_ERRORS[call])]);
      const tried = new Set(rows.map(([code]) => code));
      expect([...told].filter((code) => !tried.has(code))).toEqual([]);
    }
  });

  test('a code that no table knows is tried once more, then shown', async () => {
    const account = await playing(LOGIN, 12345, untokened);
    const error = await problemOf(wechat.exchange(account, { code: 'x' }));
    expect(error).toMatchObject({ code: 'platform_refused', extra: { platformCode: '12345' } });
    expect(await bench.callsTo(account, LOGIN)).toBe(2);
  });

  test('limits say how long to wait', async () => {
    const error = await problemOf(wechat.exchange(await playing(LOGIN, 45011), { code: 'x' }));
    expect(error.extra.retryAfter).toBe(60);
  });

  test('the platform’s own text is for the log, not for the caller', async () => {
    const error = await problemOf(wechat.exchange(await playing(LOGIN, 40029), { code: 'x' }));
    expect((error.cause as Error).message).toMatch(/^40029: invalid code rid: /);
    expect(JSON.stringify([error.message, error.extra])).not.toContain('rid:');
  });
});

describe('verifying an account', () => {
  const check = async (account: PlatformAccount) => {
    const { ok, checks } = await wechat.verify(account);
    return { ok, detail: checks.map(({ detail }) => detail).join(' ') };
  };

  test('good credentials pass, and their token serves the next calls', async () => {
    const account = await bench.account('wechat');
    expect(await check(account)).toMatchObject({ ok: true });
    const { code } = await bench.person<{ code: string }>('phone', account, { user: 'ming', form: 'code' });
    await wechat.phone(account, { code }, { openid: '' });
    expect(await bench.callsTo(account, TOKEN)).toBe(1);
  });

  test('what is wrong is said in plain words', async () => {
    const account = await bench.account('wechat');
    expect(await check({ ...account, credentials: { secret: 'wrong' } })).toEqual({
      ok: false,
      detail: 'The secret is wrong or was reset: copy it from the console of the mini-program. [40125]',
    });
    expect((await check({ ...account, platformAppId: 'wx0000000000000000' })).detail).toMatch(/app id.*\[40013\]$/);
    await bench.fault(account, { kind: 'code', code: 40164, path: TOKEN });
    expect((await check(account)).detail).toBe(
      'WeChat does not accept calls from the IP of this server: add it to the IP allow list of the mini-program. ' +
        '[40164] The platform sees this server as 127.0.0.1.',
    );
    await bench.fault(account, { kind: 'code', code: 40243, path: TOKEN });
    expect((await check(account)).detail).toMatch(/frozen/);
  });

  test('is not held up by earlier failures', async () => {
    const account = await bench.account('wechat');
    await bench.fault(account, { kind: 'code', code: 45011, path: TOKEN });
    const proof = await bench.person<{ code: string }>('phone', account, { user: 'ming', form: 'code' });
    expect((await problemOf(wechat.phone(account, proof, { openid: '' }))).code).toBe('platform_rate_limited');
    expect((await check(account)).ok).toBe(true);
    expect(await wechat.phone(account, proof, { openid: '' })).toMatchObject({ countryCode: '86' });
  });
});

test('the phone code of somebody else is refused', async () => {
  const account = await bench.account('wechat');
  const codes = await bench.person<{ code: string }>('login', account, { user: 'hong' });
  const { openid } = await wechat.exchange(account, codes);
  const proof = await bench.person<{ code: string }>('phone', account, { user: 'ming', form: 'code' });
  expect((await problemOf(wechat.phone(account, proof, { openid: openid! }))).code).toBe('phone_code_invalid');
});

test('credentials are strict, and ids have WeChat’s form', () => {
  expect(wechat.credentials.safeParse({ secret: 'abc' }).success).toBe(true);
  for (const bad of [{}, { secret: '' }, { secret: 'a b' }, { secret: 'abc', more: 1 }]) {
    expect(wechat.credentials.safeParse(bad).success).toBe(false);
  }
  expect(wechat.platformAppId.safeParse('wx0123456789abcdef').success).toBe(true);
  expect(wechat.platformAppId.safeParse('wx0123').success).toBe(false);
});
