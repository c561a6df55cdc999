import { gzipSync } from 'node:zlib';
import { deliver, type Letter, Letterbox } from '../payments/support/letterbox.js';
import { type Payment, PLATFORMS, Shop } from '../payments/support/shop.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { type RawAnswer, sendRaw } from './support/raw-request.js';

const MEBIBYTE = 1024 * 1024;

describe.each(PLATFORMS)('a true callback of %s, changed on the way,', (platform) => {
  let minibase: Minibase;
  let letterbox: Letterbox;
  let shop: Shop;
  let payment: Payment;
  let letter: Letter;

  beforeAll(async () => {
    letterbox = await Letterbox.open();
    minibase = await startMinibase({ publicUrl: letterbox.url });
    shop = await Shop.open(minibase, [platform]);
    payment = await shop.payment({ platform });
    await shop.cashier(payment.clientAction);
    letter = await letterbox.letter();
  });
  afterAll(async () => {
    await minibase.close();
    await letterbox.close();
  });
  // Whatever was tried, the callback itself is worth as much as before.
  afterEach(async () => {
    const kept = await minibase.database.dataSource.query<object[]>('select id from callbacks');
    expect([kept.length, (await shop.read(payment.id)).status]).toEqual([0, 'pending']);
  });

  /** Sends what `deliver` cannot: headers twice, lengths that lie. */
  const sendLines = (lines: readonly string[], body: Buffer): Promise<RawAnswer> => {
    const head = [`POST ${letter.path} HTTP/1.1`, 'host: x', 'connection: close', ...lines];
    return sendRaw(minibase.url, Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]));
  };
  const ownHeaders = (): [string, string][] =>
    Object.entries(letter.headers).filter(([name]) => !['host', 'connection', 'content-length'].includes(name));
  const signing = (): [string, string][] =>
    ownHeaders().filter(([name]) => /^(wechatpay|byte)-(signature|timestamp|nonce|serial)(-str)?$/.test(name));

  test('in its bytes is not believed', async () => {
    const { body } = letter;
    const text = body.toString();
    const changed: Record<string, Buffer> = {
      'as gzip': gzipSync(body),
      'as UTF-16': Buffer.from(text, 'utf16le'),
      'with a byte order mark': Buffer.concat([Buffer.from('\ufeff'), body]),
      'with a blank behind it': Buffer.concat([body, Buffer.from(' ')]),
      'with a NUL behind it': Buffer.concat([body, Buffer.alloc(1)]),
      'in capitals': Buffer.from(text.toUpperCase()),
      twice: Buffer.concat([body, body]),
      'with bytes that are no UTF-8': Buffer.concat([
        body.subarray(0, 40),
        Buffer.from([0xff, 0xfe]),
        body.subarray(40),
      ]),
      'with a megabyte of blanks': Buffer.concat([body, Buffer.alloc(MEBIBYTE - body.length, ' ')]),
      'as JSON in JSON': Buffer.from(JSON.stringify(text)),
    };
    for (const at of [0, 1, 2, body.length >> 1, body.length - 2, body.length - 1])
      changed[`cut off at ${at}`] = body.subarray(0, at);
    for (const [how, bytes] of Object.entries(changed)) {
      for (const encoding of [{}, { 'content-encoding': 'gzip' }]) {
        const { status } = await deliver(minibase.url, letter, { body: bytes, headers: { ...letter.headers, ...encoding } }); // prettier-ignore
        expect([how, status]).toEqual([how, 401]);
      }
    }
  });

  // Alipay signs the fields of a form, and not how they are written down.
  const isForm = platform === 'alipay';
  test(`in its ${isForm ? 'form' : 'form, which it has not,'} is not believed`, async () => {
    if (!isForm) return expect(letter.headers['content-type']).toMatch(/json/);
    const text = letter.body.toString();
    const fields = [...new URLSearchParams(text)];
    const form = (pairs: [string, string][]): Buffer => Buffer.from(new URLSearchParams(pairs).toString());
    const without = (name: string) => fields.filter(([key]) => key !== name);
    const bodies = [
      ...['sign', 'charset', 'app_id', 'total_amount', 'notify_id'].map((name) => form(without(name))),
      ...fields.map(([name, value]) => form([...fields, [name, `${value}1`]])),
      form([...without('sign_type'), ['sign_type', 'RSA']]),
      form([...without('charset'), ['charset', 'gbk']]),
      form([...without('sign'), ['sign', '%zz%']]),
      form([['sign', 'x'], ...fields]),
      ...['&total_amount=%zz', '&__proto__=1&constructor=2'].map((more) => Buffer.from(text + more)),
      Buffer.from(text.replaceAll('&', ';')),
    ];
    for (const body of bodies) {
      const { status } = await deliver(minibase.url, letter, { body });
      expect([body.toString().slice(-80), status]).toEqual([body.toString().slice(-80), 401]);
    }
  });

  test('in its headers is not believed: missing, twice, or twice and different', async () => {
    expect(signing().length).toBe({ wechat: 4, alipay: 0, douyin: 3 }[platform]);
    const length: [string, string] = ['content-length', String(letter.body.length)];
    for (const [name, value] of signing()) {
      const others = ownHeaders().filter(([other]) => other !== name);
      for (const more of [[], [value, value], [value, 'x'], ['x', value], [`${value},${value}`]]) {
        const headers = [...others, length, ...more.map((one): [string, string] => [name, one])];
        const { status } = await sendLines(headers.map((pair) => pair.join(': ')), letter.body); // prettier-ignore
        expect([name, more.length, status]).toEqual([name, more.length, 401]);
      }
    }
  });

  test('in its length is refused, or waits in vain', async () => {
    const lines = (more: string[]) => [...ownHeaders().map((pair) => pair.join(': ')), ...more];
    const { length } = letter.body;
    const refused = async (more: string[], body: Buffer): Promise<void> => {
      // A server that hangs up on what still arrives may be heard no more.
      const { status } = await sendLines(lines(more), body).catch(() => ({ status: Number.NaN }));
      expect([more, Number.isNaN(status) || (status >= 400 && status < 500)]).toEqual([more, true]);
    };
    await refused([`content-length: ${length - 1}`], letter.body.subarray(0, length - 1));
    await refused([`content-length: ${MEBIBYTE + 1}`], letter.body);
    await refused(['content-length: -1'], letter.body);
    await refused([`content-length: ${length}`, `content-length: ${length + 1}`], letter.body);
    await refused([`content-length: ${length}`, 'transfer-encoding: chunked'], letter.body);
    await refused(['transfer-encoding: chunked'], letter.body);
    await refused(['transfer-encoding: gzip, chunked'], Buffer.from('0\r\n\r\n'));
    const tooMuch = Buffer.concat([
      Buffer.from('200000\r\n'),
      Buffer.alloc(2 * MEBIBYTE),
      Buffer.from('\r\n0\r\n\r\n'),
    ]);
    await refused(['transfer-encoding: chunked'], tooMuch);
  });
});

test.each(PLATFORMS)('what %s has sent is believed as it is, in chunks too', async (platform) => {
  const letterbox = await Letterbox.open();
  const minibase = await startMinibase({ publicUrl: letterbox.url });
  const shop = await Shop.open(minibase, [platform]);
  const payment = await shop.payment({ platform });
  await shop.cashier(payment.clientAction);
  const { path, headers, body } = await letterbox.letter();
  const lines = Object.entries(headers).filter(([name]) => !['content-length', 'connection'].includes(name));
  const half = body.length >> 1;
  const chunk = (bytes: Buffer): string => `${bytes.length.toString(16)}\r\n${bytes.toString('latin1')}\r\n`;
  const head = [`POST ${path} HTTP/1.1`, 'connection: close', 'transfer-encoding: chunked', ...lines.map((pair) => pair.join(': '))]; // prettier-ignore
  const text = `${head.join('\r\n')}\r\n\r\n${chunk(body.subarray(0, half))}${chunk(body.subarray(half))}0\r\n\r\n`;
  expect((await sendRaw(minibase.url, Buffer.from(text, 'latin1'))).status).toBe(200);
  expect((await shop.read(payment.id)).status).toBe('succeeded');
  await minibase.close();
  await letterbox.close();
});
