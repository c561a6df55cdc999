import { createCipheriv, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import type { Exchange } from './load.js';

/** Where WeChat Pay's callbacks of one merchant go on one side, and with what they are encrypted. */
export interface CallbackDoor {
  readonly path: string;
  readonly platformAppId: string;
  readonly merchantId: string;
  readonly apiV3Key: string;
}

/** What was paid, by whom. */
export interface Paid {
  readonly number: string;
  readonly amount: number;
  readonly openid: string;
}

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/**
 * A key of WeChat Pay that both sides are told to believe. With it the bench plays WeChat Pay where that calls: the
 * sandbox would encrypt and sign while callbacks are measured, and could not send as many as the servers take.
 */
export const PLATFORM_KEY = {
  id: `PUB_KEY_ID_${'0'.repeat(22)}7`,
  publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
};

/** 32 characters, as a merchant chooses them. */
export const newApiV3Key = (): string => randomBytes(16).toString('hex');

/** A genuine `TRANSACTION.SUCCESS`, encrypted and signed; good for five minutes. */
export function callbackOf({ path, platformAppId, merchantId, apiV3Key }: CallbackDoor, paid: Paid): Exchange {
  const now = new Date();
  const time = `${new Date(now.getTime() + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
  const transaction = {
    ...{ appid: platformAppId, mchid: merchantId, out_trade_no: paid.number, trade_state: 'SUCCESS' },
    ...{
      trade_state_desc: '支付成功',
      transaction_id: newTransactionId(now),
      trade_type: 'JSAPI',
      bank_type: 'OTHERS',
    },
    ...{ success_time: time, payer: { openid: paid.openid } },
    amount: { total: paid.amount, payer_total: paid.amount, currency: 'CNY', payer_currency: 'CNY' },
  };
  const body = JSON.stringify({
    ...{ id: randomUUID(), create_time: time, resource_type: 'encrypt-resource', event_type: 'TRANSACTION.SUCCESS' },
    ...{ summary: '支付成功', resource: encrypted(JSON.stringify(transaction), apiV3Key) },
  });
  return { method: 'POST', path, headers: signedHeaders(body, now), body };
}

function encrypted(text: string, apiV3Key: string): object {
  const nonce = randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', apiV3Key, nonce).setAAD(Buffer.from('transaction'));
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64');
  return { original_type: 'transaction', algorithm: 'AEAD_AES_256_GCM', ciphertext, associated_data: 'transaction', nonce }; // prettier-ignore
}

function signedHeaders(body: string, now: Date): Record<string, string> {
  const [timestamp, nonce] = [String(Math.floor(now.getTime() / 1_000)), randomBytes(16).toString('hex')];
  const signature = sign('sha256', Buffer.from(`${timestamp}\n${nonce}\n${body}\n`), privateKey);
  return {
    'content-type': 'application/json',
    'user-agent': 'Mozilla/4.0',
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-signature': signature.toString('base64'),
    'wechatpay-serial': PLATFORM_KEY.id,
    'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
  };
}

let transactions = 0;
/** 28 digits, as WeChat Pay's are: they begin with the day. */
const newTransactionId = (now: Date): string =>
  `4200000000${now.toISOString().slice(0, 10).replaceAll('-', '')}${String(++transactions).padStart(10, '0')}`;
