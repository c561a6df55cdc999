import { z } from 'zod';
import type { MerchantDescription } from '../../payment-platform.js';
import { publicHalf, readPrivateKey, readPublicKey, UnusableKey } from './pay.key-material.js';

/** A field whose text `read` can use; its complaint becomes the field's error. */
const readable = (read: (pem: string) => unknown, description: string) =>
  z
    .string()
    .max(20_000)
    .superRefine((pem, issues) => {
      try {
        read(pem);
      } catch (error) {
        if (!(error instanceof UnusableKey)) throw error;
        issues.addIssue({ code: 'custom', message: error.message });
      }
    })
    .meta({ description });

/** What a merchant of WeChat Pay needs. Platform certificates are not among it: they are downloaded. */
export const WechatPayCredentials = z
  .strictObject({
    serial: z
      .string()
      .regex(/^[0-9A-Fa-f]{40}$/, 'is 40 hexadecimal digits')
      .toUpperCase()
      .meta({ description: "Serial number of the merchant's API certificate (not of a platform certificate)." }),
    privateKey: readable(readPrivateKey, 'apiclient_key.pem: the private key of that certificate.'),
    apiV3Key: z
      .string()
      .regex(/^[\x21-\x7e]{32}$/, 'is 32 characters without spaces')
      .meta({ description: 'The APIv3 key (APIv3 密钥), which opens callbacks.' }),
    apiV2Key: z
      .string()
      .regex(/^[\x21-\x7e]{32}$/, 'is 32 characters without spaces')
      .meta({ description: 'The APIv2 key (APIv2 密钥). Only recurring payments need it.' })
      .optional(),
    publicKeyId: z
      .string()
      .regex(/^PUB_KEY_ID_[0-9A-Za-z]{1,64}$/, 'begins with PUB_KEY_ID_')
      .meta({ description: "Id of WeChat Pay's public key (微信支付公钥 ID)." })
      .optional(),
    publicKey: readable(readPublicKey, "pub_key.pem: WeChat Pay's public key, together with publicKeyId.").optional(),
    verification: z
      .enum(['public_key', 'certificate', 'migrating'])
      .meta({
        description:
          'With what WeChat Pay signs for this merchant, as its console says. Everything works without; with it a missing public key is noticed at once, and in a test app it chooses how the sandbox signs.',
      })
      .optional(),
  })
  .superRefine(({ privateKey, publicKeyId, publicKey, verification }, issues) => {
    const complain = (field: string, message: string) => issues.addIssue({ code: 'custom', path: [field], message });
    if (publicKey !== undefined && publicKeyId === undefined)
      complain('publicKeyId', 'belongs to publicKey: give both.');
    if (publicKeyId !== undefined && publicKey === undefined)
      complain('publicKey', 'belongs to publicKeyId: give both.');
    if (publicKey === undefined && publicKeyId === undefined && (verification ?? 'certificate') !== 'certificate') {
      complain('publicKey', 'is what WeChat Pay signs with for this merchant: give it and publicKeyId.');
    }
    if (publicKey !== undefined && isOwn(privateKey, publicKey)) {
      complain(
        'publicKey',
        "This is the merchant's own public key. Download WeChat Pay's (pub_key.pem) in the console.",
      );
    }
  });
export type WechatPayCredentials = z.infer<typeof WechatPayCredentials>;

/** Merchant accounts of WeChat Pay, for a direct merchant. */
export const WECHAT_MERCHANT: MerchantDescription = {
  merchantId: z.string().regex(/^\d{8,10}$/, 'is 8 to 10 digits'),
  credentials: WechatPayCredentials,
  secretFields: ['privateKey', 'apiV3Key', 'apiV2Key'],
  toConsole({ privateKey, serial, apiV3Key, apiV2Key, verification }) {
    const merchantPublicKey =
      privateKey === undefined ? undefined : unlessUnusable(() => publicHalf(readPrivateKey(privateKey)));
    return {
      ...(serial === undefined ? {} : { serial }),
      ...(merchantPublicKey === undefined ? {} : { merchantPublicKey }),
      ...(apiV3Key === undefined ? {} : { apiV3Key }),
      ...(apiV2Key === undefined ? {} : { apiV2Key }),
      ...(verification === undefined ? {} : { verification }),
    };
  },
};

/** False when one of the two cannot be read: its own field complains then. */
const isOwn = (privateKey: string, publicKey: string): boolean =>
  unlessUnusable(() => publicHalf(readPrivateKey(privateKey)) === publicHalf(readPublicKey(publicKey))) === true;

function unlessUnusable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnusableKey) return undefined;
    throw error;
  }
}
