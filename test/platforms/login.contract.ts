import type { PlatformHttp } from '../../src/platforms/platform-http.js';
import type { LoginCodes, LoginPlatform, PlatformAccount, PlatformCode } from '../../src/platforms/platform.js';
import { type Bench, problemOf } from './bench.js';

/** What every LoginPlatform does, whatever its wire looks like. The functions are called when the bench stands. */
export function behavesLikeALoginPlatform(
  code: PlatformCode,
  bench: () => Bench,
  platformOver: (http: PlatformHttp) => LoginPlatform,
  /** Credentials that the platform refuses, made from good ones. */
  spoil: (credentials: object) => object,
): void {
  describe(`${code} as a login platform`, () => {
    let platform: LoginPlatform;
    let account: PlatformAccount;
    let elsewhere: PlatformAccount;
    const login = (user: string, of = account): Promise<LoginCodes> =>
      bench().person<LoginCodes>('login', of, { user });
    const exchange = (codes: LoginCodes, of = account) => platform.exchange(of, codes);

    beforeAll(async () => {
      platform = platformOver(bench().http);
      [account, elsewhere] = await Promise.all([bench().account(code), bench().account(code)]);
    });
    afterEach(() => bench().noFaults());

    test('a code gives the person, the same at every login', async () => {
      const first = await exchange(await login('ming'));
      expect(first.openid).toMatch(/^\S+$/);
      expect((await exchange(await login('ming'))).openid).toBe(first.openid);
      expect((await exchange(await login('hong'))).openid).not.toBe(first.openid);
    });

    test('a person has one unionid in all mini-programs of a developer, and another openid in each', async () => {
      const here = await exchange(await login('ming'));
      const there = await exchange(await login('ming', elsewhere), elsewhere);
      expect(here.unionid).toMatch(/^\S+$/);
      expect(there.unionid).toBe(here.unionid);
      expect(there.openid).not.toBe(here.openid);
    });

    test('a code works once, also when two requests race for it', async () => {
      const codes = await login('ming');
      const ends = await Promise.allSettled([exchange(codes), exchange(codes)]);
      expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect((await problemOf(exchange(codes))).code).toBe('login_code_invalid');
    });

    test.each(['', ' ', 'never-given', 'x'.repeat(5_000), '\ud800', '1&secret=2', '码'])(
      '%j is no code',
      async (text) => {
        expect((await problemOf(exchange({ code: text }))).code).toBe('login_code_invalid');
      },
    );

    test('no code at all is refused', async () => {
      expect((await problemOf(exchange({}))).code).toBe('login_code_invalid');
    });

    test('a code of another mini-program is refused', async () => {
      expect((await problemOf(exchange(await login('ming', elsewhere)))).code).toBe('login_code_invalid');
    });

    test('wrong credentials, or a mini-program that is not there, are the developer’s to mend', async () => {
      const codes = await login('ming');
      const spoiled = { ...account, credentials: spoil(account.credentials as object) };
      const error = await problemOf(exchange(codes, spoiled));
      expect(error).toMatchObject({ code: 'platform_account_misconfigured', status: 502 });
      expect(error.extra).toMatchObject({ platform: code, platformAccountId: account.id });
    });

    test('a platform that is busy once is asked again, one that stays busy is reported', async () => {
      await bench().fault(account, { kind: 'busy' });
      expect((await exchange(await login('ming'))).openid).toBeDefined();
      await bench().fault(account, { kind: 'busy', times: 10 });
      expect((await problemOf(exchange(await login('ming')))).code).toBe('platform_busy');
    });

    test('a platform that fails or answers no sense is told apart from one that refuses', async () => {
      await bench().fault(account, { kind: 'status_500', times: 10 });
      expect((await problemOf(exchange(await login('ming')))).code).toBe('platform_busy');
      await bench().noFaults();
      await bench().fault(account, { kind: 'garbage', times: 10 });
      expect((await problemOf(exchange(await login('ming')))).code).toBe('platform_answer_invalid');
    });

    test('silence is an unknown outcome; when the code was consumed meanwhile, the client logs in anew', async () => {
      const impatient = platformOver(bench().impatientHttp);
      await bench().fault(account, { kind: 'timeout_before', times: 10 });
      expect((await problemOf(impatient.exchange(account, await login('ming')))).code).toBe('platform_unknown');
      await bench().noFaults();
      await bench().fault(account, { kind: 'timeout_after' });
      expect((await problemOf(impatient.exchange(account, await login('ming')))).code).toBe('login_code_invalid');
    });
  });
}
