import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import type { AddressCheck, PlatformCallback, RawCallback } from '../callback.js';
import type { MessagePush } from '../message-platform.js';
import type { PlatformAccount } from '../platform.js';
import { WechatCredentials } from './credentials.js';
import { WechatPushes } from './push.js';

const TOKEN = 'AAAAA';
const AES_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
const NOW = new Date('2026-11-20T10:00:00Z');
const SECONDS = NOW.getTime() / 1_000;
const NONCE = '1320562132';

const aProgram = (credentials: object): PlatformAccount => ({ appId: 'app_1', id: 'pac_1', platform: 'wechat', platformAppId: 'wx0123456789abcdef', mode: 'test', credentials: { secret: 's', ...credentials } }); // prettier-ignore
const plain = aProgram({ messageToken: TOKEN });
const secure = aProgram({ messageToken: TOKEN, messageAesKey: AES_KEY });

const sha1 = (...texts: string[]) => createHash('sha1').update(texts.sort().join('')).digest('hex');
const queryOf = ({ timestamp = String(SECONDS), token = TOKEN } = {}) => ({ signature: sha1(token, timestamp, NONCE), timestamp, nonce: NONCE }); // prettier-ignore

const raw = (body: string, query: Record<string, string>, method = 'POST'): RawCallback => ({ method, headers: {}, query, body: Buffer.from(body), hint: undefined, receivedAt: NOW }); // prettier-ignore

/** By the documentation alone. */
function encrypted(message: string, { appId = secure.platformAppId, aesKey = AES_KEY } = {}): string {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(message));
  const content = Buffer.concat([randomBytes(16), length, Buffer.from(message), Buffer.from(appId)]);
  const pad = 32 - (content.length % 32);
  const key = Buffer.from(`${aesKey}=`, 'base64');
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(Buffer.concat([content, Buffer.alloc(pad, pad)])), cipher.final()]).toString('base64'); // prettier-ignore
}

type Mode = 'plain' | 'compatible' | 'secure';
type Format = 'json' | 'xml';
const asXml = (value: unknown): string =>
  typeof value !== 'object' || value === null
    ? `<![CDATA[${String(value)}]]>`
    : Object.entries(value).map(([name, one]) => [one].flat().map((each) => `<${name}>${asXml(each)}</${name}>`).join('')).join(''); // prettier-ignore
const written = (message: object, format: Format) => (format === 'json' ? JSON.stringify(message) : `<xml>${asXml(message)}</xml>`); // prettier-ignore

function sent(message: object, mode: Mode, format: Format): RawCallback {
  const query = queryOf();
  const body = written(message, format);
  if (mode === 'plain') return raw(body, query);
  const Encrypt = encrypted(body);
  const outer = mode === 'secure' ? { ToUserName: 'gh_1', Encrypt } : { ...message, Encrypt };
  const msg_signature = sha1(TOKEN, query.timestamp, NONCE, Encrypt);
  return raw(written(outer, format), { ...query, openid: 'o1', encrypt_type: 'aes', msg_signature });
}

const read = (callback: RawCallback, account = callback.query['msg_signature'] ? secure : plain) => new WechatPushes().read(account, callback); // prettier-ignore
async function pushIn(callback: RawCallback): Promise<{ callback: PlatformCallback; push: MessagePush }> {
  const told = (await read(callback)) as PlatformCallback;
  if (told.content.kind !== 'push') throw new Error(told.content.kind);
  return { callback: told, push: told.content.push };
}
const refusalOf = (callback: RawCallback, account?: PlatformAccount) => read(callback, account).then(() => 'believed', (error: { refusal: string }) => error.refusal); // prettier-ignore

const COMMON = { ToUserName: 'gh_1', FromUserName: 'o1', CreateTime: SECONDS - 5, MsgType: 'event' };
const T1 = 'a'.repeat(43);
const T2 = 'b'.repeat(43);
const item = (TemplateId: string, SubscribeStatusString: string) => ({ TemplateId, SubscribeStatusString, PopupScene: '0' }); // prettier-ignore

describe.each(['plain', 'compatible', 'secure'] as const)('in %s mode', (mode) => {
  test.each([
    ['json', { List: item(T1, 'accept') }, 1],
    ['json', { List: [item(T1, 'accept'), item(T2, 'reject')] }, 2],
    ['json', { SubscribeMsgPopupEvent: { List: [item(T1, 'accept'), item(T2, 'reject')] } }, 2],
    ['json', { SubscribeMsgPopupEvent: [{ List: item(T1, 'accept') }] }, 1],
    ['xml', { SubscribeMsgPopupEvent: { List: [item(T1, 'accept'), item(T2, 'reject')] } }, 2],
    ['xml', { SubscribeMsgPopupEvent: { List: item(T1, 'accept') } }, 1],
  ] as const)('%s: %j', async (format, items, count) => {
    const message = { ...COMMON, CreateTime: String(SECONDS - 5), Event: 'subscribe_msg_popup_event', ...items };
    const { callback, push } = await pushIn(sent(message, mode, format));
    expect(callback.type).toBe('subscribe_msg_popup_event');
    expect(push).toMatchObject({ openid: 'o1', happenedAt: new Date(NOW.getTime() - 5_000) });
    expect(push.news).toEqual(
      [
        { kind: 'consent', openid: 'o1', isSetting: false, answer: { templateId: T1, isAccepted: true, answer: 'accept' }, identity: `popup o1 ${SECONDS - 5} ${T1}` }, // prettier-ignore
        { kind: 'consent', openid: 'o1', isSetting: false, answer: { templateId: T2, isAccepted: false, answer: 'reject' }, identity: `popup o1 ${SECONDS - 5} ${T2}` }, // prettier-ignore
      ].slice(0, count),
    );
  });

  test('a change in the settings', async () => {
    const message = { ...COMMON, Event: 'subscribe_msg_change_event', List: item(T1, 'reject') };
    const { push } = await pushIn(sent(message, mode, 'json'));
    expect(push.news).toMatchObject([{ isSetting: true, answer: { isAccepted: false }, identity: `change o1 ${SECONDS - 5} ${T1}` }]); // prettier-ignore
  });

  test('what became of a message', async () => {
    const ended = (ErrorCode: string | number, ErrorStatus: string, MsgID: unknown) => ({ TemplateId: T1, MsgID, ErrorCode, ErrorStatus }); // prettier-ignore
    const List = [ended('0', 'success', '1864323726461255680'), ended(43101, 'failed', '2'), ended('1', 'user rejected', '3'), ended('40003', 'x', '4'), ended('9', 'failed', '5')]; // prettier-ignore
    const { push } = await pushIn(sent({ ...COMMON, Event: 'subscribe_msg_sent_event', List }, mode, 'json'));
    expect(push.news).toMatchObject([
      { kind: 'delivery', platformMessageId: '1864323726461255680', outcome: { kind: 'sent' } },
      { outcome: { kind: 'refused', platformCode: '43101' } },
      { outcome: { kind: 'refused', platformCode: '1' } },
      { outcome: { kind: 'failed', fault: 'person' } },
      { outcome: { kind: 'failed', fault: 'person', platformCode: '9' } },
    ]);
  });

  test('a message of a person', async () => {
    const message = { ...COMMON, MsgType: 'text', Content: '你好 <&>', MsgId: '23442453123456789012' };
    const { callback, push } = await pushIn(sent(message, mode, 'xml'));
    expect(callback).toMatchObject({ type: 'text', deduplicationKey: 'message 23442453123456789012' });
    expect(push).toMatchObject({ openid: 'o1', news: [] });
  });
});

describe('deduplication', () => {
  const popup = (List: unknown) => ({ ...COMMON, Event: 'subscribe_msg_popup_event', List });
  const keyOf = async (message: object, mode: Mode) => (await pushIn(sent(message, mode, 'json'))).callback.deduplicationKey; // prettier-ignore

  test('a repeat is known however it is sealed; another event of the same second is another', async () => {
    const one = await keyOf(popup(item(T1, 'accept')), 'secure');
    expect(await keyOf(popup(item(T1, 'accept')), 'secure')).toBe(one);
    expect(await keyOf(popup(item(T2, 'accept')), 'secure')).not.toBe(one);
    expect(await keyOf({ ...COMMON, Event: 'user_enter_tempsession' }, 'secure')).not.toBe(one);
  });
  test('a long MsgId is told from its neighbour', async () => {
    const key = (id: string) => pushIn(raw(`{"FromUserName":"o1","MsgType":"text","MsgId":${id}}`, queryOf()));
    const [a, b] = [await key('23442453123456789012'), await key('23442453123456789013')];
    expect(a.callback.deduplicationKey).not.toBe(b.callback.deduplicationKey);
  });
});

describe('the check of the address', () => {
  const echostr = '4375120948345356249';
  const check = (over: Record<string, string> = {}) => raw('', { ...queryOf(), echostr, ...over }, 'GET');
  test.each([plain, secure])('gets back what it asked', async (account) => {
    const told = (await read(check(), account)) as AddressCheck;
    expect(told).toEqual({ kind: 'check', reply: { status: 200, contentType: 'text/plain', body: echostr } });
  });
  test('is verified', async () => {
    await expect(refusalOf(check({ signature: sha1('another', String(SECONDS), NONCE) }))).resolves.toBe('signature_invalid'); // prettier-ignore
    await expect(refusalOf(check({ echostr: '' }))).resolves.toBe('malformed');
    const old = queryOf({ timestamp: String(SECONDS - 301) });
    await expect(refusalOf(raw('', { ...old, echostr }, 'GET'))).resolves.toBe('stale');
  });
});

describe('what is not believed', () => {
  const message = { ...COMMON, Event: 'subscribe_msg_popup_event', List: item(T1, 'accept') };
  const over = (callback: RawCallback, query: Record<string, string>): RawCallback => ({ ...callback, query: { ...callback.query, ...query } }); // prettier-ignore

  test('an address without its parts', async () => {
    for (const part of ['signature', 'timestamp', 'nonce']) {
      await expect(refusalOf(over(sent(message, 'plain', 'json'), { [part]: '' }))).resolves.toBe('headers_missing');
    }
  });
  test('a signature of another token, in whatever mode', async () => {
    const forged = queryOf({ token: 'BBBBB' }).signature;
    for (const mode of ['plain', 'compatible', 'secure'] as const) {
      await expect(refusalOf(over(sent(message, mode, 'json'), { signature: forged }))).resolves.toBe('signature_invalid'); // prettier-ignore
    }
  });
  test('what is too old, or of the future', async () => {
    for (const seconds of [-301, 301]) {
      const query = queryOf({ timestamp: String(SECONDS + seconds) });
      await expect(refusalOf(raw(JSON.stringify(message), query))).resolves.toBe('stale');
    }
  });
  test('a plain body where the account has a key', async () => {
    await expect(refusalOf(sent(message, 'plain', 'json'), secure)).resolves.toBe('signature_invalid');
    const stripped = over(raw(JSON.stringify(message), queryOf()), { msg_signature: 'x' });
    await expect(refusalOf(stripped, secure)).resolves.toBe('signature_invalid');
  });
  test('a sealed body where the account has no key, or no token', async () => {
    await expect(refusalOf(sent(message, 'secure', 'json'), plain)).resolves.toBe('unknown_key');
    await expect(refusalOf(sent(message, 'plain', 'json'), aProgram({}))).resolves.toBe('unknown_key');
  });
  test('another body under a msg_signature', async () => {
    const { query } = sent(message, 'secure', 'json');
    const other = JSON.stringify({ ToUserName: 'gh_1', Encrypt: encrypted(JSON.stringify(message)) });
    await expect(refusalOf(raw(other, query))).resolves.toBe('signature_invalid');
  });
  test('fields beside the seal', async () => {
    const callback = sent(message, 'compatible', 'json');
    const { Encrypt } = JSON.parse(callback.body.toString()) as { Encrypt: string };
    const forged = { ...message, FromUserName: 'o2', List: item(T2, 'accept'), Encrypt };
    const { push } = await pushIn(raw(JSON.stringify(forged), callback.query));
    expect(push).toMatchObject({ openid: 'o1', news: [{ answer: { templateId: T1 } }] });
  });
  test('a seal of another mini-program, or another key', async () => {
    for (const Encrypt of [
      encrypted('{}', { appId: 'wxffffffffffffffff' }),
      encrypted('{}', { aesKey: AES_KEY.replace('a', 'b') }),
    ]) {
      // prettier-ignore
      const query = { ...queryOf(), msg_signature: sha1(TOKEN, String(SECONDS), NONCE, Encrypt) };
      await expect(refusalOf(raw(JSON.stringify({ Encrypt }), query))).resolves.toBe('malformed');
    }
  });
  test('a plain address that is used for a second body', async () => {
    const pushes = new WechatPushes();
    const first = sent(message, 'plain', 'json');
    await pushes.read(plain, first);
    // WeChat itself may repeat it.
    await pushes.read(plain, first);
    const second = sent({ ...message, FromUserName: 'o2' }, 'plain', 'json');
    await expect(pushes.read(plain, second)).rejects.toMatchObject({ refusal: 'signature_invalid' });
  });
  test('nonsense', async () => {
    for (const body of ['', 'x', '[]', '{}', '<xml></xml>', '{"MsgType":"event"}', '{"MsgType":{}}']) {
      await expect(refusalOf(raw(body, queryOf()))).resolves.toBe('malformed');
    }
    await expect(refusalOf(raw('{}', queryOf(), 'PUT'))).resolves.toBe('malformed');
  });
  test('items that are none', async () => {
    for (const List of [
      undefined,
      null,
      'x',
      1,
      [],
      [1, null, 'x'],
      {},
      { TemplateId: T1 },
      { SubscribeStatusString: 'accept' },
    ]) {
      // prettier-ignore
      const { push } = await pushIn(sent({ ...COMMON, Event: 'subscribe_msg_popup_event', List }, 'plain', 'json'));
      expect(push.news).toEqual([]);
    }
  });
});

test('only success is an acknowledgement', () => {
  const pushes = new WechatPushes();
  const callback = { deduplicationKey: '1', type: 'text', content: { kind: 'other' } } as const;
  expect(pushes.acknowledge({ kind: 'accepted', callback })).toMatchObject({ status: 200, body: 'success' });
  expect(pushes.acknowledge({ kind: 'retry' })).toMatchObject({ status: 500, body: 'fail' });
  expect(pushes.acknowledge({ kind: 'refused' })).toMatchObject({ status: 401, body: 'fail' });
});

test('the credentials have a form', () => {
  expect(WechatCredentials.safeParse(secure.credentials).success).toBe(true);
  expect(WechatCredentials.safeParse({ secret: 's', messageToken: 'no spaces' }).success).toBe(false);
  expect(WechatCredentials.safeParse({ secret: 's', messageAesKey: 'short' }).success).toBe(false);
});
