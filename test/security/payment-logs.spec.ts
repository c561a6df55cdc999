import type { AddressInfo } from 'node:net';
import { generateKeyPairSync } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Platforms } from '../../src/platforms/registry.js';
import { createServer, newLogger } from '../../src/server.js';
import { MerchantAccounts } from '../../src/tenancy/merchant-accounts.service.js';
import { PlatformAccounts } from '../../src/tenancy/platform-accounts.service.js';
import { PLATFORMS, type Payment, Shop } from '../payments/support/shop.js';
import { until } from '../queues/support/until.js';
import { must } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';
import { aPort } from '../support/ports.js';

interface Line {
  readonly level: number;
  readonly msg?: string;
  readonly context?: string;
  readonly [field: string]: unknown;
}
type Credentials = Readonly<Record<string, string | undefined>>;
interface Call {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly answer?: string;
}

/** A key file in the pieces that a log line could hold: each of its long lines. */
const piecesOf = (secret: string): string[] => {
  const lines = secret.split(/\s+/).filter((line) => line.length > 5 && !line.includes('---'));
  return lines.flatMap((line) => (line.length > 64 ? (line.match(/.{64}/g) ?? []) : [line]));
};

describe('the log of a shop that is paid, gives back and is called back', () => {
  let sandboxed: Minibase;
  let minibase: Minibase;
  let server: NestFastifyApplication;
  let shop: Shop;
  const lines: string[] = [];
  /** What no line may hold, by what it is. */
  const secrets = new Map<string, string>();

  beforeAll(async () => {
    // Platforms call back the server whose log is read.
    const port = await aPort();
    sandboxed = await startMinibase({ publicUrl: `http://127.0.0.1:${port}` });
    const logger = newLogger('trace', { write: (line: string) => void lines.push(line) });
    server = await createServer(sandboxed.config, logger, { clock: sandboxed.clock });
    await server.listen(port, '127.0.0.1');
    expect((server.getHttpServer().address() as AddressInfo).port).toBe(port);
    minibase = { ...sandboxed, url: sandboxed.config.publicUrl };
    shop = await Shop.open(minibase, PLATFORMS);
  });
  afterAll(async () => {
    await server.close();
    await sandboxed.close();
  });

  const keep = (name: string, value: string | undefined): void => {
    for (const [index, piece] of piecesOf(value ?? '').entries()) secrets.set(`${name} ${index}`, piece);
  };
  const parsed = (): Line[] => lines.map((line) => JSON.parse(line) as Line);
  const query = (sql: string) => minibase.database.dataSource.query(sql);
  /** While a table is away our side fails, and says in the log why. */
  async function without(table: string, work: () => Promise<unknown>): Promise<void> {
    await query(`alter table ${table} rename to ${table}_away`);
    await work();
    await query(`alter table ${table}_away rename to ${table}`);
  }
  const order = (platform: string, over: object = {}) => ({
    body: { userId: shop.login.user.id, amount: 990, subject: 'Coffee', platform, ...over },
  });

  async function payAndGiveBack(platform: (typeof PLATFORMS)[number]): Promise<void> {
    const payment = await shop.paid({ platform, metadata: { note: 'a note about Ming' } });
    await shop.refund(payment.id, { amount: 100, reason: 'a reason of Ming' });
    await shop.server('POST', `/v1/payments/${payment.id}/fulfill`);
    const open = await shop.payment({ platform });
    const { timeStamp: _, ...params } = open.clientAction!.params;
    for (const value of Object.values(params)) keep(`parameter of ${platform}`, String(value));
    await shop.mine('GET', `/v1/me/payments/${open.id}`);
    await shop.server('POST', `/v1/payments/${open.id}/cancel`);
    for (const kind of ['timeout_after', 'status_500', 'garbage', 'wrong_signature'])
      if (kind !== 'wrong_signature' || platform !== 'douyin') {
        await shop.faults(platform, kind, {}, { direction: 'in' });
        const { body } = await shop.server('POST', '/v1/payments', order(platform));
        await shop.server('POST', `/v1/payments/${body.paymentId ?? body.id}/refresh`);
        await must(minibase.sandboxUrl, 'DELETE', '/_/faults');
      }
  }

  /** Callbacks that are parked, forged, cut off and repeated, and one that meets a failing database. */
  async function beCalledBack(platform: (typeof PLATFORMS)[number]): Promise<void> {
    const parked = await shop.payment({ platform });
    await shop.faults(platform, 'wrong_amount', {}, { direction: 'out' });
    await shop.cashier(parked.clientAction);
    await until('a parked callback', async () => lines.some((line) => line.includes('"msg":"callback parked')));
    const forged = await shop.payment({ platform });
    await shop.faults(platform, 'forge', {}, { direction: 'out' });
    await shop.cashier(forged.clientAction);
    const failing = await shop.payment({ platform });
    await without('callbacks', async () => {
      const before = lines.length;
      await shop.cashier(failing.clientAction);
      await until('a failure', async () => lines.slice(before).some((line) => line.includes('could not be taken in')));
    });
    const at = platform === 'wechat' ? shop.merchants.wechat!.id : shop.app.programs[platform].id;
    const body = `{"msg":"${shop.login.identity.openid}"}`;
    const headers = { 'wechatpay-signature': 'x'.repeat(344), 'byte-signature': 'x'.repeat(344) };
    await fetch(`${minibase.url}/callbacks/${at}/${shop.login.identity.openid}`, { method: 'POST', headers, body });
  }

  /** What people do wrong with keys, and what fails on our side with keys in hand. */
  async function mistakeKeys(): Promise<void> {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const apiV3Key = 'an-api-v3-key-that-is-refused-01';
    const credentials = { privateKey: pem, apiV3Key, serial: 'F'.repeat(40) };
    keep('a private key of one’s own', pem);
    keep('an apiV3Key of one’s own', apiV3Key);
    const body = { platform: 'wechat', merchantId: '1900000109', credentials };
    await without('merchant_accounts', () => shop.server('POST', '/v1/merchant-accounts', { body }));
    await shop.server('POST', '/v1/merchant-accounts', { body: { ...body, credentials: { ...credentials, serial: 'x' } } }); // prettier-ignore
    const merchant = `/v1/merchant-accounts/${shop.merchants.wechat!.id}`;
    await shop.server('POST', `${merchant}/verify`);
    await shop.server('PATCH', merchant, { body: { credentials: { privateKey: pem } } });
    await shop.server('POST', `${merchant}/verify`);
    await shop.server('POST', '/v1/payments', order('wechat'));
    await shop.server('PATCH', merchant, { body: { credentials: { apiV3Key } } });
    const payment = await shop.server<Payment>('POST', '/v1/payments', order('wechat'));
    if (payment.body.clientAction) await shop.cashier(payment.body.clientAction);
    await without('payment_attempts', () => shop.server('POST', '/v1/payments', order('alipay')));
  }

  async function gatherSecrets(): Promise<void> {
    const { app, login, merchants } = shop;
    for (const platform of PLATFORMS) {
      const description = server.get(Platforms);
      const program = await server.get(PlatformAccounts).open(app.appId, 'test', app.programs[platform].id);
      const merchant = await server.get(MerchantAccounts).open(app.appId, 'test', merchants[platform]!.id);
      for (const field of description.get(platform).secretFields)
        keep(`${platform} program ${field}`, (program.credentials as Credentials)[field]);
      for (const field of description.payments(platform).merchant.secretFields)
        keep(`${platform} merchant ${field}`, (merchant.credentials as Credentials)[field]);
    }
    const { data } = (await shop.mine<{ data: { openid: string }[] }>('GET', '/v1/me/identities')).body;
    for (const { openid } of data) keep('openid', openid);
    for (const [name, value] of Object.entries({
      'operator token': minibase.operatorToken,
      'secret key': app.secretKey,
      'access token': login.accessToken,
      'refresh token': login.refreshToken.slice(-40),
      'database password': new URL(minibase.config.databaseUrl).password,
      'master key': minibase.config.masterKeys[0]!.toString('base64'),
    }))
      keep(name, value);
    const { calls } = await must<{ calls: Call[] }>(minibase.sandboxUrl, 'GET', '/_/calls');
    for (const { headers = {}, body = '', answer = '' } of calls) {
      for (const [name, value] of Object.entries(headers))
        if (/-signature$/i.test(name)) keep(name.toLowerCase(), value);
        else if (/^authorization$/i.test(name)) keep('authorization', /signature="([^"]+)"/.exec(value)?.[1]);
      keep('sign', new URLSearchParams(body).get('sign') ?? undefined);
      for (const text of [body, answer])
        for (const [, name, value] of text.matchAll(
          /"(ciphertext|access_token|prepay_id|openid|buyer_open_id|open_id)":"([^"]+)"/g,
        ))
          // prettier-ignore
          keep(`${name} of a call`, value);
    }
  }

  test('holds no key, no signature, no token, no openid and nothing that people have written', async () => {
    for (const platform of PLATFORMS) await payAndGiveBack(platform);
    for (const platform of PLATFORMS) await beCalledBack(platform);
    await mistakeKeys();
    await gatherSecrets();
    secrets.set('note', 'a note about Ming').set('reason', 'a reason of Ming');
    const names = [...secrets.keys()].map((name) => name.replace(/ \d+$/, ''));
    expect(names).toEqual(
      expect.arrayContaining([
        'wechat merchant privateKey',
        'wechat merchant apiV3Key',
        'alipay program appPrivateKey',
        'douyin program secret',
        'openid',
        'ciphertext of a call',
        'wechatpay-signature',
        'byte-signature',
        'authorization',
        'sign',
      ]),
    );
    const text = lines.join('');
    const found = [...secrets].filter(([, value]) => value.length > 3 && text.includes(value)).map(([name]) => name);
    expect(found).toEqual([]);
  }, 120_000);

  test('did tell what happened: which account, which field, which failure, and who says so', () => {
    const said = parsed().filter(({ level }) => level >= 40);
    const parked = said.find(({ msg }) => msg?.startsWith('callback parked'));
    expect(parked).toMatchObject({ level: 50, app: shop.app.appId, field: 'amount', context: 'Callbacks' });
    const refused = said.filter(({ msg }) => msg?.startsWith('a callback is not believed'));
    expect(new Set(refused.map(({ account }) => account))).toEqual(
      new Set([shop.merchants.wechat!.id, shop.app.programs.alipay.id, shop.app.programs.douyin.id]),
    );
    const failed = said.find(({ msg }) => msg?.includes('could not be taken in'));
    expect(failed?.['err']).toMatchObject({ message: expect.stringMatching(/callbacks.* does not exist/) });
    expect(said.filter(({ msg }) => msg === undefined || msg.includes('[object'))).toEqual([]);
  });
});
