import { examine } from '../../src/cli/doctor.js';
import type { PlatformCode } from '../../src/platforms/platform.js';
import { must } from '../support/client.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { until } from '../queues/support/until.js';
import { deliver, type Letter, Letterbox } from './support/letterbox.js';
import { type Payment, Shop } from './support/shop.js';

const PAYMENTS = 30;
/** Whole seconds after which every platform has sent again what was refused or lost, and long before a payment ends. */
const RETRIED = 250;

/** A callback as the sandbox has sent it, and what it was answered. */
interface Sent {
  readonly try: number;
  readonly status?: number;
  readonly fault?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Callback {
  readonly status: string;
  readonly objectId: string | null;
}

/** One way in which a platform's keys change while it calls back. */
interface Rotation {
  readonly name: string;
  readonly platform: PlatformCode;
  /** What the shop's accounts are changed to first. */
  readonly merchant?: Readonly<Record<string, string | null>>;
  readonly program?: Readonly<Record<string, string | null>>;
  /** A call of ours with whose arrival the platform takes its next key; left out where it never does. */
  readonly at?: string;
}

const WECHAT_ORDER = '/v3/pay/transactions/jsapi';
const onlyCertificates = { verification: 'certificate', publicKey: null, publicKeyId: null };
const byCertificate = { mode: 'certificate', alipayPublicKey: null };

const CERTIFICATES: Rotation = {
  name: 'WeChat Pay takes new certificates',
  platform: 'wechat',
  merchant: onlyCertificates,
  at: WECHAT_ORDER,
};
const MIGRATION: Rotation = {
  name: 'WeChat Pay moves from certificates to the public key',
  platform: 'wechat',
  merchant: { verification: 'migrating' },
  at: WECHAT_ORDER,
};
const ALIPAY: Rotation = {
  name: 'Alipay takes new certificates',
  platform: 'alipay',
  program: byCertificate,
  at: 'alipay.trade.create',
};
/** Its key changes only by the developer's hand, in both consoles: there is nothing that rotates by itself. */
const DOUYIN: Rotation = { name: 'Douyin keeps its key', platform: 'douyin' };

async function shopWith(minibase: Minibase, { platform, merchant, program }: Rotation): Promise<Shop> {
  const shop = await Shop.open(minibase, [platform]);
  const change = (path: string, credentials: object) =>
    must(minibase.url, 'PATCH', path, { token: shop.app.secretKey, body: { credentials } });
  if (merchant) await change(`/v1/merchant-accounts/${shop.merchants[platform]!.id}`, merchant);
  if (program) await change(`/v1/platform-accounts/${shop.app.programs[platform].id}`, program);
  return shop;
}

const orders = (shop: Shop, platform: PlatformCode, count: number): Promise<Payment[]> =>
  Promise.all(Array.from({ length: count }, () => shop.payment({ platform })));

/** The platform takes its next key. */
async function rotate(shop: Shop, { platform, at }: Rotation): Promise<void> {
  if (at === undefined) return;
  await shop.faults(platform, 'rotate_key', {}, { direction: 'in', path: at });
  // Any order does.
  await shop.payment({ platform });
}

/** The name of the key with which a callback says that it is signed; WeChat Pay alone says it. */
const keyOf = ({ headers = {} }: { readonly headers?: Readonly<Record<string, string>> }): string | undefined =>
  Object.entries(headers).find(([name]) => name.toLowerCase() === 'wechatpay-serial')?.[1];
const keysOf = (some: readonly { readonly headers?: Readonly<Record<string, string>> }[]) => new Set(some.map(keyOf));

/** What a callback and its repeats have in common. */
function nameOf({ body }: Letter): string {
  const text = body.toString();
  const name = text.startsWith('{')
    ? (JSON.parse(text) as { id?: string }).id
    : new URLSearchParams(text).get('notify_id');
  if (!name) throw new Error('a callback has no name');
  return name;
}

describe('a key that is rotated in the middle of a burst of callbacks', () => {
  let minibase: Minibase;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  afterAll(() => minibase.close());
  afterEach(() => fetch(`${minibase.sandboxUrl}/_/faults`, { method: 'DELETE' }));

  const mailOf = ({ app, merchants }: Shop, platform: PlatformCode): Record<string, string> =>
    platform === 'wechat'
      ? { direction: 'out', merchantId: merchants.wechat!.merchantId }
      : { direction: 'out', platformAppId: app.programs[platform].platformAppId };
  async function sentBy(shop: Shop, platform: PlatformCode): Promise<Sent[]> {
    const filter = new URLSearchParams({ platform, limit: '10000', ...mailOf(shop, platform) });
    const answer = await fetch(`${minibase.sandboxUrl}/_/calls?${filter.toString()}`);
    return ((await answer.json()) as { calls: Sent[] }).calls;
  }

  async function callbacksOf(shop: Shop): Promise<Callback[]> {
    const { body } = await shop.server<{ data: Callback[] }>('GET', '/v1/callbacks?limit=100');
    return body.data;
  }

  /** The person pays; of ten callbacks one is forged, one never arrives, and one is signed over other bytes. */
  async function pay(shop: Shop, platform: PlatformCode, { clientAction }: Payment, i: number): Promise<void> {
    const fault = { 3: 'forge', 6: 'drop', 9: 'wrong_signature' }[i % 10];
    if (fault) await shop.faults(platform, fault, {}, mailOf(shop, platform));
    await shop.cashier(clientAction);
  }

  /** Everybody pays; the key changes while the callbacks of the first third, and again of the second, are on their way. */
  async function burst(shop: Shop, rotation: Rotation, payments: readonly Payment[]): Promise<void> {
    const third = PAYMENTS / 3;
    for (const start of [0, third, 2 * third]) {
      const paying = payments.slice(start, start + third).map((one, i) => pay(shop, rotation.platform, one, start + i));
      await Promise.all([...paying, ...(start === 2 * third ? [] : [rotate(shop, rotation)])]);
    }
  }

  test.each([CERTIFICATES, MIGRATION, ALIPAY, DOUYIN])(
    '$name: no callback is lost, and none is wrongly believed',
    async (rotation) => {
      const { platform } = rotation;
      const shop = await shopWith(minibase, rotation);
      const payments = await orders(shop, platform, PAYMENTS);
      await burst(shop, rotation, payments);
      // Waits until everything that is due has been sent and answered.
      for (let round = 0; round < 3; round++) await shop.advance(RETRIED);

      const ends = await Promise.all(payments.map(({ id }) => shop.read(id)));
      expect(ends.filter(({ status }) => status !== 'succeeded')).toEqual([]);

      const sent = await sentBy(shop, platform);
      const isFalse = ({ fault }: Sent) => fault === 'forge' || fault === 'wrong_signature';
      const answersTo = (some: Sent[]) => new Set(some.map(({ status }) => status));
      expect(sent.filter(isFalse)).toHaveLength(2 * (PAYMENTS / 10));
      expect(answersTo(sent.filter(isFalse))).toEqual(new Set([401]));
      const genuine = sent.filter((one) => !isFalse(one) && one.fault !== 'drop');
      expect(genuine.filter(({ status }) => status === 200)).toHaveLength(PAYMENTS);
      // Not only by asking: the callback of each payment was taken in, once.
      const callbacks = await callbacksOf(shop);
      expect(callbacks.map(({ objectId }) => objectId).sort()).toEqual(payments.map(({ id }) => id).sort());
      expect(new Set(callbacks.map(({ status }) => status))).toEqual(new Set(['settled']));

      const left = (await (await fetch(`${minibase.sandboxUrl}/_/faults`)).json()) as { faults: unknown[] };
      expect(left.faults).toEqual([]);
      if (platform === 'wechat') expect(keysOf(genuine).size).toBe(rotation === CERTIFICATES ? 3 : 2);
      expect(await examine(minibase.database.dataSource, shop.app.appId)).toEqual([]);
    },
  );
});

describe('callbacks that were signed before a key was rotated and arrive after it', () => {
  let minibase: Minibase;
  let letterbox: Letterbox;
  beforeAll(async () => {
    letterbox = await Letterbox.open();
    minibase = await startMinibase({ publicUrl: letterbox.url });
  });
  afterAll(async () => {
    await minibase.close();
    await letterbox.close();
  });

  /** What came to the shop, the oldest first; what other shops are sent again is not among it. */
  function lettersTo({ app, merchants }: Shop, platform: PlatformCode): Letter[] {
    const account = platform === 'wechat' ? merchants.wechat!.id : app.programs[platform].id;
    return letterbox.letters.filter(({ path }) => path.includes(account));
  }

  /** Waits for that many callbacks and gives each as it came first. */
  async function firstLettersTo(shop: Shop, platform: PlatformCode, count: number): Promise<Letter[]> {
    const firsts = () =>
      new Map(
        lettersTo(shop, platform)
          .reverse()
          .map((letter) => [nameOf(letter), letter]),
      );
    await until(`${count} callbacks to the shop`, () => firsts().size >= count);
    return [...firsts().values()];
  }

  /** Ten payments are paid, the platform takes its next key, and ten more are paid; the shop hears of none. */
  async function paidAround(
    shop: Shop,
    rotation: Rotation,
    beforeRotation: (letters: Letter[]) => Promise<void> = async () => undefined,
  ) {
    const payments = await orders(shop, rotation.platform, 20);
    const pays = (some: readonly Payment[]) => Promise.all(some.map((one) => shop.cashier(one.clientAction)));
    await pays(payments.slice(0, 10));
    await beforeRotation(await firstLettersTo(shop, rotation.platform, 10));
    await rotate(shop, rotation);
    await pays(payments.slice(10));
    return { payments, letters: await firstLettersTo(shop, rotation.platform, 20) };
  }

  /** Every letter with one bit changed, each at another place: nobody believes it. */
  async function refuseChanged(urls: readonly string[], letters: readonly Letter[]): Promise<void> {
    const answers = letters.map((letter, i) => {
      const body = Buffer.from(letter.body);
      const at = Math.floor((body.length * (i + 1)) / (letters.length + 1));
      body[at] = body[at]! ^ 1;
      return deliver(urls[i % urls.length]!, letter, { body });
    });
    expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([401]));
  }

  const statusesOf = async (url: string, letters: readonly Letter[]): Promise<number[]> =>
    (await Promise.all(letters.map((letter) => deliver(url, letter)))).map(({ status }) => status);

  async function areSettled(shop: Shop, payments: readonly Payment[]): Promise<void> {
    for (const { id } of payments) expect((await shop.read(id)).status).toBe('succeeded');
    expect(await examine(minibase.database.dataSource, shop.app.appId)).toEqual([]);
  }

  test.each([CERTIFICATES, ALIPAY])(
    '$name: old and new are believed side by side, also by a process that knew neither key, and no changed one',
    async (rotation) => {
      const shop = await shopWith(minibase, rotation);
      const { payments, letters } = await paidAround(shop, rotation);
      if (rotation.platform === 'wechat') expect(keysOf(letters).size).toBe(2);

      const other = await minibase.another();
      const half = (rest: number) => letters.filter((_, i) => i % 2 === rest);
      const [own, others] = await Promise.all([
        statusesOf(minibase.url, half(0)),
        statusesOf(other.url, half(1)),
        refuseChanged([minibase.url, other.url], letters),
      ]);
      expect(new Set([...own, ...others])).toEqual(new Set([200]));
      await areSettled(shop, payments);
    },
  );

  /** Once the public key has taken over, WeChat Pay lists no certificate any more: whoever has none gets none. */
  test(`${MIGRATION.name}: who holds the certificate still believes it, who does not is told again under the key`, async () => {
    const shop = await shopWith(minibase, MIGRATION);
    const isCertified = (letter: Letter) => !keyOf(letter)?.startsWith('PUB_KEY_ID_');
    const { payments, letters } = await paidAround(shop, MIGRATION, async (early) => {
      // The first that comes brings the certificate.
      expect(await statusesOf(minibase.url, early.filter(isCertified).slice(0, 1))).toEqual([200]);
    });
    const certified = letters.filter(isCertified);
    const [held, strange] = [certified.slice(0, 2), certified.slice(2)];
    expect(strange).not.toEqual([]);
    const other = await minibase.another();
    await refuseChanged([minibase.url, other.url], letters);
    expect(await statusesOf(minibase.url, held)).toEqual([200, 200]);
    const signedByKey = letters.filter((one) => !isCertified(one));
    expect(new Set(await statusesOf(other.url, signedByKey))).toEqual(new Set([200]));
    expect(new Set(await statusesOf(other.url, strange))).toEqual(new Set([401]));

    // Refused is not lost: it comes again after 15 seconds, signed by what signs then.
    await shop.advance(16);
    const nextOf = (refused: Letter) =>
      lettersTo(shop, 'wechat').find((one) => nameOf(one) === nameOf(refused) && !isCertified(one));
    await until('what was refused has come again', () => strange.every(nextOf));
    const again = strange.map((refused) => nextOf(refused)!);
    expect(new Set(await statusesOf(other.url, again))).toEqual(new Set([200]));
    await areSettled(shop, payments);
  });
});
