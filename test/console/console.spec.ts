import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultsOfProblem } from '../security/support/problems.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

const basic = (password: string, user = 'anybody'): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

describe('the console', () => {
  let minibase: Minibase;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  afterAll(() => minibase.close());

  const open = (path: string, authorization = basic(minibase.operatorToken), url = minibase.url): Promise<Response> =>
    fetch(url + path, { headers: { authorization }, redirect: 'manual' });

  test('is a page at /console/, where its scripts and styles are too', async () => {
    const moved = await open('/console');
    expect({ status: moved.status, to: moved.headers.get('location') }).toEqual({ status: 301, to: '/console/' });
    const page = await open('/console/');
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).toContain('<title>Minibase console</title>');
    const files = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file]) => file!);
    expect(files).toEqual(expect.arrayContaining(['swagger-ui.css', 'swagger-ui-bundle.js', 'swagger-ui-init.js']));
    for (const file of files)
      expect({ file, status: (await open(`/console/${file}`)).status }).toEqual({ file, status: 200 });
    expect(await (await open('/console/swagger-ui-init.js')).text()).toContain('/openapi.json');
  });

  test.each(['/console', '/console/', '/console/swagger-ui-init.js', '/console/queues', '/metrics'])(
    '%s opens with the operator token as password and with nothing else',
    async (path) => {
      const { operatorToken } = minibase;
      const wrong = [
        '',
        'Basic',
        'Basic ???',
        basic(''),
        basic('wrong'),
        `Bearer ${operatorToken}`,
        basic('x', operatorToken),
      ];
      for (const authorization of wrong) {
        const answer = await open(path, authorization);
        expect({ authorization, status: answer.status }).toEqual({ authorization, status: 401 });
        expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="/);
        const type = answer.headers.get('content-type');
        expect(faultsOfProblem(answer.status, type, await answer.text())).toEqual([]);
      }
      expect((await open(path, basic(operatorToken))).status).toBeLessThan(400);
    },
  );

  test('opens with each of several operator tokens', async () => {
    const tokens = ['an-old-operator-token', 'a-new-operator-token'];
    const other = await minibase.another({ operatorTokens: tokens });
    for (const token of tokens) expect((await open('/metrics', basic(token), other.url)).status).toBe(200);
    expect((await open('/metrics', basic(minibase.operatorToken), other.url)).status).toBe(401);
    await other.close();
  });

  test('the documents need no credentials: they hold no secrets', async () => {
    for (const path of ['/openapi.json', '/openapi.yaml']) expect((await open(path, '')).status).toBe(200);
  });

  test('no page runs scripts from elsewhere, stands in a frame, tells where it was, or says what made it', async () => {
    for (const path of [
      '/console/',
      '/console/swagger-ui-bundle.js',
      '/metrics',
      '/openapi.json',
      '/console/nothing',
    ]) {
      const { headers } = await open(path);
      expect(headers.get('content-security-policy')).toMatch(
        /default-src 'none'; script-src 'self';.*frame-ancestors 'none'/,
      );
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
      expect(headers.has('x-powered-by')).toBe(false);
      expect(headers.has('server')).toBe(false);
    }
  });

  test.each([
    '/console/nothing',
    '/console/%2e%2e/package.json',
    '/console/package.json',
    '/console/%00',
    '/console/%e0%a4%a',
  ])('%s is a problem and not a page or a stack', async (path) => {
    const answer = await open(path);
    expect([400, 404]).toContain(answer.status);
    if (path === '/console/package.json') return;
    const type = answer.headers.get('content-type');
    expect(faultsOfProblem(answer.status, type, await answer.text())).toEqual([]);
  });

  test('the queue board only shows: it marks its queues so, and nothing but GET reaches it', async () => {
    const shown = await open('/console/queues/api/queues');
    expect(shown.status).toBe(200);
    const { queues } = (await shown.json()) as { queues: { name: string; readOnlyMode: boolean }[] };
    expect(queues.map(({ name }) => name)).toContain('relay');
    expect(queues.every(({ readOnlyMode }) => readOnlyMode)).toBe(true);
    const headers = { authorization: basic(minibase.operatorToken) };
    const pause = await fetch(`${minibase.url}/console/queues/api/queues/relay/pause`, { method: 'PUT', headers });
    expect(pause.status).toBe(404);
  });
});

describe('the console in development', () => {
  let minibase: Minibase;
  let dataDir: string;
  const demo = { appId: 'app_x', secretKey: 'mb_test_demo', operatorToken: 'op_demo' };
  beforeAll(async () => {
    minibase = await startMinibase();
    dataDir = await mkdtemp(join(tmpdir(), 'minibase-console-'));
    await writeFile(join(dataDir, 'demo.json'), JSON.stringify(demo));
  });
  afterAll(async () => {
    await minibase.close();
    await rm(dataDir, { recursive: true });
  });

  test('is open, and filled with what the demo app needs, by a script whose hash the page allows', async () => {
    const local = await minibase.another({ environment: 'development', dataDir });
    const page = await fetch(`${local.url}/console/`);
    expect(page.status).toBe(200);
    const html = await page.text();
    const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
    for (const value of Object.values(demo)) expect(script).toContain(value);
    const hash = createHash('sha256').update(script).digest('base64');
    expect(page.headers.get('content-security-policy')).toContain(`script-src 'self' 'sha256-${hash}';`);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect((await fetch(`${local.url}/metrics`)).status).toBe(200);
    await local.close();
  });

  test.each(['test', 'production'] as const)('in %s it shows no demo', async (environment) => {
    const other = await minibase.another({ environment, dataDir });
    const headers = { authorization: basic(minibase.operatorToken) };
    const html = await (await fetch(`${other.url}/console/`, { headers })).text();
    expect(html).toContain('Minibase console');
    for (const value of Object.values(demo)) expect(html).not.toContain(value);
    await other.close();
  });
});
