import { X509Certificate } from 'node:crypto';
import type { Fields } from '../testing/test-sandbox.js';
import { type PayAnswer, WechatShop } from '../testing/wechat-shop.js';

let shop: WechatShop;
afterAll(() => shop.close());
const open = async (verification: string): Promise<void> => {
  await (shop as WechatShop | undefined)?.close();
  shop = await WechatShop.open({ verification });
};

const list = (query = ''): Promise<PayAnswer> => shop.call('GET', `/v3/certificates${query}`);
/** PEM by serial number, as a merchant downloads them. */
const download = async (): Promise<Map<string, string>> => {
  const { data } = (await list()).body as { data: Fields[] };
  return new Map(data.map((one) => [String(one.serial_no), shop.decrypt(one.encrypt_certificate as Fields)]));
};
const onlyOne = async (): Promise<[string, string]> => [...(await download())][0] ?? ['', ''];
const rotate = () => shop.fault({ match: { path: '/v3/pay/transactions/jsapi' }, kind: 'rotate_key' });
const place = (serial?: string) =>
  shop.place(shop.draft(), serial === undefined ? {} : { headers: { 'wechatpay-serial': serial } });
const serialOf = ({ headers }: { headers: Readonly<Record<string, unknown>> }): string =>
  String(headers['wechatpay-serial']);
const isSignedBy = (answer: { headers: Readonly<Record<string, unknown>>; text: string }, pem: string): boolean =>
  shop.isSigned(answer, pem);

describe('a merchant with the public key', () => {
  beforeAll(() => open('public_key'));

  test('has no platform certificates', async () => {
    expect(await list()).toMatchObject({ status: 404, body: { code: 'RESOURCE_NOT_EXISTS' } });
  });

  test('gets everything signed with it, whatever it asks for, and no rotation changes that', async () => {
    const { publicKeyId = '', publicKey = '' } = shop.credentials;
    await rotate();
    const answers = [await place('5'.repeat(40)), await place(publicKeyId), await place()];
    expect(answers.map(serialOf)).toEqual([publicKeyId, publicKeyId, publicKeyId]);
    expect(answers.every((answer) => isSignedBy(answer, publicKey))).toBe(true);
  });

  test('an answer may come with the signature probe, and what was asked for is done', async () => {
    await shop.fault({ match: { direction: 'in' }, kind: 'wrong_signature' });
    const draft = shop.draft();
    const answer = await shop.place(draft);
    expect(answer.headers['wechatpay-signature']).toMatch(/^WECHATPAY\/SIGNTEST\//);
    expect(isSignedBy(answer, shop.credentials.publicKey ?? '')).toBe(false);
    expect((await shop.place(draft)).body).toEqual(answer.body);
  });
});

describe('a merchant with platform certificates', () => {
  beforeAll(() => open('certificate'));

  test('downloads them, sealed with its APIv3 key', async () => {
    const answer = await list('?algorithm_type=RSA');
    expect(answer.body).toEqual({
      data: [
        {
          serial_no: expect.stringMatching(/^[0-9A-F]{40}$/),
          effective_time: '2026-06-01T12:00:00+08:00',
          expire_time: '2031-05-31T12:00:00+08:00',
          encrypt_certificate: {
            algorithm: 'AEAD_AES_256_GCM',
            nonce: expect.stringMatching(/^\w{12}$/),
            associated_data: 'certificate',
            ciphertext: expect.any(String),
          },
        },
      ],
    });
    const [serial, pem] = await onlyOne();
    expect(new X509Certificate(pem).serialNumber).toBe(serial);
    expect(isSignedBy(answer, pem)).toBe(true);
    expect(isSignedBy(await place('PUB_KEY_ID_0'), pem)).toBe(true);
  });

  test.each([
    ['?algorithm_type=ALL', 200],
    ['?algorithm_type=SM2', 404],
    ['?algorithm_type=DSA', 400],
  ])('%s answers %i', async (query, status) => {
    expect((await list(query)).status).toBe(status);
  });

  test('in a rotation the new one signs at once, answers and notifications, and the old one stays listed', async () => {
    const [old] = await onlyOne();
    await rotate();
    const answer = await place();
    const certificates = await download();
    expect([...certificates.keys()]).toEqual([old, serialOf(answer)]);
    expect(isSignedBy(answer, certificates.get(serialOf(answer)) ?? '')).toBe(true);
    await shop.cashier(shop.clientParams(answer.body.prepay_id));
    const [notification] = await shop.receiver.atLeast(1);
    expect(serialOf({ headers: notification?.headers ?? {} })).toBe(serialOf(answer));

    await rotate();
    const next = serialOf(await place());
    expect([...(await download()).keys()]).toEqual([serialOf(answer), next]);
    await shop.sandbox.restart();
    expect(serialOf(await place())).toBe(next);
  });
});

describe('a merchant that changes from certificates to the public key', () => {
  beforeAll(() => open('migrating'));

  test('chooses by Wechatpay-Serial which key signs an answer', async () => {
    const [certificate, pem] = await onlyOne();
    const { publicKeyId = '', publicKey = '' } = shop.credentials;
    const answers = [await place(), await place(certificate), await place(publicKeyId)] as const;
    expect(answers.map(serialOf)).toEqual([certificate, certificate, publicKeyId]);
    expect([isSignedBy(answers[1], pem), isSignedBy(answers[2], publicKey)]).toEqual([true, true]);
  });

  test('gets notifications signed with either', async () => {
    const [certificate, pem] = await onlyOne();
    const { publicKeyId = '', publicKey = '' } = shop.credentials;
    for (let count = 1; count <= 4; count += 1) await shop.paid();
    const notifications = await shop.receiver.atLeast(4);
    const serials = notifications.map(({ headers, body: text }) => {
      const serial = serialOf({ headers });
      expect(isSignedBy({ headers, text }, serial === certificate ? pem : publicKey)).toBe(true);
      return serial;
    });
    expect(new Set(serials)).toEqual(new Set([certificate, publicKeyId]));
  });

  test('cannot rotate certificates meanwhile: the next step completes the change', async () => {
    await rotate();
    expect(serialOf(await place())).toBe(shop.credentials.publicKeyId);
    expect((await list()).status).toBe(404);
  });
});

test('a merchant that begins to change keeps its certificate', async () => {
  await open('certificate');
  const before = [...(await download()).keys()];
  await shop.register({ verification: 'migrating' });
  expect([...(await download()).keys()]).toEqual(before);
  expect(serialOf(await place(shop.credentials.publicKeyId))).toBe(shop.credentials.publicKeyId);
});
