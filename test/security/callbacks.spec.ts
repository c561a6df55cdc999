import fc from 'fast-check';
import { deliver, Letterbox } from '../payments/support/letterbox.js';
import { type Payment, PLATFORMS, Shop } from '../payments/support/shop.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { hostileText } from './support/arbitraries.js';
import { faultsOfProblem } from './support/problems.js';
import { type RawAnswer, sendRaw } from './support/raw-request.js';

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 400);
const MEBIBYTE = 1024 * 1024;
const STACK = /\bat .+\(?(file:|\/|node:)\S+:\d+:\d+\)?/;

/** Headers by which platforms sign, and those that steer how a body is read. */
const HEADERS = [
  'wechatpay-signature',
  'wechatpay-serial',
  'wechatpay-timestamp',
  'wechatpay-nonce',
  'wechatpay-signature-type',
  'byte-signature',
  'byte-timestamp',
  'byte-nonce-str',
  'byte-identifyname',
  'content-encoding',
  'accept',
  'x-request-id',
] as const;
const TYPES = [
  'application/json',
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=gbk',
  'text/xml',
  'multipart/form-data; boundary=x',
  'a',
  ';',
] as const;

describe('the callback address', () => {
  let minibase: Minibase;
  let letterbox: Letterbox;
  let shop: Shop;
  /** Addresses of every kind of account, some that take no callbacks, and some of nobody. */
  let accounts: string[];
  beforeAll(async () => {
    process.stderr.write(`callbacks: FUZZ_SEED=${SEED} FUZZ_RUNS=${RUNS}\n`);
    letterbox = await Letterbox.open();
    minibase = await startMinibase({ publicUrl: letterbox.url });
    shop = await Shop.open(minibase, PLATFORMS);
    const own = PLATFORMS.flatMap((platform) => [shop.merchants[platform]!.id, shop.app.programs[platform].id]);
    const nobodys = ['mac_019a6b0c4d5e7f00a1b2c3d4e5f60718', 'pac_019a6b0c4d5e7f00a1b2c3d4e5f60718'];
    accounts = [...own, ...nobodys, 'mac_x', "mac_' or 1=1--", shop.app.appId, '..%2f..', '%20', 'x'.repeat(200)];
  });
  afterAll(async () => {
    await minibase.close();
    await letterbox.close();
  });

  const kept = async () =>
    Number((await minibase.database.dataSource.query<{ n: string }[]>('select count(*) as n from callbacks'))[0]!.n);

  const visible = (text: string): string => text.replace(/[^\x20-\x7e\x80-\xff]/g, '?').slice(0, 500);
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 2_000 }).map((some) => Buffer.from(some)),
    hostileText.map((text) => Buffer.from(text)),
    fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
    fc
      .record({
        id: hostileText,
        event_type: hostileText,
        resource: fc.anything().map((value) => String(JSON.stringify(value))),
        msg: hostileText,
      })
      .map((value) => Buffer.from(JSON.stringify(value))),
    fc
      .dictionary(
        fc.constantFrom('sign', 'sign_type', 'charset', 'app_id', 'notify_id', 'out_trade_no', 'total_amount', 'x'),
        fc.string({ unit: 'binary', maxLength: 60 }).map((text) => Buffer.from(text).toString('base64url')),
      )
      .map((fields) => Buffer.from(new URLSearchParams(fields).toString())),
    fc.constantFrom('%', '%zz=%', '&&&=', '{', '['.repeat(50_000), '{"msg":"{"}', '<xml></xml>').map((text) => Buffer.from(text)), // prettier-ignore
  );
  const requests = () =>
    fc.record({
      method: fc.constantFrom('POST', 'POST', 'POST', 'GET', 'HEAD'),
      account: fc.constantFrom(...accounts),
      tail: fc.constantFrom('', '/pay', '/refund', '/x%2fy', '/%e0%a4%a', '?a=%zz&a=1', '/pay?echostr=1&signature=x'),
      type: fc.option(fc.constantFrom(...TYPES), { nil: undefined }),
      headers: fc.array(
        fc.tuple(
          fc.constantFrom(...HEADERS),
          fc.oneof(
            hostileText.map(visible),
            fc.constantFrom('0', '-1', '1e9', String(Math.floor(Date.now() / 1_000)), 'gzip', 'A'.repeat(344)),
          ),
        ),
        { maxLength: 8 },
      ),
      body: bytes,
    });

  function faultsOf({ status, headers, body }: RawAnswer): string[] {
    const faults: string[] = [];
    if (status < 400 || status >= 500) faults.push(`status ${status}: ${body.slice(0, 200)}`);
    if (!headers.get('x-request-id')) faults.push('no X-Request-Id');
    if (STACK.test(body)) faults.push('a stack');
    return faults;
  }

  test('refuses whatever nobody signed, and keeps nothing of it', async () => {
    const before = await kept();
    const statuses = new Set<number>();
    const holds = fc.asyncProperty(requests(), async ({ method, account, tail, type, headers, body }) => {
      const lines = [
        `${method} /callbacks/${account}${tail} HTTP/1.1`,
        'host: 127.0.0.1',
        'connection: close',
        `content-length: ${body.length}`,
        ...(type === undefined ? [] : [`content-type: ${type}`]),
        ...headers.map(([name, value]) => `${name}: ${value}`),
      ];
      const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
      const answer = await sendRaw(minibase.url, Buffer.concat([head, body]));
      statuses.add(answer.status);
      expect(faultsOf(answer)).toEqual([]);
    });
    const limit = process.env['FUZZ_RUNS'] ? {} : { interruptAfterTimeLimit: 15_000 };
    await fc.assert(holds, { seed: SEED, numRuns: RUNS, ...limit });
    expect(statuses).toContain(401);
    expect(await kept()).toBe(before);
  }, 600_000);

  test('answers an unknown account, one of the other kind and a bad signature alike', async () => {
    const answers = new Set<string>();
    for (const account of accounts.slice(0, 11)) {
      const answer = await fetch(`${minibase.url}/callbacks/${encodeURIComponent(account)}`, {
        method: 'POST',
        body: '{}',
      });
      const type = answer.headers.get('content-type') ?? '';
      answers.add(JSON.stringify([answer.status, type, await answer.text()]));
    }
    expect([...answers]).toHaveLength(1);
  });

  const post = (length: number, more: string[] = []): Buffer => {
    const lines = [
      `POST /callbacks/${shop.merchants.wechat!.id} HTTP/1.1`,
      'host: x',
      'connection: close',
      `content-length: ${length}`,
      ...more,
    ];
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  };

  test('reads a body of one mebibyte, and refuses one byte more before it has arrived', async () => {
    const whole = Buffer.alloc(MEBIBYTE, 'x');
    expect((await sendRaw(minibase.url, Buffer.concat([post(MEBIBYTE), whole]))).status).toBe(401);
    const { status, headers, body } = await sendRaw(minibase.url, post(MEBIBYTE + 1));
    expect(status).toBe(413);
    expect(faultsOfProblem(status, headers.get('content-type'), body)).toEqual([]);
    const chunked = ['transfer-encoding: chunked', 'connection: close', 'host: x'];
    const start = `POST /callbacks/${shop.merchants.wechat!.id} HTTP/1.1\r\n${chunked.join('\r\n')}\r\n\r\n`;
    const chunk = `${(MEBIBYTE + 1).toString(16)}\r\n${'x'.repeat(MEBIBYTE + 1)}\r\n0\r\n\r\n`;
    expect((await sendRaw(minibase.url, start + chunk)).status).toBe(413);
  });

  test('survives thousands of headers, few bytes and many', async () => {
    const short = Array.from({ length: 2_500 }, () => 'a:b');
    expect(faultsOf(await sendRaw(minibase.url, post(0, short)))).toEqual([]);
    const long = Array.from({ length: 3_000 }, (_, at) => `wechatpay-nonce: ${at}`);
    const { status, headers, body } = await sendRaw(minibase.url, post(0, long));
    expect(status).toBe(431);
    expect(faultsOfProblem(status, headers.get('content-type'), body)).toEqual([]);
    const same = Array.from({ length: 400 }, () => 'wechatpay-signature: x');
    expect((await sendRaw(minibase.url, post(0, same))).status).toBe(401);
  });

  test.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s finds nothing', async (method) => {
    const answer = await fetch(`${minibase.url}/callbacks/${shop.merchants.wechat!.id}`, { method });
    const type = answer.headers.get('content-type');
    expect(faultsOfProblem(answer.status, type, await answer.text())).toEqual([]);
    expect(answer.status).toBe(404);
  });

  const paidFor = async (platform: (typeof PLATFORMS)[number]): Promise<{ payment: Payment }> => {
    letterbox.letters.length = 0;
    const payment = await shop.payment({ platform });
    await shop.cashier(payment.clientAction);
    return { payment };
  };

  test.each(PLATFORMS)('a true callback of %s with a spoiled header is not believed, and then is', async (platform) => {
    const { payment } = await paidFor(platform);
    const letter = await letterbox.letter();
    const signing = Object.keys(letter.headers).filter((name) => /^(wechatpay|byte)-(signature|timestamp|nonce)/.test(name)); // prettier-ignore
    expect(signing.length > 0 || platform === 'alipay').toBe(true);
    for (const name of signing) {
      for (const value of ['', '0', 'x', `${letter.headers[name]}x`, '９'.normalize('NFKC')]) {
        if (name === 'wechatpay-signature-type') continue;
        const { status, body } = await deliver(minibase.url, letter, { headers: { ...letter.headers, [name]: value } });
        expect([name, value, status, STACK.test(body)]).toEqual([name, value, 401, false]);
      }
    }
    for (const body of [Buffer.alloc(0), Buffer.concat([letter.body, letter.body]), letter.body.subarray(1)]) {
      expect((await deliver(minibase.url, letter, { body })).status).toBe(401);
    }
    expect((await shop.read(payment.id)).status).toBe('pending');
    // Content type and hint are no part of what is signed.
    const headers = { ...letter.headers, 'content-type': 'text/plain' };
    expect((await deliver(minibase.url, letter, { headers, path: `${letter.path}/any-hint?x=1` })).status).toBe(200);
    expect((await shop.read(payment.id)).status).toBe('succeeded');
  });

  test('while the database is away nothing is acknowledged, and nothing is told of why', async () => {
    const { payment } = await paidFor('wechat');
    const letter = await letterbox.letter();
    const { dataSource } = minibase.database;
    await dataSource.query('alter table callbacks rename to callbacks_away');
    const { status, body } = await deliver(minibase.url, letter);
    await dataSource.query('alter table callbacks_away rename to callbacks');
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body).not.toMatch(/callbacks_away|relation|at .+:\d+:\d+/);
    expect((await shop.read(payment.id)).status).toBe('pending');
    expect((await deliver(minibase.url, letter)).status).toBe(200);
    expect((await shop.read(payment.id)).status).toBe('succeeded');
  });
});
