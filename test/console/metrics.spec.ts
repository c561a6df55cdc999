import { aLogin, anApp, ask, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the Prometheus text format (0.0.4), as far as we write it. Throws for a line that it does not know. */
function parseMetrics(text: string): Sample[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, name, labels = '', value] = /^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
    if (!name || !value) throw new Error(`not a sample: ${line}`);
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key!, text!]);
    return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) };
  });
}

describe('the metrics', () => {
  let minibase: Minibase;
  let app: TestApp;
  beforeAll(async () => {
    minibase = await startMinibase();
    app = await anApp(minibase, ['wechat']);
  });
  afterAll(() => minibase.close());

  async function scrape(): Promise<Sample[]> {
    const password = Buffer.from(`x:${minibase.operatorToken}`).toString('base64');
    const answer = await fetch(`${minibase.url}/metrics`, { headers: { authorization: `Basic ${password}` } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    return parseMetrics(await answer.text());
  }

  /** The sum of the samples of that name whose labels include these. */
  async function valueOf(name: string, labels: Record<string, string> = {}): Promise<number> {
    const matching = (await scrape()).filter(
      (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
    return matching.reduce((sum, { value }) => sum + value, 0);
  }

  test('count and time requests by route, method and status', async () => {
    const labels = { route: '/v1/users/:id', method: 'GET', status: '404' };
    const before = await valueOf('minibase_http_request_seconds_count', labels);
    for (const id of ['usr_1', 'usr_2', 'usr_3']) {
      await ask(minibase.url, 'GET', `/v1/users/${id}`, { token: app.secretKey });
    }
    expect(await valueOf('minibase_http_request_seconds_count', labels)).toBe(before + 3);
    expect(await valueOf('minibase_http_request_seconds_sum', labels)).toBeGreaterThan(0);
  });

  test('count calls to platforms by platform, operation and outcome', async () => {
    await aLogin(minibase, app, 'ming');
    const calls = (await scrape()).filter(({ name }) => name === 'minibase_platform_call_seconds_count');
    expect(calls.map(({ labels }) => Object.keys(labels).sort().join())).toContain('operation,outcome,platform');
    const answered = calls.find(({ labels }) => labels['platform'] === 'wechat' && labels['outcome'] === 'answered');
    expect(answered?.value).toBeGreaterThanOrEqual(1);
  });

  test('show the pool and the queues', async () => {
    const samples = await scrape();
    const statesOf = (name: string) => samples.filter((one) => one.name === name).map(({ labels }) => labels['state']);
    expect(statesOf('minibase_database_connections').sort()).toEqual(['idle', 'open', 'waiting']);
    expect(await valueOf('minibase_database_connections', { state: 'open' })).toBeGreaterThanOrEqual(1);
    expect(statesOf('minibase_queue_jobs')).toEqual(expect.arrayContaining(['waiting', 'active']));
    const queues = samples.filter(({ name }) => name === 'minibase_queue_jobs').map(({ labels }) => labels['queue']);
    expect(queues).toContain('relay');
  });

  test('show the process', async () => {
    expect(await valueOf('minibase_up')).toBe(1);
    expect(await valueOf('process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
  });

  test('have no labels that grow with the traffic: no ids, no addresses, no paths that nobody serves', async () => {
    const { user } = await aLogin(minibase, app, 'hong');
    await ask(minibase.url, 'GET', `/v1/users/${user.id}`, { token: app.secretKey });
    for (const path of ['/wp-login.php', '/v1/nothing', '/v1/users/%ff']) await ask(minibase.url, 'GET', path);
    const labels = (await scrape()).flatMap((sample) => Object.values(sample.labels));
    expect(labels.filter((label) => /[0-9a-f]{32}|wp-login|nothing|%/.test(label))).toEqual([]);
    expect(labels).toContain('/v1/users/:id');
  });
});
