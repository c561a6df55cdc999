import type {
  EncryptedData,
  LoginCodes,
  LoginPlatform,
  PhoneContext,
  PhonePlatform,
  PlatformAccount,
  PlatformCode,
  ProfilePlatform,
  ProfileProof,
} from '../../src/platforms/platform.js';
import { type Bench, problemOf } from './bench.js';

type SessionPlatform = LoginPlatform & PhonePlatform & ProfilePlatform;

/** What platforms do whose clients sign and encrypt with a session key, and have a phone button that gives codes. */
export function behavesLikeASessionPlatform(
  code: PlatformCode,
  bench: () => Bench,
  platform: () => SessionPlatform,
  paths: { readonly phone: string; readonly token: string },
): void {
  describe(`${code} as a platform with session keys`, () => {
    let account: PlatformAccount;
    let context: PhoneContext;

    const logIn = async (user: string): Promise<PhoneContext> => {
      const codes = await bench().person<LoginCodes>('login', account, { user });
      const { openid, sessionKey } = await platform().exchange(account, codes);
      return { openid: openid!, sessionKey: sessionKey! };
    };
    const tap = <T>(form: 'code' | 'encrypted', over: object = {}): Promise<T> =>
      bench().person<T>('phone', account, { user: 'ming', form, ...over });
    const phone = (proof: { code: string } | EncryptedData, with_ = context) => platform().phone(account, proof, with_);

    beforeAll(async () => {
      account = await bench().account(code);
    });
    beforeEach(async () => {
      context = await logIn('ming');
    });
    afterEach(() => bench().noFaults());

    describe.each(['code', 'encrypted'] as const)('a phone number in its %s form', (form) => {
      test('is read', async () => {
        const proof = await tap<{ code: string }>(form, { phone: '13800138000' });
        expect(await phone(proof)).toEqual({ number: '+8613800138000', countryCode: '86' });
      });

      test('may be from abroad', async () => {
        const hua = await logIn('hua');
        const proof = await tap<{ code: string }>(form, { user: 'hua', phone: '+852-61234567' });
        expect(await phone(proof, hua)).toEqual({ number: '+85261234567', countryCode: '852' });
      });
    });

    test('a phone code works once, and a login code is none', async () => {
      const proof = await tap<{ code: string }>('code');
      await phone(proof);
      expect((await problemOf(phone(proof))).code).toBe('phone_code_invalid');
      const { code: loginCode } = await bench().person<{ code: string }>('login', account, { user: 'ming' });
      expect((await problemOf(phone({ code: loginCode }))).code).toBe('phone_code_invalid');
      expect((await problemOf(phone({ code: '\ud800' }))).code).toBe('phone_code_invalid');
    });

    test('a phone code of another mini-program is refused', async () => {
      const elsewhere = await bench().account(code);
      const proof = await bench().person<{ code: string }>('phone', elsewhere, { user: 'ming', form: 'code' });
      expect((await problemOf(phone(proof))).code).toBe('phone_code_invalid');
    });

    test('when the platform ends the token early, the call is repeated with a new one', async () => {
      await phone(await tap<{ code: string }>('code'));
      const before = await bench().callsTo(account, paths.token);
      await bench().person('expire', account, { what: 'token' });
      expect(await phone(await tap<{ code: string }>('code'))).toMatchObject({ countryCode: '86' });
      expect(await bench().callsTo(account, paths.token)).toBe(before + 1);
    });

    test('two hundred calls at once with one ended token make one token request', async () => {
      await phone(await tap<{ code: string }>('code'));
      const before = await bench().callsTo(account, paths.token);
      await bench().person('expire', account, { what: 'token' });
      const proofs = await Promise.all(Array.from({ length: 200 }, () => tap<{ code: string }>('code')));
      await Promise.all(proofs.map((proof) => phone(proof)));
      expect(await bench().callsTo(account, paths.token)).toBe(before + 1);
    });

    test('a busy platform is asked again', async () => {
      await bench().fault(account, { kind: 'busy', path: paths.phone });
      await bench().person('expire', account, { what: 'token' });
      await bench().fault(account, { kind: 'busy', path: paths.token });
      expect(await phone(await tap<{ code: string }>('code'))).toMatchObject({ countryCode: '86' });
    });

    test('data that was encrypted under an earlier session key asks for a new login', async () => {
      const proof = await tap<EncryptedData>('encrypted');
      expect((await problemOf(phone(proof, await logIn('ming')))).code).toBe('login_again');
      expect((await problemOf(phone(proof, { openid: context.openid }))).code).toBe('login_again');
    });

    test('data of another mini-program, or older than ten minutes, is refused', async () => {
      const foreign = await tap<EncryptedData>('encrypted', { watermark: { appid: 'wx0000000000000000' } });
      expect((await problemOf(phone(foreign))).code).toBe('platform_data_invalid');
      const timestamp = Math.floor(Date.now() / 1_000) - 601;
      const old = await tap<EncryptedData>('encrypted', { watermark: { timestamp } });
      expect((await problemOf(phone(old))).code).toBe('platform_data_invalid');
    });

    test('a profile is read when its signature holds, with the unionid from its encrypted part', async () => {
      const { rawData, signature, ...encrypted } = await bench().person<ProfileProof & EncryptedData>(
        'profile',
        account,
        { user: 'ming', nickname: '小明' },
      );
      const profile = platform().profile(account, { rawData, signature, encrypted }, context.sessionKey!);
      expect(profile).toMatchObject({ nickname: '小明', unionid: expect.any(String) as string });

      const forged = { rawData: rawData.replace('小明', '小红'), signature };
      expect(() => platform().profile(account, forged, context.sessionKey!)).toThrow(
        expect.objectContaining({ code: 'platform_data_invalid' }) as Error,
      );
    });
  });
}
