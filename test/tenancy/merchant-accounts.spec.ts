import { generateKeyPairSync } from 'node:crypto';
import { PLATFORM_CODES, type PlatformCode } from '../../src/platforms/platform.js';
import { Apps } from '../../src/tenancy/apps.service.js';
import { MerchantAccounts } from '../../src/tenancy/merchant-accounts.service.js';
import { PlatformAccounts } from '../../src/tenancy/platform-accounts.service.js';
import { anApp, asServer, must, sandbox, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { accountsOf, merchantsOf, storedAccount } from './support/accounts.js';

const aPrivateKey = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const IDS = { wechat: '1900000109', alipay: '2088000000000109', douyin: '73500000109' };
const UNKNOWN = 'mac_019a6b0c4d5e7f00a1b2c3d4e5f60718';

describe('merchant accounts', () => {
  let minibase: Minibase;
  let app: TestApp;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  beforeEach(async () => {
    app = await anApp(minibase, []);
  });
  afterAll(() => minibase.close());

  const merchants = () => merchantsOf(minibase, app.secretKey);
  const programs = () => accountsOf(minibase, app.secretKey);
  const shown = (platform: PlatformCode, merchantId: string) =>
    sandbox<{ credentials: Record<string, string> }>(minibase, 'accounts', { platform, kind: 'merchant', merchantId });

  test.each(PLATFORM_CODES)('on %s a test app needs to give nothing: the sandbox makes it up', async (platform) => {
    await programs().made({ platform });
    const merchant = await merchants().made({ platform });
    expect(merchant).toMatchObject({ platform, status: 'active', name: merchant.merchantId, defaults: {} });
    expect(merchant.id).toMatch(/^mac_[0-9a-f]{32}$/);
    expect(await merchants().verify(merchant.id)).toMatchObject({ ok: true });
  });

  test.each(PLATFORM_CODES)('on %s an id of one’s own is kept', async (platform) => {
    const body = { platform, merchantId: IDS[platform], name: 'Shanghai' };
    expect(await merchants().made(body)).toMatchObject({ merchantId: IDS[platform], name: 'Shanghai' });
    expect(await merchants().create(body)).toMatchObject({ status: 409, body: { code: 'merchant_account_exists' } });
    app = await anApp(minibase, []);
    expect((await merchants().create(body)).status).toBe(201);
  });

  test('secrets are shown as fingerprints and kept sealed', async () => {
    const merchant = await merchants().made({ platform: 'wechat' });
    const { credentials } = await shown('wechat', merchant.merchantId);
    const { apiV3Key, privateKey, ...open } = merchant.credentials;
    for (const secret of [apiV3Key, privateKey]) expect(secret).toMatch(/^sha256:[0-9a-f]{16}$/);
    expect(open).toMatchObject({ serial: credentials['serial'] });
    const row = await storedAccount(minibase, merchant.id, 'merchant_accounts');
    expect(row['credentials']).toMatch(/^s1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+$/);
    for (const text of [JSON.stringify(row), JSON.stringify([merchant, await merchants().list()])])
      for (const secret of [credentials['apiV3Key']!, credentials['privateKey']!])
        expect(text).not.toContain(secret.slice(4, 24));
  });

  test('a private key of one’s own is used and never leaves; a wrong one is found', async () => {
    await programs().made({ platform: 'wechat' });
    const merchant = await merchants().made({ platform: 'wechat', credentials: { privateKey: aPrivateKey() } });
    expect(await merchants().verify(merchant.id)).toMatchObject({ ok: true });
    expect(JSON.stringify(await shown('wechat', merchant.merchantId))).not.toContain('PRIVATE KEY');
    const another = aPrivateKey();
    await merchants().patch(merchant.id, { credentials: { privateKey: another } });
    expect(await merchants().verify(merchant.id)).toMatchObject({ ok: true });
    // Somebody uploads another key in the platform's console, and nobody tells Minibase.
    await sandbox(minibase, 'accounts', {
      platform: 'wechat',
      kind: 'merchant',
      merchantId: merchant.merchantId,
      credentials: { apiV3Key: 'x'.repeat(32), serial: 'F'.repeat(40) },
    });
    expect((await merchants().verify(merchant.id)).ok).toBe(false);
  });

  test('defaults are settings of the platform, replaced as a whole', async () => {
    const defaults = { goodsType: 301, orderPath: 'pages/order' };
    const merchant = await merchants().made({ platform: 'douyin', defaults });
    expect(merchant.defaults).toEqual(defaults);
    const { body } = await merchants().patch(merchant.id, { defaults: { goodsType: 401 } });
    expect(body).toEqual({ ...merchant, defaults: { goodsType: 401 }, updatedAt: body.updatedAt });
    expect((await merchants().patch(merchant.id, { name: 'Renamed' })).body.defaults).toEqual({ goodsType: 401 });
  });

  test.each<[string, object, string]>([
    ['an unknown platform', { platform: 'myspace' }, 'platform'],
    ['an id of another platform', { platform: 'wechat', merchantId: IDS.alipay }, 'merchantId'],
    ['a mini-program’s id', { platform: 'wechat', platformAppId: 'wx00000000000000aa' }, ''],
    ['an unknown credential', { platform: 'douyin', credentials: { password: 'hunter2' } }, ''],
    ['a key that is none', { platform: 'wechat', credentials: { privateKey: 'hunter2' } }, 'credentials.privateKey'],
    ['a setting of another platform', { platform: 'alipay', defaults: { goodsType: 301 } }, 'defaults'],
    ['a setting of a bad form', { platform: 'douyin', defaults: { goodsType: 'hunter2' } }, 'defaults.goodsType'],
  ])('%s is refused, by the name of the field and without its value', async (_, body, path) => {
    const { status, body: problem } = await merchants().create(body);
    expect({ status, code: problem.code }).toEqual({ status: 400, code: 'validation_failed' });
    // Unknown credentials are refused by the sandbox, in a sentence.
    if (path) expect(problem.errors?.map((error) => error.path)).toContainEqual(expect.stringMatching(`^${path}`));
    expect(JSON.stringify(problem)).not.toMatch(/hunter/);
    expect(await merchants().list()).toEqual([]);
  });

  test('a live app gives everything itself, and nobody tells the sandbox', async () => {
    const token = minibase.operatorToken;
    const live = await must<{ id: string }>(minibase.url, 'POST', '/v1/apps', {
      token,
      body: { name: 'Live', mode: 'live' },
    });
    const { secret } = await must<{ secret: string }>(minibase.url, 'POST', `/v1/apps/${live.id}/keys`, {
      token,
      body: { name: 'server' },
    });
    const ours = merchantsOf(minibase, secret);
    expect(await ours.create({ platform: 'douyin' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'merchantId' }] },
    });
    const missing = await ours.create({ platform: 'wechat', merchantId: IDS.wechat });
    expect(missing.body.errors?.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['credentials.serial', 'credentials.privateKey', 'credentials.apiV3Key']),
    );
    expect((await ours.create({ platform: 'douyin', merchantId: IDS.douyin })).status).toBe(201);
  });

  test('are listed newest first, by platform if one likes, and only those of the app', async () => {
    const made: string[] = [];
    for (const platform of ['wechat', 'douyin', 'wechat']) made.unshift((await merchants().made({ platform })).id);
    expect((await merchants().list()).map(({ id }) => id)).toEqual(made);
    expect((await merchants().list('?platform=douyin')).map(({ id }) => id)).toEqual([made[1]]);
    app = await anApp(minibase, []);
    expect(await merchants().list()).toEqual([]);
    for (const answer of [await merchants().get(made[0]!), await merchants().patch(made[0]!, { name: 'Mine' })])
      expect(answer).toMatchObject({ status: 404, body: { code: 'merchant_account_not_found' } });
  });

  test('are made once per Idempotency-Key, and who changed them is on record', async () => {
    const create = () => merchants().create({ platform: 'wechat', name: 'Once' }, { key: 'once' });
    const first = await create();
    expect((await create()).body).toEqual(first.body);
    expect(await merchants().list()).toHaveLength(1);
    await merchants().patch(first.body.id, { name: 'Twice' });
    const entries = await minibase.database.dataSource.query(
      `select action, fields from audit_log where app_id = $1 and action like 'merchant_account.%' order by id`,
      [app.appId],
    );
    expect(entries).toEqual([
      { action: 'merchant_account.create', fields: ['platform', 'name'] },
      { action: 'merchant_account.update', fields: ['name'] },
    ]);
  });

  test('one that nobody used is deleted; one that a mini-program names is disabled', async () => {
    const [unused, named] = [
      await merchants().made({ platform: 'wechat' }),
      await merchants().made({ platform: 'wechat' }),
    ];
    await programs().made({ platform: 'wechat', defaultMerchantAccountId: named.id });
    for (const { id } of [unused, named]) expect((await merchants().remove(id)).status).toBe(204);
    expect((await merchants().get(unused.id)).status).toBe(404);
    expect((await merchants().get(named.id)).body.status).toBe('disabled');
  });

  describe('of a mini-program', () => {
    const record = () => minibase.app.get(Apps).record(app.appId);
    const payee = async (id: string) => {
      const caller = await record();
      const program = await minibase.app.get(PlatformAccounts).open(app.appId, 'test', id);
      return (await minibase.app.get(MerchantAccounts).forProgram(caller, program)).id;
    };

    test('is the only one there is, or the one that it names', async () => {
      const program = await programs().made({ platform: 'wechat' });
      await merchants().made({ platform: 'douyin' });
      await expect(payee(program.id)).rejects.toMatchObject({ status: 422, code: 'merchant_account_missing' });
      const first = await merchants().made({ platform: 'wechat' });
      expect(await payee(program.id)).toBe(first.id);
      const second = await merchants().made({ platform: 'wechat' });
      await expect(payee(program.id)).rejects.toMatchObject({ status: 422, code: 'merchant_account_ambiguous' });
      await programs().patch(program.id, { defaultMerchantAccountId: second.id });
      expect(await payee(program.id)).toBe(second.id);
      await programs().patch(program.id, { defaultMerchantAccountId: null });
      await merchants().patch(first.id, { status: 'disabled' });
      expect(await payee(program.id)).toBe(second.id);
    });

    test('is never another one than it names, even when that is disabled', async () => {
      const [named, other] = [
        await merchants().made({ platform: 'wechat' }),
        await merchants().made({ platform: 'wechat' }),
      ];
      const program = await programs().made({ platform: 'wechat', defaultMerchantAccountId: named.id });
      expect(program.defaultMerchantAccountId).toBe(named.id);
      await merchants().patch(named.id, { status: 'disabled' });
      await expect(payee(program.id)).rejects.toMatchObject({ code: 'merchant_account_missing' });
      expect((await merchants().get(other.id)).body.status).toBe('active');
    });

    test('must be of the same app and platform', async () => {
      const program = await programs().made({ platform: 'wechat' });
      const elsewhere = await merchants().made({ platform: 'douyin' });
      const theirs = await merchantsOf(minibase, (await anApp(minibase, [])).secretKey).made({ platform: 'wechat' });
      for (const id of [elsewhere.id, theirs.id, UNKNOWN]) {
        const refusal = { status: 400, body: { errors: [{ path: 'defaultMerchantAccountId' }] } };
        expect(await programs().patch(program.id, { defaultMerchantAccountId: id })).toMatchObject(refusal);
        expect(await programs().create({ platform: 'wechat', defaultMerchantAccountId: id })).toMatchObject(refusal);
      }
      expect(await programs().list()).toHaveLength(1);
    });
  });

  test('opened again and again, an account is the same object, whatever its status and however it is found', async () => {
    const merchant = await merchants().made({ platform: 'wechat', defaults: {} });
    const service = minibase.app.get(MerchantAccounts);
    const open = () => service.open(app.appId, 'test', merchant.id);
    const first = await open();
    expect(first).toMatchObject({ id: merchant.id, merchantId: merchant.merchantId, mode: 'test', defaults: {} });
    expect([first, first.credentials, first.defaults].every((one) => Object.isFrozen(one))).toBe(true);
    const found = await service.byId(merchant.id);
    expect(found?.app).toMatchObject({ id: app.appId, mode: 'test' });
    expect(found?.account).toBe(first);
    await merchants().patch(merchant.id, { status: 'disabled' });
    expect((await service.byId(merchant.id))?.account.id).toBe(merchant.id);
    expect(await service.byId(UNKNOWN)).toBeUndefined();
    expect(await service.byId('mac_x')).toBeUndefined();
    await expect(service.open(app.appId, 'test', UNKNOWN)).rejects.toMatchObject({
      code: 'merchant_account_not_found',
    });
    const other = await anApp(minibase, []);
    await expect(service.open(other.appId, 'test', merchant.id)).rejects.toMatchObject({ status: 404 });
  });

  test('capabilities say which fields a merchant and a payment need', async () => {
    const { body } = await asServer<{
      data: { platform: string; merchantCredentials: object; paymentSettings: object }[];
    }>(minibase, app, 'GET', '/v1/capabilities');
    const wechat = body.data.find(({ platform }) => platform === 'wechat');
    expect(wechat).toMatchObject({
      merchantCredentials: { properties: { apiV3Key: { type: 'string' } } },
      merchantSecretFields: ['privateKey', 'apiV3Key', 'apiV2Key'],
      paymentSettings: { type: 'object' },
    });
    const douyin = body.data.find(({ platform }) => platform === 'douyin');
    expect(douyin).toMatchObject({ paymentSettings: { properties: { goodsType: { type: 'integer' } } } });
  });
});
