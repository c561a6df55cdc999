import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createServer, newLogger } from '../../src/server.js';
import { aLogin, anApp, aPhoneProof, ask, must, type LoggedIn, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

interface Line {
  readonly level: number;
  readonly time: string;
  readonly msg: string;
  readonly requestId?: string;
  readonly [field: string]: unknown;
}

describe('the log', () => {
  let sandboxed: Minibase;
  let minibase: Minibase;
  let server: NestFastifyApplication;
  let app: TestApp;
  const lines: string[] = [];
  /** What no line may hold, by what it is. */
  const secrets = new Map<string, string>();

  beforeAll(async () => {
    sandboxed = await startMinibase();
    const logger = newLogger('trace', { write: (line: string) => void lines.push(line) });
    server = await createServer(sandboxed.config, logger, { clock: sandboxed.clock });
    await server.listen(0, '127.0.0.1');
    const { port } = server.getHttpServer().address() as AddressInfo;
    minibase = { ...sandboxed, url: `http://127.0.0.1:${port}` };
    app = await anApp(minibase, ['wechat', 'douyin']);
  });
  afterAll(async () => {
    await server.close();
    await sandboxed.close();
  });

  const query = (sql: string) => minibase.database.dataSource.query(sql);
  const parsed = (): Line[] => lines.map((line) => JSON.parse(line) as Line);

  /** Everything that people do with secrets, each way well and badly. */
  async function live(): Promise<void> {
    const ming = await aLogin(minibase, app, 'ming');
    const token = ming.accessToken;
    const next = await must<LoggedIn>(minibase.url, 'POST', '/v1/auth/refresh', {
      body: { refreshToken: ming.refreshToken },
    });
    await ask(minibase.url, 'POST', '/v1/auth/refresh', {
      body: { refreshToken: `${next.refreshToken.slice(0, -1)}x` },
    });
    const proof = await aPhoneProof(minibase, app, 'ming', 'wechat', { form: 'code' });
    const body = { platform: 'wechat', ...proof };
    const { phone } = await must<{ phone: string }>(minibase.url, 'POST', '/v1/me/phone', { token, body });
    await ask(minibase.url, 'POST', '/v1/me/phone', { token, body });
    await must(minibase.url, 'GET', `/v1/users?phone=${encodeURIComponent(phone)}`, { token: app.secretKey });
    await must(minibase.url, 'PATCH', '/v1/me', { token, body: { nickname: 'Little Ming' } });
    const account = `/v1/platform-accounts/${app.programs.douyin.id}`;
    const credentials = { secret: 'a-secret-of-douyin-0123456789' };
    await must(minibase.url, 'PATCH', account, { token: app.secretKey, body: { credentials } });
    await ask(minibase.url, 'PATCH', account, {
      token: app.secretKey,
      body: { credentials: { secret: 'with blank' } },
    });
    await must(minibase.url, 'POST', `${account}/verify`, { token: app.secretKey });
    // What fails on our side is logged with its cause. Postgres tells the row that failed, TypeORM the statement's values.
    await query(`alter table users add constraint lucky check (nickname <> 'Unlucky Ming')`);
    await ask(minibase.url, 'PATCH', '/v1/me', { token, body: { nickname: 'Unlucky Ming' } });
    await query('alter table users drop constraint lucky');
    await query('alter table events rename to events_away');
    const second = await aPhoneProof(minibase, app, 'ming', 'wechat', { form: 'code' });
    await ask(minibase.url, 'POST', '/v1/me/phone', { token, body: { platform: 'wechat', ...second } });
    await query('alter table events_away rename to events');
    await query('alter table platform_accounts rename to platform_accounts_away');
    const failing = { platform: 'wechat', credentials: { secret: 'a-secret-that-fails-0123456789' } };
    await ask(minibase.url, 'POST', '/v1/platform-accounts', { token: app.secretKey, body: failing });
    await query('alter table platform_accounts_away rename to platform_accounts');
    await must(minibase.url, 'POST', '/v1/auth/logout', { token });
    const { calls } = await must<{ calls: { answer?: string }[] }>(minibase.sandboxUrl, 'GET', '/_/calls');
    const answers = calls.map(({ answer = '' }) => answer).join();
    for (const [, name, value] of answers.matchAll(/"(session_key|access_token|phoneNumber)":"([^"]+)"/g))
      secrets.set(`${name} ${value}`, value!);
    const more = {
      'operator token': minibase.operatorToken,
      'secret key': app.secretKey,
      'access token': token,
      'refresh token': ming.refreshToken.slice(-40),
      'next refresh token': next.refreshToken.slice(-40),
      phone: phone.slice(3),
      openid: ming.identity.openid,
      'phone code': String(proof['code']),
      nickname: 'Little Ming',
      'nickname that failed': 'Unlucky Ming',
      'account secret': credentials.secret,
      'account secret that failed': failing.credentials.secret,
      'account secret that was refused': 'with blank',
      'master key': minibase.config.masterKeys[0]!.toString('base64'),
      'database password': new URL(minibase.config.databaseUrl).password || 'no password',
    };
    for (const [name, value] of Object.entries(more)) secrets.set(name, value);
  }

  test('of a whole life of logins, phones, keys and failures holds no secret and nothing personal', async () => {
    await live();
    const names = [...secrets.keys()].map((name) => name.split(' ')[0]);
    expect(names).toEqual(expect.arrayContaining(['session_key', 'access_token']));
    const text = lines.join('');
    const found = [...secrets].filter(([, value]) => value.length > 3 && text.includes(value)).map(([name]) => name);
    expect(found).toEqual([]);
    // It did tell what went wrong, with enough to find it.
    const failures = parsed().filter(({ level }) => level >= 50);
    expect(failures.length).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(failures)).toMatch(/violates check constraint.*relation .*events.* does not exist/);
  });

  test('has a line of JSON for each request, which names it, its route and its app, not its address', async () => {
    const headers = { 'x-request-id': 'find-this-one' };
    await ask(minibase.url, 'GET', '/v1/users/usr_1?x=hunter2', { token: app.secretKey, headers });
    const own = parsed().filter(({ requestId }) => requestId === 'find-this-one');
    expect(own).toEqual([
      expect.objectContaining({
        level: 30,
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        msg: 'request',
        method: 'GET',
        route: '/v1/users/:id',
        status: 404,
        ms: expect.any(Number),
        app: app.appId,
      }),
    ]);
    expect(JSON.stringify(own)).not.toMatch(/hunter2|usr_1/);
  });

  test('cannot be written into by a request', async () => {
    const before = lines.length;
    const headers = { 'user-agent': '{"level":60}\\n{"msg":"forged"}', 'x-request-id': 'x"},{"forged":1' };
    await ask(minibase.url, 'GET', '/v1/no%0Aroute%22', { headers });
    const fresh = lines.slice(before);
    expect(fresh.length).toBeGreaterThan(0);
    for (const line of fresh) {
      expect(line.trimEnd()).not.toContain('\n');
      expect(line).not.toContain('forged');
    }
  });

  test('hides fields that are named like secrets, should somebody log them', () => {
    const said: string[] = [];
    const logger = newLogger('info', { write: (line: string) => void said.push(line) });
    logger.info({ secret: 'hunter2', body: { password: 'hunter2', deeper: { accessToken: 'hunter2' } } }, 'oops');
    logger.info({ req: { authorization: 'hunter2' }, credentials: { secret: 'hunter2' } }, 'oops');
    expect(said).toHaveLength(2);
    expect(said.join()).not.toContain('hunter2');
  });
});
