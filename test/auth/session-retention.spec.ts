import { Lanes } from '../../src/queues/lane.js';
import { statement } from '../../src/database/database.js';
import { until } from '../queues/support/until.js';
import { aLogin, anApp, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

const COUNT = statement('select count(*)::int as count from sessions where app_id = $1');

describe('sessions that have run out', () => {
  let minibase: Minibase;
  let app: TestApp;
  beforeAll(async () => {
    minibase = await startMinibase();
    app = await anApp(minibase, ['wechat']);
  });
  afterAll(() => minibase.close());

  const count = async () => (await minibase.database.run<{ count: number }>(COUNT, [app.appId]))[0]!.count;
  const sweep = () => minibase.app.get(Lanes).nudge('sessions', { appId: 'all', lane: 'sessions' });

  test('are removed, and the others stay', async () => {
    for (const user of ['a', 'b', 'c']) await aLogin(minibase, app, user);
    expect(await count()).toBe(3);
    minibase.clock.advance({ days: 61 });
    await aLogin(minibase, app, 'a');
    await until('the old sessions are gone', async () => {
      await sweep();
      return (await count()) === 1;
    });
  });
});
