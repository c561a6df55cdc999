import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;
const appid = 'tt0000000000000001';

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  await sandbox.account('douyin', { platformAppId: appid, credentials: { secret: 's' } });
});
afterAll(() => sandbox.stop());
// Whatever the test before did is long over.
beforeEach(() => sandbox.advance({ minutes: 24 * 60 }));

const clientToken = (over: Fields = {}, path = '/oauth/client_token/'): Promise<Fields> =>
  sandbox.post(path, { client_key: appid, client_secret: 's', grant_type: 'client_credential', ...over });
const accessToken = (over: Fields = {}): Promise<Fields> =>
  sandbox.post('/api/apps/v2/token', { appid, secret: 's', grant_type: 'client_credential', ...over });

const tokenIn = (answer: Fields): string => String((answer.data as Fields).access_token);
const errorIn = (answer: Fields): unknown => (answer.data as Fields).error_code;

/** What open.douyin.com says of a token: 28001038 stands for "good", the call lacks only its body. */
const verdict = async (token: string): Promise<unknown> => {
  const headers = { 'access-token': token };
  return (await sandbox.post('/api/apps/v1/get_phonenumber_info/', {}, { headers })).err_no;
};
const GOOD = 28001038;

describe('client_token', () => {
  test('comes in the shape of the oauth family, with and without the trailing slash', async () => {
    for (const path of ['/oauth/client_token/', '/oauth/client_token']) {
      const answer = await clientToken({}, path);
      expect(answer).toMatchObject({ message: 'success', data: { expires_in: 7200, error_code: 0, description: '' } });
      expect(tokenIn(answer)).toMatch(/^clt\./);
    }
  });

  test('a form is taken as well as JSON', async () => {
    const form = new URLSearchParams({ client_key: appid, client_secret: 's', grant_type: 'client_credential' });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(errorIn(await sandbox.post('/oauth/client_token/', form.toString(), { headers }))).toBe(0);
  });

  test('the token before lives five minutes longer', async () => {
    const [first, second] = [tokenIn(await clientToken()), tokenIn(await clientToken())];
    sandbox.advance({ minutes: 4, seconds: 59 });
    expect(await verdict(first)).toBe(GOOD);
    sandbox.advance({ seconds: 1 });
    expect(await verdict(first)).toBe(28001003);
    expect(await verdict(second)).toBe(GOOD);
  });

  test('a third token ends the first at once', async () => {
    const tokens = [tokenIn(await clientToken()), tokenIn(await clientToken()), tokenIn(await clientToken())];
    expect(await Promise.all(tokens.map(verdict))).toEqual([28001003, GOOD, GOOD]);
  });

  test('ends after two hours', async () => {
    const token = tokenIn(await clientToken());
    sandbox.advance({ minutes: 119, seconds: 59 });
    expect(await verdict(token)).toBe(GOOD);
    sandbox.advance({ seconds: 1 });
    expect(await verdict(token)).toBe(28001008);
  });

  test('five hundred in five minutes', async () => {
    for (let call = 1; call <= 500; call += 1) expect(errorIn(await clientToken())).toBe(0);
    expect(errorIn(await clientToken())).toBe(10020);
    sandbox.advance({ minutes: 5 });
    expect(errorIn(await clientToken())).toBe(0);
  });

  test.each([
    [{ client_key: '' }, 10002],
    [{ client_secret: '' }, 10002],
    [{ grant_type: 'x' }, 10002],
    [{ client_key: 'ttffffffffffffffff' }, 10003],
    [{ client_secret: 'wrong' }, 10013],
  ])('%j is refused with %i', async (over, code) => {
    expect(await clientToken(over)).toMatchObject({ message: 'error', data: { error_code: code } });
  });
});

describe('access_token of developer.toutiao.com', () => {
  test('comes in the shape of that family', async () => {
    const answer = await accessToken();
    expect(answer).toMatchObject({ err_no: 0, err_tips: 'success', data: { expires_in: 7200 } });
    expect(tokenIn(answer)).toMatch(/^0801/);
  });

  test('is not taken for a client_token, and the two do not replace each other', async () => {
    const client = tokenIn(await clientToken());
    const access = tokenIn(await accessToken());
    await accessToken();
    expect(await verdict(access)).toBe(28001003);
    expect(await verdict(client)).toBe(GOOD);
  });

  test.each([
    [{ appid: '' }, 40014],
    [{ secret: '' }, 40014],
    [{ grant_type: 'x' }, 40020],
    [{ appid: 'ttffffffffffffffff' }, 40015],
    [{ secret: 'wrong' }, 40017],
  ])('%j is refused with %i', async (over, code) => {
    expect((await accessToken(over)).err_no).toBe(code);
  });
});

test('no token, or one that never was, is invalid', async () => {
  expect(await verdict('')).toBe(28001003);
  expect(await verdict('clt.unknown')).toBe(28001003);
});

test('a tester can end the tokens of a program; tokens and their ends survive a restart', async () => {
  const ended = tokenIn(await clientToken());
  await sandbox.post('/_/expire', { platform: 'douyin', platformAppId: appid, what: 'token' });
  const living = tokenIn(await clientToken());
  await sandbox.restart();
  expect(await verdict(ended)).toBe(28001008);
  expect(await verdict(living)).toBe(GOOD);
});
