import type { ZodType } from 'zod';
import { shaped } from '../answers.js';
import { PlatformError } from '../errors.js';
import type { PlatformAccount, PlatformPhone } from '../platform.js';
import { decryptContent } from './alipay.cipher.js';
import { aesKeysDiffer, errorOf } from './alipay.errors.js';
import { type AlipayKeys, alipayKeysOf } from './alipay.keyring.js';
import { aesKeyOf } from './alipay.request.js';
import { verifiedContent } from './alipay.signature.js';
import { PhoneAnswer, PhoneEnvelope } from './alipay.wire.js';

/**
 * The phone number in `res.response` of `my.getPhoneNumber`, which comes from Alipay through the client: nothing in it
 * counts before its signature does. It names neither the user nor the time; whoever holds it can show it again.
 */
export async function readPhone(account: PlatformAccount, keys: AlipayKeys, encrypted: string): Promise<PlatformPhone> {
  const { response, sign } = readJson(account, encrypted, PhoneEnvelope);
  // A number comes encrypted. Plain JSON is only ever a refusal, unsigned where the console has no signing key.
  const isPlain = response.startsWith('{');
  // Ciphertext was signed as the JSON string that it is, with its quotes; a plain refusal as it stands.
  const signed = Buffer.from(isPlain ? response : `"${response}"`);
  if (sign === undefined && !isPlain) throw invalid(account, NOT_SIGNED);
  if (sign !== undefined && !(await verifies(signed, sign, keys))) throw invalid(account, NOT_ALIPAYS);

  const answer = isPlain
    ? readJson(account, response, PhoneAnswer)
    : shaped(account, decrypted(account, keys, response), PhoneAnswer);
  const { code, msg = '', subCode, subMsg = '', mobile = '' } = answer;
  if (code !== '10000') throw errorOf(account, { code, subCode, message: `${code} ${msg} ${subMsg}`.slice(0, 300) });
  if (isPlain) throw invalid(account, NOT_PHONE_DATA);
  return numberOf(account, mobile);
}

const NOT_PHONE_DATA = 'encryptedData must be the string res.response of my.getPhoneNumber, as it is.';
const NOT_ALIPAYS = "The signature of the phone data is not Alipay's.";
const NOT_SIGNED =
  'The phone data is not signed. Alipay signs it once the console has a signing key, an AES key and an app gateway.';

const invalid = (account: PlatformAccount, detail: string): PlatformError =>
  new PlatformError('platform_data_invalid', account, { detail });

/** What the client wrote, in the shape of `schema`; it is the client's fault when it is not. */
function readJson<T>(account: PlatformAccount, json: string, schema: ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(json));
  } catch {
    throw invalid(account, NOT_PHONE_DATA);
  }
}

/** In certificate mode nothing says which certificate signed, so every one that we know is tried. */
async function verifies(content: Buffer, signature: string, keys: AlipayKeys): Promise<boolean> {
  return (await alipayKeysOf(keys)).some((key) => verifiedContent(content, signature, key) !== undefined);
}

function decrypted(account: PlatformAccount, keys: AlipayKeys, ciphertext: string): unknown {
  const aesKey = aesKeyOf(account, keys);
  try {
    return JSON.parse(decryptContent(ciphertext, aesKey).toString('utf8'));
  } catch {
    throw aesKeysDiffer(account);
  }
}

function numberOf(account: PlatformAccount, mobile: string): PlatformPhone {
  if (mobile === '') {
    throw new PlatformError('user_refused', account, {
      detail: 'The Alipay account of this user has no phone number.',
    });
  }
  // Numbers of the mainland come without a country code. How others come is not published; elsewhere Alipay writes 852-….
  const [, countryCode = '86', number] = /^(?:(\d{1,3})-)?(\d{4,14})$/.exec(mobile) ?? [];
  const isMainland = countryCode === '86';
  if (number === undefined || (isMainland && !/^1\d{10}$/.test(number))) {
    throw new PlatformError('platform_answer_invalid', account, {
      detail: 'Alipay gave no phone number that we can read.',
    });
  }
  return { number: `+${countryCode}${number}`, countryCode };
}
