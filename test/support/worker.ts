import { Writable } from 'node:stream';
import { Running } from '../../torture/running.js';
import { freePort } from '../start/server-process.js';
import type { Minibase } from './minibase.js';

/** A worker of the same installation in a process of its own, started. */
export async function aWorker({ config }: Minibase): Promise<Running> {
  const port = await freePort();
  const worker = new Running({
    ...{ name: 'worker', module: 'dist/main.js', health: `http://127.0.0.1:${port}/health/ready` },
    log: new Writable({ write: (_chunk, _encoding, done) => done() }),
    env: {
      MINIBASE_CHILD: '1', // the database is prepared
      ...{ NODE_ENV: 'test', MINIBASE_ROLE: 'worker', PORT: String(port), LOG_LEVEL: 'silent' },
      ...{ DATABASE_URL: config.databaseUrl, DATA_DIR: config.dataDir, SANDBOX_URL: config.sandboxUrl! },
      MASTER_KEY: config.masterKeys.map((key) => key.toString('base64')).join(','),
      ...{ OPERATOR_TOKEN: config.operatorTokens.join(','), PUBLIC_URL: config.publicUrl },
    },
  });
  await worker.start();
  return worker;
}
