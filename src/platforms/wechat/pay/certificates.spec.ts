import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CertificateBook, openCertificates, type PlatformCertificate } from './certificates.js';
import { Certificates } from './pay.wire.js';

interface Vectors {
  certificates: { source: string; apiV3Key: string; answer: unknown }[];
}
const vectors = JSON.parse(readFileSync(new URL('./pay.vectors.json', import.meta.url), 'utf8')) as Vectors;

test.each(vectors.certificates)('the certificates of $source open', ({ apiV3Key, answer }) => {
  const listed = Certificates.parse(answer);
  const found = openCertificates(listed, createSecretKey(Buffer.from(apiV3Key)))!;
  expect(found.map(({ serial }) => serial)).toEqual(listed.data.map(({ serial_no }) => serial_no));
  expect(found[0]!.key.asymmetricKeyType).toBe('rsa');
  expect(openCertificates(listed, createSecretKey(Buffer.from('x'.repeat(32))))).toBeUndefined();
});

const { publicKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const START = Date.parse('2026-11-20T00:00:00Z');
const at = (seconds: number) => new Date(START + seconds * 1_000);
const serial = (digit: string) => digit.repeat(40);
const certificate = (digit: string, expiresIn = 1e9): PlatformCertificate => ({
  serial: serial(digit),
  key,
  expiresAt: START + expiresIn * 1_000,
});

/** What WeChat Pay lists now, and how often it was asked. */
class Listing {
  asked = 0;
  listed: PlatformCertificate[] = [certificate('A')];
  failing = false;
  readonly download = async (): Promise<PlatformCertificate[]> => {
    this.asked += 1;
    const { listed, failing } = this;
    await new Promise(setImmediate);
    if (failing) throw new Error('no answer');
    return listed;
  };
}

describe('the book of certificates', () => {
  let book: CertificateBook;
  let wechat: Listing;
  beforeEach(() => {
    book = new CertificateBook();
    wechat = new Listing();
  });
  const keyOf = (digit: string, seconds = 0) => book.keyOf(serial(digit), at(seconds), wechat.download);

  test('downloads once for any number of callers', async () => {
    const keys = await Promise.all(Array.from({ length: 100 }, () => keyOf('A')));
    expect(keys.every((one) => one === key)).toBe(true);
    expect(await keyOf('A', 3_000)).toBe(key);
    expect(wechat.asked).toBe(1);
  });

  test('looks again for a number that it does not have: a certificate is rotated within a burst', async () => {
    await keyOf('A');
    wechat.listed = [certificate('A'), certificate('B')];
    const keys = await Promise.all([keyOf('B', 1), keyOf('A', 1), keyOf('B', 1), keyOf('B', 1)]);
    expect(keys).toEqual([key, key, key, key]);
    expect(wechat.asked).toBe(2);
  });

  test('does not take a download for final that began before the certificate was there', async () => {
    const early = keyOf('A');
    wechat.listed = [certificate('A'), certificate('B')];
    const [, first, second] = await Promise.all([early, keyOf('B'), keyOf('B')]);
    expect([first, second]).toEqual([key, key]);
    expect(wechat.asked).toBe(2);
  });

  test('asks once about a number that is not listed, and again half a minute later', async () => {
    await keyOf('A');
    for (let n = 0; n < 10; n++) expect(await keyOf('C', 1)).toBeUndefined();
    expect(wechat.asked).toBe(2);
    wechat.listed = [certificate('C')];
    expect(await keyOf('C', 30)).toBeUndefined();
    expect(await keyOf('C', 31)).toBe(key);
  });

  test('is not made to download by made-up numbers more than six times a minute', async () => {
    const madeUp = Array.from({ length: 50 }, (_, n) => n.toString(16).toUpperCase().padStart(40, '7'));
    for (const one of madeUp) expect(await book.keyOf(one, at(0), wechat.download)).toBeUndefined();
    expect(wechat.asked).toBe(6);
    wechat.listed = [certificate('B')];
    expect(await keyOf('B', 60)).toBe(key);
  });

  test.each(['PUB_KEY_ID_0114232134912410000000000000', '', 'x'.repeat(40), 'A'.repeat(41)])(
    'does not ask about %j, which is no number of a certificate',
    async (name) => {
      expect(await book.keyOf(name, at(0), wechat.download)).toBeUndefined();
      expect(wechat.asked).toBe(0);
    },
  );

  test('refreshes itself after an hour without anybody waiting, and forgets what is no longer listed', async () => {
    await keyOf('A');
    wechat.listed = [certificate('B')];
    expect(await keyOf('A', 3_601)).toBe(key);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(wechat.asked).toBe(2);
    expect(await keyOf('B', 3_602)).toBe(key);
    expect(await keyOf('A', 3_602)).toBeUndefined();
  });

  test('goes on with what it has while WeChat Pay does not answer', async () => {
    await keyOf('A');
    wechat.failing = true;
    for (let n = 0; n < 5; n++) {
      expect(await keyOf('A', 3_601 + n)).toBe(key);
      await new Promise(setImmediate);
    }
    expect(wechat.asked).toBe(2);
    await expect(keyOf('B', 3_700)).rejects.toThrow('no answer');
    wechat.failing = false;
    wechat.listed = [certificate('B')];
    expect(await keyOf('B', 3_701)).toBe(key);
  });

  test('does not believe a certificate after its end', async () => {
    wechat.listed = [certificate('A', 100)];
    expect(await keyOf('A', 99)).toBe(key);
    expect(await keyOf('A', 100)).toBeUndefined();
  });
});
