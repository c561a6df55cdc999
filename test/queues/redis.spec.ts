import { Redis } from 'ioredis';
import { behavesLikeLanes } from './conformance/all.js';
import { Outage } from './support/outage.js';
import { aLane, aRecorder } from './support/recorder.js';
import { redisIsInstalled, startRedis } from './support/redis-server.js';
import { onRedis, type Stand } from './support/stand.js';
import { until } from './support/until.js';

const installed = redisIsInstalled();
if (!installed) process.stderr.write('Lanes on Redis: skipped, as no redis-server is installed.\n');

(installed ? describe : describe.skip)('lanes on Redis', () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await onRedis();
  });
  afterAll(() => stand.close());

  behavesLikeLanes(() => stand, {
    api: { least: 1, most: 1 },
    worker: (kinds) => ({ least: kinds + 1, most: kinds + 1 }),
  });

  test('a process starts without Redis and works when it comes', async () => {
    const nowhere = await Outage.to('127.0.0.1', 1);
    await nowhere.cut();
    const redisUrl = `redis://127.0.0.1:${nowhere.port}`;
    const recorder = aRecorder();
    const { lanes } = await stand.process({ redisUrl });
    lanes.declare(recorder.kind);
    await lanes.start();
    await lanes.nudge(recorder.kind.name, aLane());
    expect(stand.log).toContain('the queues cannot be reached yet');
    const server = await startRedis([], nowhere.port);
    await until('the nudge arrives', () => recorder.ended() === 1);
    await stand.clear();
    await server.stop();
  });

  test('on a Redis Cluster each queue and bucket keeps to one slot', async () => {
    const node = await startRedis(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']);
    const admin = new Redis(node.port);
    await admin.cluster('ADDSLOTSRANGE', 0, 16_383);
    await until('the cluster is up', async () => (await admin.cluster('INFO')).includes('cluster_state:ok'));
    const recorder = aRecorder();
    const { lanes, buckets } = await stand.process({ redisUrl: `redis://127.0.0.1:${node.port},` });
    lanes.declare(recorder.kind);
    await lanes.start();
    await lanes.nudge(recorder.kind.name, aLane());
    await until('it runs', () => recorder.ended() === 1);
    expect((await buckets.take(aLane(), { perSecond: 1, burst: 2 }, 5)).taken).toBe(2);
    await stand.clear();
    admin.disconnect();
    await node.stop();
  });
});
