import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { PlatformAccount } from './platform.js';
import { isSignedWith, openSessionData, phoneIn, profileIn } from './session-data.js';

interface Vectors {
  readonly signature: { readonly sessionKey: string; readonly rawData: string; readonly signature: string };
  readonly encrypted: Readonly<
    Record<'appId' | 'sessionKey' | 'encryptedData' | 'iv' | 'unionId' | 'nickName', string>
  > & {
    readonly timestamp: number;
  };
}
const { signature: signed, encrypted } = JSON.parse(
  readFileSync(new URL('./session-data.vectors.json', import.meta.url), 'utf8'),
) as Vectors;

const account: PlatformAccount = {
  appId: 'app_1',
  id: 'pac_1',
  platform: 'wechat',
  platformAppId: encrypted.appId,
  mode: 'live',
  credentials: {},
};
const made = encrypted.timestamp * 1_000;
const minutes = (count: number): Date => new Date(made + count * 60_000);

const problemOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

/** As the client's framework does it. */
const encrypt = (data: unknown, sessionKey = encrypted.sessionKey) => {
  const iv = Buffer.alloc(16, 7);
  const cipher = createCipheriv('aes-128-cbc', Buffer.from(sessionKey, 'base64'), iv);
  const text = Buffer.concat([cipher.update(JSON.stringify(data)), cipher.final()]);
  return { encryptedData: text.toString('base64'), iv: iv.toString('base64') };
};
const watermark = { appid: encrypted.appId, timestamp: encrypted.timestamp };

describe('the signature of rawData', () => {
  test('fits the sample of the documentation', () => {
    expect(isSignedWith(signed.sessionKey, signed.rawData, signed.signature)).toBe(true);
  });

  test('does not fit when one byte of the data, the key or the signature differs', () => {
    expect(isSignedWith(signed.sessionKey, signed.rawData.replace('Band', 'band'), signed.signature)).toBe(false);
    expect(isSignedWith(`x${signed.sessionKey.slice(1)}`, signed.rawData, signed.signature)).toBe(false);
    expect(isSignedWith(signed.sessionKey, signed.rawData, `8${signed.signature.slice(1)}`)).toBe(false);
  });

  test.each(['', 'zz', signed.signature.slice(2), `${signed.signature}00`, `${signed.signature}zz`])(
    'is refused when it is not the hex of a SHA-1: %p',
    (signature) => {
      expect(isSignedWith(signed.sessionKey, signed.rawData, signature)).toBe(false);
    },
  );
});

describe('encrypted data', () => {
  const open = (over: Partial<typeof encrypted> = {}, now = minutes(1)) => {
    const { sessionKey, encryptedData, iv } = { ...encrypted, ...over };
    return openSessionData(account, { encryptedData, iv }, sessionKey, now);
  };

  test('opens the sample of the documentation', () => {
    expect(open()).toMatchObject({ nickName: encrypted.nickName, unionId: encrypted.unionId, watermark });
  });

  test('opens when a form has turned each plus into a space', () => {
    expect(open({ encryptedData: encrypted.encryptedData.replaceAll('+', ' ') })).toMatchObject({ watermark });
  });

  test('with one flipped bit in its last block, or under another session key, asks for a new login', () => {
    const bytes = Buffer.from(encrypted.encryptedData, 'base64');
    bytes[bytes.length - 1]! ^= 1;
    expect(problemOf(() => open({ encryptedData: bytes.toString('base64') }))).toBe('login_again');
    expect(problemOf(() => open({ sessionKey: signed.sessionKey }))).toBe('login_again');
  });

  test('asks for a new login when noise happens to end in good padding', () => {
    // Found by counting: under this key the sample's last block decrypts to noise that ends in 01.
    const key = Array.from({ length: 5_000 }, (_, i) => createHash('md5').update(String(i)).digest('base64')).find(
      (sessionKey) => isPadded(sessionKey),
    );
    expect(key).toBeDefined();
    expect(problemOf(() => open({ sessionKey: key! }))).toBe('login_again');
  });

  test.each([undefined, '', 'dG9vIHNob3J0'])('asks for a new login when there is no session key: %p', (sessionKey) => {
    const run = () => openSessionData(account, encrypted, sessionKey, minutes(1));
    expect(problemOf(run)).toBe('login_again');
  });

  test.each([
    ['a cut text', { encryptedData: encrypted.encryptedData.slice(0, 30) }],
    ['an empty text', { encryptedData: '' }],
    ['a cut iv', { iv: 'r7BXXKkLb8o=' }],
    ['no iv', { iv: '' }],
  ])('is refused with %s', (_, over) => {
    expect(problemOf(() => open(over))).toBe('platform_data_invalid');
  });

  test('is refused when it is older than ten minutes or comes from the future', () => {
    expect(problemOf(() => open({}, minutes(10)))).toMatchObject({ watermark });
    expect(problemOf(() => open({}, minutes(10.1)))).toBe('platform_data_invalid');
    expect(problemOf(() => open({}, minutes(-2)))).toBe('platform_data_invalid');
  });

  test('is refused when it was made for another mini-program, or carries no watermark', () => {
    const foreign = encrypt({ watermark: { ...watermark, appid: 'wx0000000000000000' } });
    expect(problemOf(() => open(foreign))).toBe('platform_data_invalid');
    expect(problemOf(() => open(encrypt({ phoneNumber: '1' })))).toBe('platform_data_invalid');
    expect(problemOf(() => open(encrypt(null)))).toBe('platform_data_invalid');
  });
});

describe('a phone number', () => {
  const read = (data: unknown) => phoneIn(account, data, 'platform_answer_invalid');

  test.each([
    [{ phoneNumber: '13800001111', purePhoneNumber: '13800001111', countryCode: '86' }, '+8613800001111'],
    [{ phoneNumber: '13800001111', purePhoneNumber: '13800001111', countryCode: 86 }, '+8613800001111'],
    [{ phoneNumber: '+85261234567', purePhoneNumber: '61234567', countryCode: '+852' }, '+85261234567'],
  ])('%j is %s', (data, number) => {
    expect(read({ ...data, watermark })).toMatchObject({ number });
  });

  test.each([undefined, null, 'text', {}, { purePhoneNumber: '', countryCode: '86' }])('%j is none', (data) => {
    expect(problemOf(() => read(data))).toBe('platform_answer_invalid');
  });

  test('of another mini-program is refused', () => {
    const data = { purePhoneNumber: '13800001111', countryCode: '86', watermark: { ...watermark, appid: 'wx1' } };
    expect(problemOf(() => read(data))).toBe('platform_answer_invalid');
  });
});

describe('a profile', () => {
  const profile = (over: object = {}, now = minutes(1)) =>
    profileIn(account, { rawData: signed.rawData, signature: signed.signature, ...over }, signed.sessionKey, now);

  test('is read from the signed data', () => {
    expect(profile()).toMatchObject({ nickname: 'Band', avatarUrl: expect.stringMatching(/^http:/) as string });
  });

  test('takes the unionid only from the encrypted data', () => {
    expect(profile().unionid).toBeUndefined();
    const sealed = encrypt({ unionId: 'ocMvos6NjeKLIBqg5Mr9QjxrP1FA', watermark }, signed.sessionKey);
    expect(profile({ encrypted: sealed }).unionid).toBe('ocMvos6NjeKLIBqg5Mr9QjxrP1FA');
  });

  test('with a bad signature is refused, the encrypted part unread', () => {
    expect(problemOf(() => profile({ rawData: signed.rawData.replace('Band', 'Bond') }))).toBe('platform_data_invalid');
  });

  test('that is signed but no profile is refused', () => {
    const rawData = 'not JSON';
    const signature = createHash('sha1').update(rawData + signed.sessionKey).digest('hex'); // prettier-ignore
    expect(problemOf(() => profile({ rawData, signature }))).toBe('platform_data_invalid');
  });
});

/** Whether the sample's last block ends in 01 under this key. */
function isPadded(sessionKey: string): boolean {
  const bytes = Buffer.from(encrypted.encryptedData, 'base64');
  const decipher = createDecipheriv('aes-128-cbc', Buffer.from(sessionKey, 'base64'), bytes.subarray(-32, -16));
  decipher.setAutoPadding(false);
  return decipher.update(bytes.subarray(-16)).at(-1) === 1;
}
