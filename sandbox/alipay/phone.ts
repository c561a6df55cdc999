import { z } from 'zod';
import { type Phone, phoneSchema } from '../core/phones.js';
import { type Action, action, personSchema, type World } from '../core/platform.js';
import { encryptContent } from './cipher.js';
import type { AlipayCredentials } from './developer-console.js';
import { AlipayError } from './errors.js';
import type { SigningKeys } from './signing-keys.js';

const schema = personSchema.extend({
  /** Empty: the person's Alipay account has no number. */
  phone: z.literal('').or(phoneSchema).optional(),
  /** The client gets this refusal instead of a number. */
  error: z
    .enum([
      'isv.missing-encrypt-key',
      'isv.missing-default-signature-type',
      'isv.invalid-auth-relations',
      'isv.insufficient-isv-permissions',
      'isv.invalid-encrypt',
      'aop.unknow-error',
    ])
    .optional(),
  /** A refusal as plain JSON instead of ciphertext; always so when there is nothing to encrypt it with. */
  plain: z.boolean().default(false),
});

/** `my.getPhoneNumber` after the person tapped the button: gives its `res.response`, a text that holds JSON. */
export const phoneAction = (world: World, keys: SigningKeys): Action => {
  const accounts = world.accounts<AlipayCredentials>('alipay');
  return action(schema, ({ platformAppId, user, phone, error, plain }) => {
    const { aesKey, ring } = accounts.require(platformAppId).credentials;
    const refusal = aesKey === '' ? 'isv.missing-encrypt-key' : error;
    const content = JSON.stringify(
      refusal ? refused(refusal) : granted(phone === '' ? '' : world.phones.of(user, phone)),
    );
    const isPlain = refusal === 'isv.missing-encrypt-key' || (refusal !== undefined && plain);
    const response = isPlain ? content : encryptContent(content, aesKey);
    // Ciphertext is signed as the JSON string that it is, with its quotes. Without signature settings nothing is signed.
    const sign = keys.sign(ring, isPlain ? content : `"${response}"`);
    const isSigned = refusal !== 'isv.missing-default-signature-type';
    return {
      response: JSON.stringify({
        response,
        ...(isSigned && { sign, sign_type: 'RSA2' }),
        ...(!isPlain && { encrypt_type: 'AES' }),
        charset: 'UTF-8',
      }),
    };
  });
};

const granted = (phone: Phone | ''): object => ({
  code: '10000',
  msg: 'Success',
  mobile: phone === '' ? '' : mobileOf(phone),
});

/** How a number from abroad is written is not published; other fields of Alipay's put the country code and a hyphen before it. */
const mobileOf = ({ countryCode, number }: Phone): string =>
  countryCode === '86' ? number : `${countryCode}-${number}`;

/** In this place, and only here, Alipay spells the fields in camel case. */
function refused(error: string): object {
  const { code, msg, subCode, message: subMsg } = new AlipayError(error);
  return { code, msg, subCode, subMsg };
}
