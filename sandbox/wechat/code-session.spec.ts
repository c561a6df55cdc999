import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

const APP = 'wx0000000000000001';
let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  await sandbox.account('wechat', { platformAppId: APP, credentials: { secret: 's3cret' } });
  await sandbox.account('wechat', { platformAppId: 'wx0000000000000002', credentials: { secret: 'other' } });
});
afterAll(() => sandbox.stop());

const login = async (user: string, platformAppId = APP): Promise<string> =>
  String((await sandbox.post('/_/login', { platform: 'wechat', platformAppId, user })).code);

const query = (code: string, over: Record<string, string> = {}): Record<string, string> => ({
  appid: APP,
  secret: 's3cret',
  js_code: code,
  grant_type: 'authorization_code',
  ...over,
});
const exchange = (code: string, over: Record<string, string> = {}): Promise<Fields> =>
  sandbox.get('/sns/jscode2session', query(code, over));

test('a code becomes openid, session key and unionid, without an errcode, as text/plain', async () => {
  const code = await login('ann');
  const response = await fetch(`${sandbox.url}/sns/jscode2session?${new URLSearchParams(query(code)).toString()}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain');
  const body = (await response.json()) as Fields;
  expect(body).toEqual({
    openid: expect.stringMatching(/^o[\w-]{27}$/) as unknown,
    session_key: expect.stringMatching(/^[\w+/]{22}==$/) as unknown,
    unionid: expect.stringMatching(/^o[\w-]{27}$/) as unknown,
  });
});

test('the same person has the same openid at each login, and a new session key', async () => {
  const first = await exchange(await login('bob'));
  const second = await exchange(await login('bob'));
  expect(second.openid).toBe(first.openid);
  expect(second.session_key).not.toBe(first.session_key);
});

test('different people, and one person in different programs, have different openids', async () => {
  const people = await Promise.all(['cat', 'Cat', 'cat ', '猫'].map(async (user) => exchange(await login(user))));
  const elsewhere = await exchange(await login('cat', 'wx0000000000000002'), {
    appid: 'wx0000000000000002',
    secret: 'other',
  });
  expect(new Set([...people, elsewhere].map(({ openid }) => openid)).size).toBe(5);
  expect(elsewhere.unionid).toBe(people[0]?.unionid);
});

test('the unionid follows the developer entity, and appears once the program is bound', async () => {
  const [appid, secret] = ['wx0000000000000003', 's'];
  const unionidAfter = async (over: Fields): Promise<unknown> => {
    await sandbox.account('wechat', { platformAppId: appid, credentials: { secret }, ...over });
    return (await exchange(await login('dan', appid), { appid, secret })).unionid;
  };
  const inDefault = (await exchange(await login('dan'))).unionid;
  expect(await unionidAfter({ unionid: false })).toBeUndefined();
  expect(await unionidAfter({ unionid: true })).toBe(inDefault);
  expect(await unionidAfter({ entity: 'another developer' })).not.toBe(inDefault);
});

test('a code works once, also when 50 requests race for it', async () => {
  const code = await login('eve');
  const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(code)));
  expect(answers.filter(({ openid }) => openid !== undefined)).toHaveLength(1);
  expect(answers.filter(({ errcode }) => errcode === 40163)).toHaveLength(49);
});

test('a code lives five minutes', async () => {
  const [early, late] = [await login('fay'), await login('fay')];
  sandbox.advance({ minutes: 4, seconds: 59 });
  expect(await exchange(early)).toHaveProperty('openid');
  sandbox.advance({ seconds: 1 });
  expect(await exchange(late)).toMatchObject({ errcode: 40029 });
});

test('the checks come in this order, and none uses the code up', async () => {
  const code = await login('gil');
  const errcode = async (over: Record<string, string>): Promise<unknown> => (await exchange(code, over)).errcode;
  expect(await errcode({ appid: '', secret: '' })).toBe(41002);
  expect(await errcode({ secret: '', js_code: '' })).toBe(41004);
  expect(await errcode({ js_code: '' })).toBe(41008);
  expect(await errcode({ grant_type: 'password', appid: 'wxff' })).toBe(40002);
  expect(await errcode({ appid: 'wxff', secret: 'no' })).toBe(40013);
  expect(await errcode({ secret: 'no', js_code: 'no' })).toBe(40125);
  expect(await errcode({ js_code: 'no' })).toBe(40029);
  expect(await errcode({ appid: 'wx0000000000000002', secret: 'other' })).toBe(40029);
  expect(await exchange(code)).toHaveProperty('openid');
});

test('a POST looks like a request without an appid', async () => {
  const answer = await sandbox.post('/sns/jscode2session', {}, { query: query(await login('hal')) });
  expect(answer.errcode).toBe(41002);
});

test('errors come with HTTP 200 and end with a request id', async () => {
  const response = await fetch(`${sandbox.url}/sns/jscode2session?appid=x`);
  expect(response.status).toBe(200);
  expect(((await response.json()) as Fields).errmsg).toMatch(
    /^appsecret missing rid: [\da-f]{8}-[\da-f]{8}-[\da-f]{8}$/,
  );
});

test('a person may call a hundred times a minute', async () => {
  const code = await login('ivy');
  await exchange(code);
  for (let call = 2; call <= 100; call += 1) expect((await exchange(code)).errcode).toBe(40163);
  expect((await exchange(code)).errcode).toBe(45011);
  expect((await exchange(await login('ivy'))).errcode).toBe(45011);
  expect(await exchange(await login('jan'))).toHaveProperty('openid');
  sandbox.advance({ minutes: 1 });
  expect(await exchange(await login('ivy'))).toHaveProperty('openid');
});

test('used codes, people and session keys survive a restart', async () => {
  const [used, unused] = [await login('kim'), await login('lea')];
  const before = await exchange(used);
  await sandbox.restart();
  expect((await exchange(used)).errcode).toBe(40163);
  expect(await exchange(unused)).toHaveProperty('openid');
  expect((await exchange(await login('kim'))).openid).toBe(before.openid);
});
