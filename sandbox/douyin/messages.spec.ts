import { createDecipheriv, createHash } from 'node:crypto';
import { Receiver } from '../testing/receiver.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

const DATA = { 商品名称: '一杯咖啡', 支付金额: '¥12.34', 支付时间: '2026年11月20日 15:01' };
const PATH = '/api/notification/v2/subscription/';

let sandbox: TestSandbox;
let receiver: Receiver;
let account: Fields;
let ids: [paid: string, shipped: string, progress: string];
let token: string;

beforeAll(async () => {
  [sandbox, receiver] = await Promise.all([TestSandbox.start(), Receiver.start()]);
  const platformAppId = 'tt0000000000000001';
  const push = { url: `${receiver.origin}/callbacks/pac_1` };
  account = await sandbox.account('douyin', { platformAppId, credentials: { secret: 's' }, push });
  ids = (account.templates as { templateId: string }[]).map(({ templateId }) => templateId) as typeof ids;
  const body = { client_key: platformAppId, client_secret: 's', grant_type: 'client_credential' };
  token = String(((await sandbox.post('/oauth/client_token/', body)).data as Fields).access_token);
});
afterAll(() => Promise.all([sandbox.stop(), receiver.stop()]));

const APP = () => ({ platform: 'douyin', platformAppId: String(account.platformAppId) });
const headers = () => ({ headers: { 'access-token': token } });
const post = (name: string, body: Fields): Promise<Fields> => sandbox.post(`${PATH}${name}/`, body, headers());
const get = (name: string): Promise<Fields> => sandbox.get(`${PATH}${name}/`, {}, { 'access-token': token });
const consent = async (user: string, templateIds: readonly string[], over: Fields = {}): Promise<Fields> => {
  const body = { ...APP(), user, templateIds, answer: 'accept', ...over };
  return (await sandbox.post('/_/consent', body)).results as Fields;
};
const consents = async (user: string): Promise<Fields[]> =>
  (await sandbox.get('/_/consents', { ...APP(), user })).consents as Fields[];
const openid = async (user: string): Promise<string> => String((await consents(user))[0]?.openid);
const notify = (to: string, over: Fields = {}): Promise<Fields> =>
  post('notify_user', { msg_id: ids[0], open_id: to, data: DATA, ...over });

test('the dialog gives what tt.requestSubscribeMessage gives', async () => {
  expect(await consent('ann', [ids[0], ids[1]], { answer: { [ids[0]]: 'accept', [ids[1]]: 'ban' } })).toEqual({
    [ids[0]]: 'accept',
    [ids[1]]: 'ban',
    errMsg: 'requestSubscribeMessage:ok',
    templateSettings: {
      [ids[0]]: { status: 'accept', alwaysSubscribe: false },
      [ids[1]]: { status: 'ban', alwaysSubscribe: false },
    },
  });
  expect(await consents('ann')).toMatchObject([{ templateId: ids[0], left: 1 }]);
  expect(await consent('ann', [ids[0], ids[2]])).toMatchObject({ errNo: 1005 });
  expect(await consent('ann', [ids[0], ids[0], ids[0], ids[0]])).toMatchObject({ errNo: 1003 });
  expect(await consent('ann', ['MSG1'])).toMatchObject({ errNo: 1004 });
});

test('a message arrives and uses one acceptance up', async () => {
  await consent('bob', [ids[0]]);
  const to = await openid('bob');
  expect(await post('query_user_subscribe', { msg_id: ids[0], open_id: to })).toMatchObject({
    data: { subscribe_status: true, user_allow_notification: true },
  });
  expect(await notify(to, { page: 'orders/show?id=1' })).toMatchObject({ err_no: 0, err_msg: '' });
  expect(await notify(to)).toMatchObject({ err_no: 28014043 });
  expect((await sandbox.get('/_/messages', { ...APP(), user: 'bob' })).messages).toMatchObject([
    { openid: to, templateId: ids[0], data: DATA, page: 'orders/show?id=1' },
  ]);
});

test.each<[string, Fields, number]>([
  ['an unknown template', { msg_id: 'MSG1' }, 28001038],
  ['a keyword that is missing', { data: { 商品名称: 'x' } }, 28001038],
  ['a keyword that the template has not', { data: { ...DATA, 别的: 'x' } }, 28001038],
  ['a value as WeChat wants it', { data: { ...DATA, 商品名称: { value: 'x' } } }, 28001038],
  ['a page with a slash', { page: '/orders' }, 28001038],
])('%s is refused, and uses nothing up', async (_what, over, code) => {
  await consent('cat', [ids[0]]);
  const [{ left } = {}] = await consents('cat');
  expect(await notify(await openid('cat'), over)).toMatchObject({ err_no: code });
  expect(await consents('cat')).toMatchObject([{ left }]);
});

test('more than the limit in a second, and any code as a fault', async () => {
  await consent('dan', [ids[0]]);
  const to = await openid('dan');
  await sandbox.post('/_/limits', { ...APP(), perSecond: 0 });
  expect(await notify(to)).toMatchObject({ err_no: 28006003 });
  await sandbox.post('/_/limits', { ...APP(), perSecond: 1_000 });
  const match = { platform: 'douyin', path: `${PATH}notify_user` };
  await sandbox.post('/_/faults', { match, kind: 'code', code: '1009' });
  expect(await notify(to)).toMatchObject({ err_no: 1009 });
  expect(await notify(to)).toMatchObject({ err_no: 0 });
});

test('templates are listed, added and deleted', async () => {
  const list = async (): Promise<Fields[]> => ((await get('query_app_tpl')).data as Fields).template_list as Fields[];
  expect(await list()).toMatchObject([
    { msg_id: ids[0], classification: 1, keyword_list: Object.keys(DATA) },
    { msg_id: ids[1] },
    { msg_id: ids[2], classification: 2 },
  ]);
  const { data: created } = await get('query_created_tpl_list');
  const [{ template_id } = {}] = (created as { template_list: Fields[] }).template_list;
  const { data: added } = await post('add_app_tpl', { template_id, keyword_list: ['商品名称'] });
  expect(await list()).toHaveLength(4);
  expect(await post('delete_app_tpl', added as Fields)).toMatchObject({ err_no: 0 });
  expect(await list()).toHaveLength(3);
});

describe('pushes', () => {
  beforeEach(() => receiver.forget());
  const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex');
  const credentials = () => account.credentials as Record<string, string>;
  const push = (body: Fields): Promise<Fields> => sandbox.post('/_/push', { ...APP(), ...body });

  test('a webhook is signed with the secret over its bytes', async () => {
    await push({ user: 'eve', message: { event: 'im_receive_msg', content: { a: 1 } } });
    const [received] = await receiver.atLeast(1);
    const { body = '', headers } = received ?? {};
    expect(headers?.['x-douyin-signature']).toBe(sha1(`s${body}`));
    expect(headers?.['msg-id']).toMatch(/^[\da-f]{32}$/);
    expect(JSON.parse(body)).toMatchObject({ event: 'im_receive_msg', client_key: account.platformAppId });
  });

  test('a message of the message push is sealed behind 32 random bytes', async () => {
    await push({ user: 'eve', message: { MsgType: 'text', Content: 'hello' } });
    const [{ body = '' } = {}] = await receiver.atLeast(1);
    const { Nonce = '', TimeStamp = '', Encrypt = '', MsgSignature } = JSON.parse(body) as Record<string, string>;
    const { messageToken = '', messageAesKey = '' } = credentials();
    expect(MsgSignature).toBe(sha1([messageToken, TimeStamp, Nonce, Encrypt].sort().join('')));
    const key = Buffer.from(`${messageAesKey}=`, 'base64');
    const cipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
    const plain = Buffer.concat([cipher.update(Encrypt, 'base64'), cipher.final()]);
    const end = 36 + plain.readUInt32BE(32);
    expect(JSON.parse(plain.toString('utf8', 36, end))).toMatchObject({ Content: 'hello' });
    expect(plain.toString('utf8', end, plain.length - (plain.at(-1) ?? 0))).toBe(account.platformAppId);
  });

  test('the url is checked in both ways', async () => {
    receiver.answer = ({ body, path }) => ({
      body: body
        ? JSON.stringify({ challenge: (JSON.parse(body) as { content: Fields }).content.challenge })
        : (new URL(path, receiver.origin).searchParams.get('echostr') ?? ''),
    });
    expect(await push({ check: 'webhook' })).toEqual({ ok: true });
    expect(await push({ check: 'push' })).toEqual({ ok: true });
    receiver.answer = () => ({});
    expect(await push({ check: 'webhook' })).toMatchObject({ ok: false });
  });
});
