import { Calls, callFilterSchema } from './calls.js';
import type { Platform } from './platform.js';

const stage = { code: 'stage', describe: () => ({ operation: 'bow' }) } as unknown as Platform;
const call = { method: 'GET', path: '/', url: '/', query: {}, headers: {}, body: Buffer.alloc(0), at: 0 };

test('the last ten thousand calls are remembered', () => {
  const calls = new Calls();
  for (let n = 1; n <= 10_100; n += 1) calls.remember(stage, call, { status: 200, answer: String(n) });
  const found = calls.find(callFilterSchema.parse({ limit: 10_000 }));
  expect(found.total).toBe(10_000);
  expect(found.calls[0]).toMatchObject({ id: 101, answer: '101' });
  expect(found.calls.at(-1)).toMatchObject({ id: 10_100, answer: '10100' });
});

test('an operation is found like a path', () => {
  const calls = new Calls();
  calls.remember(stage, call, { status: 200 });
  expect(calls.find(callFilterSchema.parse({ path: 'bow' })).total).toBe(1);
  expect(calls.find(callFilterSchema.parse({ path: 'sing' })).total).toBe(0);
});
