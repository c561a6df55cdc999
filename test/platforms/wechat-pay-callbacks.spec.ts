import { createCipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CallbackRefused, type RawCallback } from '../../src/platforms/callback.js';
import type { MerchantAccount } from '../../src/platforms/payment-platform.js';
import {
  anOrder,
  API_V3_KEY,
  aRefund,
  merchant,
  NOW,
  otherPair,
  PayBench,
  PUBLIC_KEY_ID,
  refundOf,
  signedHeaders,
  transactionOf,
  wechatPair,
} from './wechat-pay-stand.js';

let bench: PayBench;
let stand: PayBench['stand'];
let payments: PayBench['payments'];
beforeAll(async () => {
  bench = await PayBench.start();
  ({ stand, payments } = bench);
});
afterAll(() => bench.stop());

describe('a callback', () => {
  const sealed = (content: object, key = API_V3_KEY) => {
    const cipher = createCipheriv('aes-256-gcm', key, 'fG1l57vn9BCX');
    cipher.setAAD(Buffer.from('transaction'));
    const text = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final(), cipher.getAuthTag()]);
    return { algorithm: 'AEAD_AES_256_GCM', nonce: 'fG1l57vn9BCX', associated_data: 'transaction', ciphertext: text.toString('base64') }; // prettier-ignore
  };
  const bodyOf = (event_type: string, content: object, key?: string) =>
    JSON.stringify({ id: 'b62e271c-3389-58a0-8146-4a704966e8f1', event_type, resource: sealed(content, key) });
  const rawOf = (
    body: string,
    headers: Record<string, string | undefined> = signedHeaders(body),
    at = NOW,
  ): RawCallback => ({
    method: 'POST',
    headers,
    body: Buffer.from(body),
    query: {},
    hint: undefined,
    receivedAt: at,
  });
  const refusalOf = async (raw: RawCallback, account: MerchantAccount = merchant): Promise<[string, string]> => {
    const error: unknown = await payments.callbacks.read(account, raw).catch((reason: unknown) => reason);
    if (error instanceof CallbackRefused) return [error.refusal, error.message];
    throw error;
  };
  const order = anOrder();
  const paid = bodyOf('TRANSACTION.SUCCESS', transactionOf(order));
  const refund = aRefund({ payment: order });
  const { status: _, ...refunded } = refundOf(refund);
  const refundOver = (over: object) => ({ ...refunded, mchid: merchant.merchantId, ...over });

  test('of a payment tells what was paid', async () => {
    expect(await payments.callbacks.read(merchant, rawOf(paid))).toMatchObject({
      deduplicationKey: 'b62e271c-3389-58a0-8146-4a704966e8f1',
      type: 'TRANSACTION.SUCCESS',
      content: {
        kind: 'payment',
        number: order.number,
        state: { kind: 'succeeded', paid: { amount: 1234, merchantId: merchant.merchantId, payer: order.payer } },
      },
    });
  });

  test.each([
    ['SUCCESS', 'succeeded'],
    ['ABNORMAL', 'action_required'],
    ['CLOSED', 'failed'],
  ])('of a refund that is %s tells so', async (refund_status, kind) => {
    const body = bodyOf(
      `REFUND.${refund_status}`,
      refundOver({ refund_status, success_time: '2026-11-20T18:01:00+08:00' }),
    );
    const { content } = await payments.callbacks.read(merchant, rawOf(body));
    expect(content).toMatchObject({ kind: 'refund', refundNumber: refund.number, paymentNumber: order.number, transactionId: '4200', state: { kind } }); // prettier-ignore
  });

  test('of a refund that somebody made in the console has no number of ours', async () => {
    const body = bodyOf(
      'REFUND.SUCCESS',
      refundOver({ refund_status: 'SUCCESS', out_refund_no: '50300807092021020105' }),
    );
    const { content } = await payments.callbacks.read(merchant, rawOf(body));
    expect(content).not.toHaveProperty('refundNumber');
    expect(content).toMatchObject({ kind: 'refund', paymentNumber: order.number, state: { facts: { amount: 200 } } });
  });

  test.each(['PAYSCORE.USER_PAID', 'TRANSACTION.SOMETHING'])('of another kind, %s, is kept as such', async (type) => {
    expect((await payments.callbacks.read(merchant, rawOf(bodyOf(type, {})))).content).toEqual({ kind: 'other' });
  });

  test.each(Object.keys(signedHeaders('')))('without %s says that a proxy may drop it', async (name) => {
    const [refusal, words] = await refusalOf(rawOf(paid, { ...signedHeaders(paid), [name]: undefined }));
    expect(refusal).toBe('headers_missing');
    expect(words.toLowerCase()).toContain(name);
    expect(words).toContain('proxy');
  });

  test.each([301, -301])('that is %s s off is stale', async (seconds) => {
    const at = new Date(NOW.getTime() + seconds * 1_000);
    expect((await refusalOf(rawOf(paid, signedHeaders(paid), at)))[0]).toBe('stale');
  });

  test.each<[string, Record<string, string>]>([
    ['the probe', { 'wechatpay-signature': 'WECHATPAY/SIGNTEST/abc' }],
    ['nonsense', { 'wechatpay-signature': '!' }],
    ['another nonce', { 'wechatpay-nonce': 'x' }],
    ['another algorithm', { 'wechatpay-signature-type': 'WECHATPAY2-SM2-WITH-SM3' }],
    ['the key of somebody else', signedHeaders(paid, { key: otherPair.privateKey })],
  ])('signed with %s is refused', async (_, over) => {
    expect((await refusalOf(rawOf(paid, { ...signedHeaders(paid), ...over })))[0]).toBe('signature_invalid');
  });

  test('with one byte changed is refused', async () => {
    const raw = rawOf(paid);
    raw.body[40]! ^= 1;
    expect((await refusalOf(raw))[0]).toBe('signature_invalid');
  });

  test('that names another public key is refused without a call to WeChat Pay', async () => {
    stand.answers();
    const [refusal, words] = await refusalOf(rawOf(paid, signedHeaders(paid, { serial: 'PUB_KEY_ID_7' })));
    expect([refusal, stand.arrived.length]).toEqual(['unknown_key', 0]);
    expect(words).toContain('PUB_KEY_ID_7');
  });

  test('that is well signed and does not open hints at the APIv3 key', async () => {
    const body = bodyOf('TRANSACTION.SUCCESS', transactionOf(order), 'b'.repeat(32));
    const [refusal, words] = await refusalOf(rawOf(body));
    expect(refusal).toBe('malformed');
    expect(words).toContain('APIv3 key');
  });

  test.each([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['no resource', '{"id":"1","event_type":"TRANSACTION.SUCCESS"}'],
    ['no payment', bodyOf('TRANSACTION.SUCCESS', { out_trade_no: 1 })],
    ['a payment without its time', bodyOf('TRANSACTION.SUCCESS', transactionOf(order, { success_time: undefined }))],
    [
      'a refund of another merchant',
      bodyOf('REFUND.SUCCESS', refundOver({ refund_status: 'SUCCESS', mchid: '1900000002' })),
    ],
    ['a refund in a new status', bodyOf('REFUND.SUCCESS', refundOver({ refund_status: 'HALF' }))],
  ])('with %s in it is malformed', async (_, body) => {
    expect((await refusalOf(rawOf(body)))[0]).toBe('malformed');
  });

  test('that somebody recorded is read', async () => {
    interface Recorded { apiV3Key: string; serial: string; timestamp: string; nonce: string; signature: string; body: string; certificate: string } // prettier-ignore
    const { notifications, certificates } = JSON.parse(
      readFileSync(new URL('../../src/platforms/wechat/pay/pay.vectors.json', import.meta.url), 'utf8'),
    ) as { notifications: Recorded[]; certificates: { answer: object }[] };
    const read = [];
    for (const { apiV3Key, serial, timestamp, nonce, signature, body } of notifications) {
      const { publicKey: _p, publicKeyId: _i, ...credentials } = merchant.credentials as Record<string, string>;
      const account: MerchantAccount = { ...merchant, id: `mac_${read.length}`, merchantId: '1601959334', credentials: { ...credentials, apiV3Key } }; // prettier-ignore
      // The list of certificates as it was recorded too, signed by the public key of the stand, which it does not list.
      stand.answers({ body: certificates[1]!.answer });
      const headers = { 'wechatpay-timestamp': timestamp, 'wechatpay-nonce': nonce, 'wechatpay-signature': signature, 'wechatpay-serial': serial }; // prettier-ignore
      const raw = rawOf(body, headers, new Date(Number(timestamp) * 1_000));
      expect((await refusalOf(raw, account))[0]).toBe('unknown_key');
      const withKey: MerchantAccount = { ...account, credentials: { ...(account.credentials as object), publicKeyId: PUBLIC_KEY_ID, publicKey: wechatPair.publicKey } }; // prettier-ignore
      stand.answers({ body: certificates[1]!.answer });
      read.push((await payments.callbacks.read(withKey, raw)).content);
    }
    expect(read).toMatchObject([
      { kind: 'payment', number: 'S20210128170702357723', state: { kind: 'succeeded', paid: { amount: 1, transactionId: '4200000925202101284997714292', paidAt: new Date('2021-01-28T09:07:11Z') } } },
      { kind: 'refund', paymentNumber: 'S20210128170702357723', state: { kind: 'succeeded', facts: { amount: 1, platformRefundId: '50300807092021020105990201735' } } },
    ]); // prettier-ignore
  });

  test.each([
    [{ kind: 'retry' }, 500, 'FAIL'],
    [{ kind: 'refused' }, 401, 'FAIL'],
    [{ kind: 'accepted', callback: { deduplicationKey: '1', type: 'x', content: { kind: 'other' } } }, 200, 'SUCCESS'],
  ] as const)('is answered as WeChat Pay wants: %j', (acknowledgement, status, code) => {
    const reply = payments.callbacks.acknowledge(acknowledgement);
    expect([reply.status, reply.contentType, (JSON.parse(reply.body) as { code: string }).code]).toEqual([status, 'application/json', code]); // prettier-ignore
  });
});
