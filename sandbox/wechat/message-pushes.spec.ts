import { createHash } from 'node:crypto';
import { Receiver, type Received } from '../testing/receiver.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';
import { WechatProgram } from '../testing/wechat-program.js';

let sandbox: TestSandbox;
let receiver: Receiver;
let apps = 0;

beforeAll(async () => {
  [sandbox, receiver] = await Promise.all([TestSandbox.start(), Receiver.start()]);
});
afterAll(() => Promise.all([sandbox.stop(), receiver.stop()]));
beforeEach(() => {
  receiver.forget();
  receiver.answer = () => ({ body: 'success' });
});

const register = (push: Fields = {}): Promise<WechatProgram> =>
  WechatProgram.register(sandbox, `wx${String((apps += 1)).padStart(16, '0')}`, {
    push: { url: `${receiver.origin}/callbacks/pac_1?a=b`, ...push },
  });

const queryOf = ({ path }: Received): Record<string, string> =>
  Object.fromEntries(new URL(path, receiver.origin).searchParams);
const bodyOf = ({ body }: Received): Fields => JSON.parse(body) as Fields;
const sha1 = (...texts: string[]): string => createHash('sha1').update(texts.sort().join('')).digest('hex');
const first = async (): Promise<Received> => (await receiver.atLeast(1))[0] as Received;

/** The event in a push of secure mode, once its signatures were checked. */
function opened(program: WechatProgram, received: Received): Fields {
  const { signature, timestamp = '', nonce = '', msg_signature, encrypt_type, a } = queryOf(received);
  const { Encrypt = '' } = bodyOf(received) as { Encrypt?: string };
  const { messageToken = '' } = program.credentials;
  expect({ signature, msg_signature, encrypt_type, a }).toEqual({
    signature: sha1(messageToken, timestamp, nonce),
    msg_signature: sha1(messageToken, timestamp, nonce, Encrypt),
    encrypt_type: 'aes',
    a: 'b',
  });
  const { message, appid } = program.decrypt(Encrypt);
  expect(appid).toBe(program.platformAppId);
  return JSON.parse(message) as Fields;
}

describe('what is pushed', () => {
  test('the answers of a dialog: one item alone, several as a list', async () => {
    const program = await register();
    const [paid, shipped] = program.templateIds;
    await program.consent('ann', [paid]);
    const accepted = { TemplateId: paid, SubscribeStatusString: 'accept', PopupScene: '0' };
    expect(opened(program, await first())).toEqual({
      ToUserName: expect.stringMatching(/^gh_[\da-f]{12}$/) as unknown,
      FromUserName: await program.openid('ann'),
      CreateTime: sandbox.now / 1_000,
      MsgType: 'event',
      Event: 'subscribe_msg_popup_event',
      List: accepted,
    });
    await program.consent('ann', [paid, shipped], { answer: { [paid]: 'accept', [shipped]: 'reject' } });
    const [, second] = await receiver.atLeast(2);
    const refused = { TemplateId: shipped, SubscribeStatusString: 'reject', PopupScene: '0' };
    expect(opened(program, second as Received).List).toEqual([accepted, refused]);
  });

  test('a change in the settings, and what became of a message', async () => {
    const program = await register();
    const [paid] = program.templateIds;
    await program.consent('bob', [paid], { report: false });
    const { msgid } = await program.send(await program.openid('bob'));
    const event = opened(program, await first());
    expect(event).toMatchObject({ Event: 'subscribe_msg_sent_event', List: { TemplateId: paid, ErrorCode: '0' } });
    // A number of 64 bits, which JSON.parse has rounded.
    expect(Number((event.List as Fields).MsgID)).toBe(msgid);
    await program.consent('bob', [paid], { settings: true, answer: 'reject' });
    const [, second] = await receiver.atLeast(2);
    expect(opened(program, second as Received)).toMatchObject({
      Event: 'subscribe_msg_change_event',
      List: { TemplateId: paid, SubscribeStatusString: 'reject' },
    });
  });

  test('a message that was taken may still be refused on the phone', async () => {
    const program = await register();
    await program.consent('cat', [program.templateIds[0]], { report: false });
    const match = { platform: 'wechat', path: '/cgi-bin/message/subscribe/send' };
    await sandbox.post('/_/faults', { match, kind: 'code', code: 'DELIVERY_REJECTED' });
    expect(await program.send(await program.openid('cat'))).toMatchObject({ errcode: 0 });
    expect(opened(program, await first()).List).toMatchObject({ ErrorStatus: 'user rejected' });
    expect(await program.messages('cat')).toEqual([]);
  });

  test('anything else that a person causes', async () => {
    const program = await register({ mode: 'plain' });
    const message = { MsgType: 'text', Content: 'hello', MsgId: '7' };
    const { platformAppId } = program;
    await sandbox.post('/_/push', { platform: 'wechat', platformAppId, user: 'dan', message });
    expect(bodyOf(await first())).toMatchObject({ ...message, FromUserName: expect.any(String) as unknown });
  });
});

describe('modes and formats', () => {
  test('plain: the message, signed without its body', async () => {
    const program = await register({ mode: 'plain' });
    await program.consent('eve', [program.templateIds[0]]);
    const received = await first();
    const { signature, timestamp = '', nonce = '', ...others } = queryOf(received);
    expect(signature).toBe(sha1(program.credentials.messageToken ?? '', timestamp, nonce));
    expect(others).toEqual({ a: 'b' });
    expect(bodyOf(received)).toMatchObject({ Event: 'subscribe_msg_popup_event' });
    expect(bodyOf(received)).not.toHaveProperty('Encrypt');
  });

  test('compatible: both', async () => {
    const program = await register({ mode: 'compatible' });
    await program.consent('fay', [program.templateIds[0]]);
    const received = await first();
    const { Encrypt, ...plain } = bodyOf(received);
    expect(Encrypt).toEqual(expect.any(String));
    expect(opened(program, received)).toEqual(plain);
  });

  test('XML has an element of its own around the items', async () => {
    const program = await register({ mode: 'plain', format: 'xml' });
    const [paid, shipped] = program.templateIds;
    await program.consent('gil', [paid, shipped]);
    const { body, headers } = await first();
    expect(headers['content-type']).toBe('text/xml');
    const item = (id: string): string =>
      `<List><TemplateId><![CDATA[${id}]]></TemplateId>` +
      '<SubscribeStatusString><![CDATA[accept]]></SubscribeStatusString><PopupScene><![CDATA[0]]></PopupScene></List>';
    expect(body).toContain(`<SubscribeMsgPopupEvent>${item(paid)}${item(shipped)}</SubscribeMsgPopupEvent></xml>`);
    expect(body).toContain(`<CreateTime>${sandbox.now / 1_000}</CreateTime><MsgType><![CDATA[event]]></MsgType>`);
  });

  test('secure XML carries nothing but the addressee and the encrypted text', async () => {
    const program = await register({ format: 'xml' });
    await program.consent('hal', [program.templateIds[0]]);
    const { body } = await first();
    const [, encrypted = ''] =
      /^<xml><ToUserName><!\[CDATA\[gh_\w+\]\]><\/ToUserName><Encrypt><!\[CDATA\[(.+)\]\]><\/Encrypt><\/xml>$/.exec(
        body,
      ) ?? [];
    expect(program.decrypt(encrypted).message).toMatch(/^<xml><ToUserName>/);
  });
});

describe('delivery', () => {
  test('three tries, each signed anew; then never again', async () => {
    const program = await register();
    receiver.answer = () => ({ body: 'not now' });
    await program.consent('ivy', [program.templateIds[0]]);
    await receiver.atLeast(1);
    const { platformAppId } = program;
    const account = { platform: 'wechat', platformAppId };
    for (let minutes = 1; minutes <= 5; minutes += 1) await sandbox.moveClock(sandbox.now + minutes * 60_000, account);
    expect(receiver.received).toHaveLength(3);
    expect(new Set(receiver.received.map((one) => queryOf(one).nonce)).size).toBe(3);
  });

  test.each(['wrong_signature', 'forge'])('%s: what WeChat did not sign comes, then what it did', async (kind) => {
    const program = await register();
    const match = { platform: 'wechat', operation: 'subscribe_msg_popup_event' };
    await sandbox.post('/_/faults', { match: { ...match, direction: 'out' }, kind });
    await program.consent('jan', [program.templateIds[0]]);
    const forged = await first();
    expect(() => opened(program, forged)).toThrow();
    const account = { platform: 'wechat', platformAppId: program.platformAppId };
    await sandbox.moveClock(sandbox.now + 60_000, account);
    const [, genuine] = await receiver.atLeast(2);
    expect(opened(program, genuine as Received)).toMatchObject({ MsgType: 'event' });
  });

  test('nothing leaves without a url, for a console that wants no reports of messages, or after report: false', async () => {
    const silent = await WechatProgram.register(sandbox, `wx${String((apps += 1)).padStart(16, '0')}`);
    await silent.consent('kim', [silent.templateIds[0]]);
    const program = await register({ sent: false });
    await program.consent('kim', [program.templateIds[0]], { report: false });
    await program.send(await program.openid('kim'));
    for (const { platformAppId } of [silent, program]) {
      await sandbox.moveClock(sandbox.now + 60_000, { platform: 'wechat', platformAppId });
    }
    expect(receiver.received).toEqual([]);
  });

  test('the url is checked as when it is typed into the console', async () => {
    const program = await register();
    const { platformAppId } = program;
    const check = (): Promise<Fields> => sandbox.post('/_/push', { platform: 'wechat', platformAppId, check: true });
    expect(await check()).toMatchObject({ ok: false });
    receiver.answer = (received) => ({ body: queryOf(received).echostr ?? '' });
    expect(await check()).toEqual({ ok: true });
    const { signature, timestamp = '', nonce = '' } = queryOf((await receiver.atLeast(2))[1] as Received);
    expect(signature).toBe(sha1(program.credentials.messageToken ?? '', timestamp, nonce));
    expect(await sandbox.calls({ platform: 'wechat', operation: 'check', platformAppId })).toMatchObject([
      { direction: 'out', method: 'GET', status: 200 },
      { status: 200 },
    ]);
  });
});
