import { jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { examine } from '../../src/cli/doctor.js';
import { Lanes } from '../../src/queues/lane.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import { aPort } from '../support/ports.js';
import { playOn } from './model/play.js';
import { type Beside, sandboxBeside, serverBeside } from './model/processes.js';
import { PLAN_ONCE, type Stage } from './model/stage.js';

jest.setTimeout(600_000);

/** The same game in every run, so that a change is judged by what it changed; `npm run torture` plays another each time. */
const seed = Number(process.env['TORTURE_SEED'] ?? 303);
const STEPS = Number(process.env['TORTURE_STEPS'] ?? 10_000);

describe('payments under a model', () => {
  let sandboxDir: string;
  let sandbox: Beside;
  let minibase: Minibase;
  let other: Beside;
  let pool: pg.Pool;
  beforeAll(async () => {
    sandboxDir = await mkdtemp(join(tmpdir(), 'minibase-model-'));
    sandbox = await sandboxBeside(sandboxDir);
    minibase = await startMinibase({ sandboxUrl: sandbox.url });
    other = await serverBeside(minibase.config, await aPort());
    pool = new pg.Pool({ connectionString: minibase.config.databaseUrl, max: 12, options: PLAN_ONCE });
  });
  afterAll(async () => {
    await pool.end();
    await other.stop();
    await minibase.close();
    await sandbox.stop();
    await rm(sandboxDir, { recursive: true, force: true });
  });

  test(`${STEPS} random steps by many at once on two servers keep every promise`, async () => {
    process.stderr.write(`The model plays with TORTURE_SEED=${seed}.\n`);
    const lanes = minibase.app.get(Lanes);
    let urls = [minibase.url, other.url];
    const stage: Stage = {
      get urls() {
        return urls;
      },
      sandboxUrl: sandbox.url,
      operatorToken: minibase.operatorToken,
      sandboxDir,
      falters: false,
      now: () => minibase.clock.now().getTime(),
      query: async <Row>(name: string, text: string, values: readonly unknown[]) =>
        (await pool.query({ ...(name && { name }), text, values: [...values] })).rows as Row[],
      examine: () => examine(minibase.database.dataSource),
      forgetApps: () => minibase.forgetApps(),
      rest: async (milliseconds) => minibase.clock.advance({ seconds: milliseconds / 1_000 }),
      wake: (kind, lane) => lanes.nudge(kind, lane),
    };
    const played = await playOn(stage, {
      seed,
      goesOn: (steps) => steps < STEPS,
      // The second server would be seconds behind each time that the clock moves.
      beforeEnd: async () => {
        urls = [minibase.url];
        await other.stop();
      },
    });
    process.stderr.write(`${JSON.stringify(played)}\n`);
    expect(played.steps).toBeGreaterThanOrEqual(STEPS);
  });
});
