import type { AccessTokens, TokenSource } from '../access-tokens.js';
import { isCode } from '../answers.js';
import { PlatformError } from '../errors.js';
import type { PlatformAccount, PlatformPhone } from '../platform.js';
import { repeating } from '../repeating.js';
import { phoneIn } from '../session-data.js';
import { OPEN_DOUYIN, type DouyinApi, type DouyinEndpoint } from './api.js';
import { credentialsOf } from './credentials.js';
import { EncryptedPhone } from './douyin.wire.js';
import { DOUYIN_ERRORS } from './errors.js';
import { rsaPrivateKey } from './keys.js';
import { openRsaBlock } from './phone-cipher.js';

const PHONE_NUMBER_INFO: DouyinEndpoint<string> = {
  origin: OPEN_DOUYIN,
  path: '/api/apps/v1/get_phonenumber_info/',
  operation: 'get_phonenumber_info',
  data: EncryptedPhone,
  errors: DOUYIN_ERRORS.phone,
};

/** Exchanges the code of the phone button (base library 3.51), which Douyin answers encrypted for the application key. */
export async function exchangePhoneCode(
  api: DouyinApi,
  tokens: AccessTokens,
  source: TokenSource,
  account: PlatformAccount,
  code: string,
): Promise<PlatformPhone> {
  if (!isCode(code)) throw new PlatformError('phone_code_invalid', account);
  const { appPrivateKey, previousAppPrivateKey } = credentialsOf(account);
  if (!appPrivateKey) {
    // Before the call, which would use up the code for nothing.
    throw new PlatformError('platform_account_misconfigured', account, {
      detail: 'Set appPrivateKey in the credentials: Douyin encrypts phone numbers for the application key.',
    });
  }
  const encrypted = await tokens.use(account, source, (token) =>
    repeating(() => api.post(account, PHONE_NUMBER_INFO, { code }, token)),
  );
  const block = Buffer.from(encrypted, 'base64');
  for (const key of [appPrivateKey, previousAppPrivateKey]) {
    const read = key ? rsaPrivateKey(key) : undefined;
    const data = read && jsonOf(openRsaBlock(read, block));
    if (data) return phoneIn(account, data, 'platform_answer_invalid');
  }
  throw new PlatformError('platform_account_misconfigured', account, {
    detail: 'appPrivateKey does not open the answer: it is not the pair of the public key in the console.',
  });
}

/** A wrong key passes for good padding once in some ten thousand times; the noise behind it is no JSON. */
function jsonOf(bytes: Buffer | undefined): unknown {
  try {
    return bytes && JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
