import { AlipayProgram } from '../testing/alipay-program.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

const SEND = 'alipay.open.app.mini.templatemessage.send';
const QUERY = 'alipay.open.app.messagetemplate.subscribe.query';
const DATA = {
  keyword1: { value: '一杯咖啡' },
  keyword2: { value: '¥12.34' },
  keyword3: { value: '2026年11月20日 15:01' },
};

let sandbox: TestSandbox;
let program: AlipayProgram;
let ids: [paid: string, shipped: string, progress: string];

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  program = await AlipayProgram.register(sandbox);
  const { templates } = await sandbox.account('alipay', { platformAppId: program.platformAppId });
  ids = (templates as { templateId: string }[]).map(({ templateId }) => templateId) as typeof ids;
});
afterAll(() => sandbox.stop());

const APP = () => ({ platform: 'alipay', platformAppId: program.platformAppId });
const consent = async (user: string, templateIds: readonly string[], over: Fields = {}): Promise<Fields> =>
  (await sandbox.post('/_/consent', { ...APP(), user, templateIds, answer: 'accept', ...over })).results as Fields;
const consents = async (user: string): Promise<Fields[]> =>
  (await sandbox.get('/_/consents', { ...APP(), user })).consents as Fields[];
const openid = async (user: string): Promise<string> => (await program.token(user)).open_id ?? '';
const send = (to: string, over: Fields = {}): Promise<Fields> => {
  const message = { to_open_id: to, user_template_id: ids[0], page: 'pages/order?id=1', data: JSON.stringify(DATA) };
  return program.call(SEND, { bizContent: { ...message, ...over } });
};

test('the dialog gives what my.requestSubscribeMessage gives', async () => {
  expect(await consent('ann', [ids[0], ids[1]], { answer: { [ids[0]]: 'accept' } })).toEqual({
    [ids[0]]: 'accept',
    [ids[1]]: 'reject',
    ...{ behavior: 'subscribe', show: true, keep: false, refuse: false },
    result: {
      subscribeEntityIds: [ids[0], ids[1]],
      subscribedEntityIds: [ids[0]],
      unsubscribedEntityIds: [ids[1]],
      currentSubscribedEntityIds: [ids[0]],
    },
  });
  expect(await consent('ann', [ids[0]], { answer: 'cancel' })).toMatchObject({ behavior: 'cancel' });
  expect(await consents('ann')).toMatchObject([{ openid: await openid('ann'), left: 1 }, { left: 0 }]);
  expect(await consent('ann', [ids[0], ids[2]])).toMatchObject({ errorCode: 106002 });
  expect(await consent('ann', [ids[0], ids[0], ids[0], ids[0]])).toMatchObject({ errorCode: 203 });
  expect(await consent('ann', ['x'])).toMatchObject({ errorCode: 106008 });
});

test('a message arrives and uses one acceptance up', async () => {
  await consent('bob', [ids[0]]);
  const to = await openid('bob');
  const state = (): Promise<Fields> => program.call(QUERY, { bizContent: { open_id: to, template_id_list: [ids[0]] } });
  expect(await state()).toMatchObject({ subscribe_relations: [{ subscribe_state: 'SUBSCRIBED', show: true }] });
  expect(await send(to)).toMatchObject({ code: '10000' });
  expect(await send(to)).toMatchObject({ code: '40004', sub_code: 'MSG_UNSUBSCRIBED' });
  expect(await state()).toMatchObject({ subscribe_relations: [{ subscribe_state: 'UNSUBSCRIBED' }] });
  expect((await sandbox.get('/_/messages', { ...APP(), user: 'bob' })).messages).toMatchObject([
    { openid: to, templateId: ids[0], data: { keyword1: '一杯咖啡' }, page: 'pages/order?id=1' },
  ]);
});

test.each<[string, Fields, string]>([
  ['somebody unknown', { to_open_id: 'nobody' }, 'USER_ID_INVALID'],
  ['an unknown template', { user_template_id: 'x' }, 'USER_TEMPLATE_ILLEGAL'],
  ['a form id', { form_id: 'x' }, 'FORM_ID_INVALID'],
  ['no page', { page: undefined }, 'ILLEGAL_ARGUMENT_PARAMS'],
  ['a long page', { page: 'p'.repeat(129) }, 'PAGE_OVER_LIMIT'],
  ['no data', { data: undefined }, 'DATA_IS_EMPTY'],
  ['data that is not JSON', { data: 'x' }, 'DATA_CONTENT_FORMAT_ERROR'],
  ['a missing keyword', { data: '{"keyword1":{"value":"x"}}' }, 'USER_TEMPLATE_LACK_KEYWORD'],
  [
    'a long value',
    { data: JSON.stringify({ ...DATA, keyword1: { value: '长'.repeat(51) } }) },
    'USER_KEYWORD_LENGTH_ERROR',
  ],
  [
    'a keyword too many',
    { data: JSON.stringify({ ...DATA, keyword9: { value: 'x' } }) },
    'MESSAGE_TEMPLATE_KEYWORD_ILLEGAL',
  ],
])('%s is refused, and uses nothing up', async (_what, over, subCode) => {
  await consent('cat', [ids[0]]);
  const [{ left } = {}] = await consents('cat');
  expect(await send(await openid('cat'), over)).toMatchObject({ code: '40004', sub_code: subCode });
  expect(await consents('cat')).toMatchObject([{ left }]);
});

test('busy beyond the limit, and any code as a fault', async () => {
  await consent('dan', [ids[0]]);
  const to = await openid('dan');
  await sandbox.post('/_/limits', { ...APP(), perSecond: 0 });
  expect(await send(to)).toMatchObject({ code: '40005' });
  await sandbox.post('/_/limits', { ...APP(), perSecond: null });
  const match = { platform: 'alipay', path: SEND };
  await sandbox.post('/_/faults', { match, kind: 'code', code: 'MSG_SINGLE_SD_OVER' });
  expect(await send(to)).toMatchObject({ sub_code: 'MSG_SINGLE_SD_OVER' });
  expect(await send(to)).toMatchObject({ code: '10000' });
});

test('a long-term template takes any number until the person switches it off', async () => {
  const data = { keyword1: { value: '居住证' }, keyword2: { value: '审核中' }, keyword3: { value: '2026年11月20日' } };
  const over = { user_template_id: ids[2], data: JSON.stringify(data) };
  await consent('eve', [ids[2]]);
  const to = await openid('eve');
  expect([await send(to, over), await send(to, over)]).toMatchObject([{ code: '10000' }, { code: '10000' }]);
  await consent('eve', [ids[2]], { settings: true, answer: 'reject' });
  expect(await send(to, over)).toMatchObject({ sub_code: 'MSG_UNSUBSCRIBED' });
});
