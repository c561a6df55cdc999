import { constants, createDecipheriv, createPublicKey, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

const APP = 'tt0000000000000001';
const OTHER = 'tt0000000000000002';
let sandbox: TestSandbox;
let generatedKey: string;
let headers: Record<string, string>;
let otherHeaders: Record<string, string>;

beforeAll(async () => {
  sandbox = await TestSandbox.start();
  const { credentials } = await sandbox.account('douyin', { platformAppId: APP, credentials: { secret: 's' } });
  generatedKey = String((credentials as Fields).appPrivateKey);
  await sandbox.account('douyin', { platformAppId: OTHER, credentials: { secret: 's' } });
  [headers, otherHeaders] = [await tokenHeader(APP), await tokenHeader(OTHER)];
});
afterAll(() => sandbox.stop());

async function tokenHeader(appid: string): Promise<Record<string, string>> {
  const body = { client_key: appid, client_secret: 's', grant_type: 'client_credential' };
  const { data } = await sandbox.post('/oauth/client_token/', body);
  return { 'access-token': String((data as Fields).access_token) };
}

const tap = (over: Fields = {}): Promise<Fields> =>
  sandbox.post('/_/phone', { platform: 'douyin', platformAppId: APP, user: 'ann', form: 'code', ...over });
const exchange = (body: Fields, with_ = headers): Promise<Fields> =>
  sandbox.post('/api/apps/v1/get_phonenumber_info/', body, { headers: with_ });

/** RSA without padding, then PKCS#1 v1.5 stripped by hand: `00 02 <at least 8 non-zero bytes> 00 <text>`. */
function decrypt(data: unknown, privateKey: string): Fields {
  const block = privateDecrypt(
    { key: privateKey, padding: constants.RSA_NO_PADDING },
    Buffer.from(String(data), 'base64'),
  );
  const end = block.indexOf(0, 2);
  if (block[0] !== 0 || block[1] !== 2 || end < 10) throw new Error('not PKCS#1 v1.5');
  return JSON.parse(block.subarray(end + 1).toString()) as Fields;
}

test("a code becomes the number, encrypted to the application's key", async () => {
  const tappedAt = sandbox.now;
  const { code } = await tap({ phone: '13800138000' });
  sandbox.advance({ minutes: 1 });
  const answer = await exchange({ code });
  expect(answer).toMatchObject({ err_no: 0, err_msg: '' });
  expect(decrypt(answer.data, generatedKey)).toEqual({
    phoneNumber: '+8613800138000',
    purePhoneNumber: '13800138000',
    countryCode: '86',
    watermark: { appid: APP, timestamp: tappedAt / 1000 },
  });
});

test('the older form is encrypted with the session key', async () => {
  const { code } = await sandbox.post('/_/login', { platform: 'douyin', platformAppId: APP, user: 'bob' });
  const { data } = await sandbox.post('/api/apps/v2/jscode2session', { appid: APP, secret: 's', code });
  const { encryptedData, iv } = await tap({ user: 'bob', form: 'encrypted', phone: '13900139000' });
  const key = Buffer.from(String((data as Fields).session_key), 'base64');
  const decipher = createDecipheriv('aes-128-cbc', key, Buffer.from(String(iv), 'base64'));
  const plain = decipher.update(String(encryptedData), 'base64', 'utf8') + decipher.final('utf8');
  expect(JSON.parse(plain)).toMatchObject({ purePhoneNumber: '13900139000', watermark: { appid: APP } });
});

test('a code works once and for five minutes, also when 50 requests race for it', async () => {
  const { code } = await tap();
  const answers = await Promise.all(Array.from({ length: 50 }, () => exchange({ code })));
  expect(answers.filter(({ err_no }) => err_no === 0)).toHaveLength(1);
  expect(answers.filter(({ err_no }) => err_no === 28005187)).toHaveLength(49);
  const { code: late } = await tap();
  sandbox.advance({ minutes: 5 });
  expect((await exchange({ code: late })).err_no).toBe(28005187);
});

test("another program's token is refused and uses nothing up, as does a login code", async () => {
  const { code } = await tap();
  expect((await exchange({ code }, otherHeaders)).err_no).toBe(28005187);
  expect((await exchange({ code }, {})).err_no).toBe(28001003);
  expect((await exchange({})).err_no).toBe(28001038);
  expect((await exchange({ code })).err_no).toBe(0);
  const login = await sandbox.post('/_/login', { platform: 'douyin', platformAppId: APP, user: 'ann' });
  expect((await exchange({ code: login.code })).err_no).toBe(28005187);
});

describe('the application key', () => {
  const newKeyPair = () =>
    generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
  const upload = async (credentials: Fields): Promise<Fields> =>
    (await sandbox.account('douyin', { platformAppId: OTHER, credentials })).credentials as Fields;

  test('is generated when left out, and shown again until one is uploaded', async () => {
    const shown = await upload({});
    expect(shown).toMatchObject({ secret: 's', keyVersion: '1' });
    expect(createPublicKey(String(shown.platformPublicKey)).asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(shown).not.toHaveProperty('platformPrivateKey');
    await sandbox.restart();
    expect(await upload({})).toEqual(shown);
  });

  test('each upload raises the version and is used at once, as PEM or bare', async () => {
    const [first, second] = [newKeyPair(), newKeyPair()];
    const { platformPublicKey } = await upload({});
    const shown = await upload({ appPublicKey: first.publicKey });
    expect(shown).toMatchObject({ secret: 's', keyVersion: '2', platformPublicKey });
    expect(shown).not.toHaveProperty('appPrivateKey');
    expect((await upload({ appPublicKey: first.publicKey })).keyVersion).toBe('2');
    const bare = second.publicKey.replace(/-----.*-----|\s/g, '');
    expect((await upload({ appPublicKey: bare })).keyVersion).toBe('3');
    const { code } = await tap({ platformAppId: OTHER });
    const { data } = await exchange({ code }, otherHeaders);
    expect(decrypt(data, second.privateKey)).toMatchObject({ countryCode: '86' });
  });

  test('that is none, or a weak one, is refused with words that help', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' });
    for (const appPublicKey of ['nonsense', weak]) {
      const { error, message } = await sandbox.account('douyin', { credentials: { appPublicKey } });
      expect([error, message]).toEqual(['invalid_request', expect.stringContaining('at least 2048 bit')]);
    }
  });
});
