import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { CallbackRefused, type CallbackReader, type PlatformCallback, type RawCallback } from '../callback.js';
import type { PlatformAccount } from '../platform.js';
import { DouyinCallbacks } from './callbacks.js';
import { acknowledge } from './pay/acknowledgement.js';

const SECRET = 'd428ecf9d4d88ed21ba2ccfb2d5e57e1';
const TOKEN = 'AAAAA';
const AES_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
const NOW = new Date('2026-11-20T10:00:00Z');
const SECONDS = NOW.getTime() / 1_000;

const aProgram = (credentials: object = {}): PlatformAccount => ({ appId: 'app_1', id: 'pac_1', platform: 'douyin', platformAppId: 'tt0123456789abcdef01', mode: 'test', credentials: { secret: SECRET, ...credentials } }); // prettier-ignore
const program = aProgram({ messageToken: TOKEN, messageAesKey: AES_KEY });

const ofPayments = new CallbackRefused('headers_missing', 'asked the reader of payments');
const payments: CallbackReader<PlatformAccount, PlatformCallback> = { read: () => Promise.reject(ofPayments), acknowledge }; // prettier-ignore
const callbacks = new DouyinCallbacks(payments);

const raw = (body: string | object, over: Partial<RawCallback> = {}): RawCallback => ({ method: 'POST', headers: {}, query: {}, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), hint: undefined, receivedAt: NOW, ...over }); // prettier-ignore
const refusalOf = (callback: RawCallback, account = program) => callbacks.read(account, callback).then(() => 'believed', (error: CallbackRefused) => (error === ofPayments ? 'payments' : error.refusal)); // prettier-ignore
const sha1 = (...texts: string[]) => createHash('sha1').update(texts.sort().join('')).digest('hex');

describe('webhooks', () => {
  const event = { event: 'im_receive_msg', client_key: program.platformAppId, from_user_id: 'o1', content: '{"a":1}', log_id: '1' }; // prettier-ignore
  /** `sha1(secret + body)`, by the documentation alone. */
  const webhook = (body: object, headers: Record<string, string> = {}, secret = SECRET) => {
    const text = JSON.stringify(body);
    return raw(text, { headers: { 'x-douyin-signature': createHash('sha1').update(secret + text).digest('hex'), ...headers } }); // prettier-ignore
  };

  test('are believed by the secret and known by their Msg-Id', async () => {
    await expect(callbacks.read(program, webhook(event, { 'msg-id': 'm1' }))).resolves.toEqual({
      deduplicationKey: 'webhook m1',
      type: 'im_receive_msg',
      content: { kind: 'push', push: { type: 'im_receive_msg', openid: 'o1', happenedAt: NOW, news: [] } },
    });
    const [one, two] = [await callbacks.read(program, webhook(event)), await callbacks.read(program, webhook(event))];
    expect(one).toEqual(two);
  });
  test('are not believed otherwise', async () => {
    await expect(refusalOf(webhook(event, {}, 'another'))).resolves.toBe('signature_invalid');
    await expect(refusalOf({ ...webhook(event), body: Buffer.from('{}') })).resolves.toBe('signature_invalid');
    await expect(refusalOf(webhook(event, { 'x-douyin-signature': 'short' }))).resolves.toBe('signature_invalid');
    await expect(refusalOf(webhook({ ...event, client_key: 'tt99' }))).resolves.toBe('unknown_key');
    await expect(refusalOf(webhook({ nothing: 1 }))).resolves.toBe('malformed');
  });
  test.each([
    [{ challenge: 12_345 }, '{"challenge":12345}'],
    ['{"challenge":12345}', '{"challenge":12345}'],
    [{ challenge: 'abc' }, '{"challenge":"abc"}'],
  ])('the address is checked with %j, signed or not', async (content, body) => {
    const asked = { event: 'verify_webhook', client_key: program.platformAppId, content };
    const reply = { status: 200, contentType: 'application/json', body };
    for (const callback of [webhook(asked), raw(asked)]) {
      await expect(callbacks.read(program, callback)).resolves.toEqual({ kind: 'check', reply });
    }
    await expect(refusalOf(raw({ ...asked, client_key: 'tt99' }))).resolves.toBe('payments');
    await expect(refusalOf(raw({ ...asked, content: { challenge: {} } }))).resolves.toBe('malformed');
    await expect(refusalOf(raw(event))).resolves.toBe('payments');
  });
});

describe('sealed pushes', () => {
  /** By the documentation alone: 32 random bytes, where WeChat has 16. */
  function sealed(message: string, { random = 32, appId = program.platformAppId } = {}): string {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(message));
    const content = Buffer.concat([randomBytes(random), length, Buffer.from(message), Buffer.from(appId)]);
    const pad = 32 - (content.length % 32);
    const key = Buffer.from(`${AES_KEY}=`, 'base64');
    const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
    return Buffer.concat([cipher.update(Buffer.concat([content, Buffer.alloc(pad, pad)])), cipher.final()]).toString('base64'); // prettier-ignore
  }
  function push(Encrypt: string, { timestamp = String(SECONDS), token = TOKEN } = {}) {
    return { Nonce: 'n', TimeStamp: timestamp, Encrypt, MsgSignature: sha1(token, timestamp, 'n', Encrypt) };
  }
  const message = JSON.stringify({ FromUserName: 'o1', CreateTime: SECONDS - 5, MsgType: 'text', Content: '好', MsgId: 17 }); // prettier-ignore

  test('are opened, in JSON and in XML', async () => {
    const { Nonce, TimeStamp, Encrypt, MsgSignature } = push(sealed(message));
    const xml = `<xml><Nonce>${Nonce}</Nonce><TimeStamp>${TimeStamp}</TimeStamp><Encrypt>${Encrypt}</Encrypt><MsgSignature>${MsgSignature}</MsgSignature></xml>`; // prettier-ignore
    const numeric = { Nonce, TimeStamp: SECONDS, Encrypt, MsgSignature };
    for (const body of [xml, numeric]) {
      await expect(callbacks.read(program, raw(body))).resolves.toEqual({
        deduplicationKey: 'push 17',
        type: 'text',
        content: { kind: 'push', push: { type: 'text', openid: 'o1', happenedAt: new Date(NOW.getTime() - 5_000), news: [] } }, // prettier-ignore
      });
    }
  });
  test('are not believed otherwise', async () => {
    await expect(refusalOf(raw(push(sealed(message), { token: 'BBBBB' })))).resolves.toBe('signature_invalid');
    await expect(refusalOf(raw(push(sealed(message), { timestamp: String(SECONDS - 301) })))).resolves.toBe('stale');
    await expect(refusalOf(raw(push(sealed(message, { random: 16 }))))).resolves.toBe('malformed');
    await expect(refusalOf(raw(push(sealed(message, { appId: 'tt99' }))))).resolves.toBe('malformed');
    await expect(refusalOf(raw(push(sealed(message))), aProgram())).resolves.toBe('unknown_key');
    await expect(refusalOf(raw(push(sealed(message))), aProgram({ messageToken: TOKEN }))).resolves.toBe('unknown_key');
  });
  test('the address is checked', async () => {
    const query = { signature: sha1(TOKEN, String(SECONDS), 'n', 'm'), timestamp: String(SECONDS), nonce: 'n', msg: 'm', echostr: '42' }; // prettier-ignore
    const reply = { status: 200, contentType: 'text/plain', body: '42' };
    const ask = (over: object = {}) => raw('', { method: 'GET', query: { ...query, ...over } });
    await expect(callbacks.read(program, ask())).resolves.toEqual({ kind: 'check', reply });
    await expect(refusalOf(ask({ msg: '' }))).resolves.toBe('signature_invalid');
    await expect(refusalOf(ask({ signature: '' }))).resolves.toBe('headers_missing');
  });
});

test('a payment goes to the reader of payments, and so does what is nothing else', async () => {
  await expect(refusalOf(raw('{}', { headers: { 'byte-signature': 'x' } }))).resolves.toBe('payments');
  for (const body of ['', 'x', '{}', '{"Encrypt":"x"}']) await expect(refusalOf(raw(body))).resolves.toBe('payments');
});
