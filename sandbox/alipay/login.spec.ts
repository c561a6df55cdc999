import { AlipayProgram } from '../testing/alipay-program.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

const DAY_MINUTES = 24 * 60;
let sandbox: TestSandbox;
let programs: Record<string, AlipayProgram>;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  programs = {
    key: await AlipayProgram.register(sandbox, { mode: 'key' }),
    certificate: await AlipayProgram.register(sandbox, { mode: 'certificate' }),
  };
});
afterAll(() => sandbox.stop());

const program = (mode = 'key'): AlipayProgram => programs[mode] as AlipayProgram;
const refusal = (subCode: string, code = '40002'): unknown => expect.objectContaining({ code, sub_code: subCode });

describe.each(['key', 'certificate'])("Alipay's own SDK in %s mode", (mode) => {
  test('logs a person in: the success has ids and tokens, and no code', async () => {
    const token = await program(mode).token('ann');
    expect(token).toEqual({
      access_token: expect.stringMatching(/^authusrB\w{32}$/) as unknown,
      refresh_token: expect.stringMatching(/^authusrB\w{32}$/) as unknown,
      auth_start: '2026-06-01 12:00:00',
      expires_in: 1_296_000,
      re_expires_in: 2_592_000,
      open_id: expect.stringMatching(/^0\d{3}\w{43}$/) as unknown,
      union_id: expect.stringMatching(/^0\d{3}\w{43}$/) as unknown,
      traceId: expect.any(String) as unknown,
    });
  });

  test('a code works once', async () => {
    const code = await program(mode).login('bob');
    expect(await program(mode).exchange(code)).toHaveProperty('open_id');
    expect(await program(mode).exchange(code)).toEqual(refusal('isv.code-invalid'));
  });

  test('with another private key than that of the console it is refused', async () => {
    const stranger = program(mode === 'key' ? 'certificate' : 'key');
    const sdk = program(mode).sdk({ privateKey: stranger.credentials.appPrivateKey ?? '' });
    const params = { grant_type: 'authorization_code', code: await program(mode).login('bob') };
    expect(await sdk.exec('alipay.system.oauth.token', params, { validateSign: true })).toEqual(
      refusal('isv.invalid-signature'),
    );
  });

  test("reads a person's profile, whose avatar has slashes in it", async () => {
    const { access_token: authToken, open_id: openId } = await program(mode).token('cat', ['auth_user']);
    expect(await program(mode).call('alipay.user.info.share', { auth_token: authToken })).toMatchObject({
      code: '10000',
      msg: 'Success',
      nick_name: 'cat',
      avatar: expect.stringMatching(/^https:\/\/[\w./]+$/) as unknown,
      open_id: openId,
    });
  });
});

test('of many that race for one code, one gets it', async () => {
  const code = await program().login('dan');
  const answers = await Promise.all(Array.from({ length: 20 }, () => program().exchange(code)));
  expect(answers.filter((answer) => 'open_id' in answer)).toHaveLength(1);
  expect(answers.filter((answer) => answer.sub_code === 'isv.code-invalid')).toHaveLength(19);
});

test('a code lives three minutes', async () => {
  const [early, late] = [await program().login('eve'), await program().login('eve')];
  sandbox.advance({ seconds: 179 });
  expect(await program().exchange(early)).toHaveProperty('open_id');
  sandbox.advance({ seconds: 1 });
  expect(await program().exchange(late)).toEqual(refusal('isv.code-invalid'));
});

test('a code of another mini-program, an unknown one, and none at all are invalid', async () => {
  expect(await program('key').exchange(await program('certificate').login('fay'))).toEqual(refusal('isv.code-invalid'));
  expect(await program().exchange('0123456789abcdef0123456789abcdef')).toEqual(refusal('isv.code-invalid'));
  const without = { grant_type: 'authorization_code' };
  expect(await program().call('alipay.system.oauth.token', without)).toEqual(refusal('isv.code-invalid'));
});

test.each([{ grant_type: 'client_credentials' }, {}])('only two kinds of grant are taken, not %p', async (params) => {
  expect(await program().call('alipay.system.oauth.token', params)).toEqual(refusal('isv.grant-type-invalid'));
});

test('a refresh token is exchanged once for new tokens of the same person', async () => {
  const first = await program().token('gus');
  const second = await program().refresh(first.refresh_token ?? '');
  expect(second.open_id).toBe(first.open_id);
  expect(new Set([first.access_token, first.refresh_token, second.access_token, second.refresh_token]).size).toBe(4);
  expect(await program().refresh(first.refresh_token ?? '')).toEqual(refusal('isv.refreshed-token-invalid'));
  expect(await program().refresh(second.refresh_token ?? '')).toHaveProperty('open_id', first.open_id);
});

test('a refresh token that is unknown, of another mini-program, or too old is refused', async () => {
  const { refresh_token: token = '' } = await program().token('hal');
  expect(await program().refresh('authusrB')).toEqual(refusal('isv.refresh-token-invalid'));
  expect(await program('certificate').refresh(token)).toEqual(refusal('isv.unmatched-app-id'));
  sandbox.advance({ minutes: 30 * DAY_MINUTES });
  expect(await program().refresh(token)).toEqual(refusal('isv.refresh-token-time-out'));
});

describe('alipay.user.info.share', () => {
  const share = (authToken: string, of = program()): Promise<Fields> =>
    of.call('alipay.user.info.share', { auth_token: authToken });

  test('refuses a token that is unknown, of another mini-program, or too old', async () => {
    const { access_token: token = '' } = await program().token('ida', ['auth_user']);
    expect(await share('authusrB')).toEqual(refusal('aop.invalid-auth-token', '20001'));
    expect(await share(token, program('certificate'))).toEqual(refusal('aop.invalid-auth-token', '20001'));
    sandbox.advance({ minutes: 15 * DAY_MINUTES });
    expect(await share(token)).toEqual(refusal('aop.auth-token-time-out', '20001'));
  });

  test('refuses a token of the silent scope', async () => {
    const { access_token: token = '' } = await program().token('jim', ['auth_base']);
    expect(await share(token)).toEqual(refusal('isv.insufficient-user-permissions', '40006'));
  });
});

describe('who a person is', () => {
  /** Changes the settings of a mini-program, and gives the ids with which it then knows `kim`. */
  const idsIn = async (mode: string, credentials: Fields, over: Fields): Promise<Fields> => {
    const { platformAppId } = program(mode);
    const { open_id, user_id, union_id } = await (
      await AlipayProgram.register(sandbox, credentials, { platformAppId, ...over })
    ).token('kim');
    return { ...(open_id && { open_id }), ...(user_id && { user_id }), ...(union_id && { union_id }) };
  };

  test('an old mini-program gets user_id, a migrating one both, a new one open_id', async () => {
    const old = await idsIn('key', { idMode: 'user_id' }, { unionid: false });
    const migrating = await idsIn('key', { idMode: 'both' }, { unionid: false });
    const fresh = await idsIn('key', { idMode: 'open_id' }, { unionid: false });
    expect(old).toEqual({ user_id: expect.stringMatching(/^2088\d{12}$/) as unknown });
    expect(migrating).toEqual({ ...old, ...fresh });
    expect(Object.keys(fresh)).toEqual(['open_id']);
  });

  test('user_id is the same in all mini-programs, open_id in each another', async () => {
    const one = await idsIn('key', { idMode: 'both' }, {});
    const other = await idsIn('certificate', { idMode: 'both' }, {});
    expect(other.user_id).toBe(one.user_id);
    expect(other.open_id).not.toBe(one.open_id);
  });

  test('union_id is the same in one group of apps, another in another group, and absent outside of groups', async () => {
    const one = await idsIn('key', {}, { unionid: true, entity: 'a' });
    expect(await idsIn('certificate', {}, { unionid: true, entity: 'a' })).toHaveProperty('union_id', one.union_id);
    expect((await idsIn('certificate', {}, { entity: 'b' })).union_id).not.toBe(one.union_id);
    expect(await idsIn('certificate', {}, { unionid: false })).not.toHaveProperty('union_id');
  });
});

test('what a person holds can be ended by a tester', async () => {
  const expire = (what: string): Promise<Fields> =>
    sandbox.post('/_/expire', { platform: 'alipay', platformAppId: program().platformAppId, user: 'lea', what });
  const token = await program().token('lea', ['auth_user']);
  const [code, others] = [await program().login('lea'), await program().login('max')];
  for (const what of ['code', 'access_token', 'refresh_token']) expect(await expire(what)).toEqual({});
  expect(await program().exchange(code)).toEqual(refusal('isv.code-invalid'));
  expect(await program().exchange(others)).toHaveProperty('open_id');
  expect(await program().refresh(token.refresh_token ?? '')).toEqual(refusal('isv.refresh-token-time-out'));
  const share = await program().call('alipay.user.info.share', { auth_token: token.access_token });
  expect(share).toEqual(refusal('aop.auth-token-time-out', '20001'));
});

test('codes, tokens and keys survive a restart', async () => {
  const [code, token] = [await program('certificate').login('ned'), await program('certificate').token('ned')];
  await sandbox.restart();
  expect(await program('certificate').exchange(code)).toHaveProperty('open_id', token.open_id);
  expect(await program('certificate').refresh(token.refresh_token ?? '')).toHaveProperty('open_id', token.open_id);
});

test('logging in to a mini-program that does not exist is the mistake of the tester', async () => {
  const body = { platform: 'alipay', platformAppId: '2021000000000000', user: 'ann' };
  expect(await sandbox.post('/_/login', body)).toMatchObject({ error: 'account_unknown' });
});
