import { randomInt } from 'node:crypto';
import { hasEnded, isAlive, serverOf } from '../embedded/support/processes.js';
import { aPlace, ServerProcess, type Demo } from '../start/server-process.js';
import { ask, type LoggedIn } from '../support/client.js';

const LOGINS = 1_000;
const IN_FLIGHT = 32;
/** WeChat allows a person 100 logins a minute. */
const PEOPLE = 250;
/** How many sessions are out when the process is killed; KILL_AFTER repeats a run. */
const killAfter = Number(process.env['KILL_AFTER'] ?? randomInt(100, LOGINS - 100));

let place: Awaited<ReturnType<typeof aPlace>>;
let server: ServerProcess | undefined;
let demo: Demo;
/** Every session that a client was told of. */
const handedOut: LoggedIn[] = [];

const start = async () => {
  server = await new ServerProcess({ ...place.env, TRUSTED_PROXIES: '127.0.0.1/32' }).ready();
  demo = await place.demo();
  return server;
};
beforeAll(async () => {
  place = await aPlace();
});
afterAll(async () => {
  await server?.stop();
  await place.remove();
});

async function login(person: string): Promise<LoggedIn | undefined> {
  const at = { platform: 'wechat', platformAppId: demo.platformAppIds['wechat'], user: person };
  const { body } = await ask<{ code: string }>(demo.sandboxUrl, 'POST', '/_/login', { body: at });
  const answer = await ask<LoggedIn>(demo.apiUrl, 'POST', '/v1/auth/login', {
    appId: demo.appId,
    body: { platform: 'wechat', code: body.code },
  });
  return answer.status === 200 ? answer.body : undefined;
}

/** Runs `act` for 0, 1, …, `count` - 1, always so many at once. */
async function inFlight(count: number, act: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}

test('killed in the middle of 1,000 logins, the server still knows every session that it handed out', async () => {
  process.stderr.write(`The process is killed after ${killAfter} logins; KILL_AFTER=${killAfter} does it again.\n`);
  const first = await start();
  const database = await serverOf(place.env['DATA_DIR']!);
  await inFlight(LOGINS, async (n) => {
    // Who is answered no more was promised nothing.
    const session = await login(`person-${n % PEOPLE}`).catch(() => undefined);
    if (!session) return;
    handedOut.push(session);
    if (handedOut.length === killAfter) first.child.kill('SIGKILL');
  });
  expect(await first.ended).toMatchObject({ signal: 'SIGKILL' });
  expect(handedOut.length).toBeGreaterThanOrEqual(killAfter);
  expect(handedOut.length).toBeLessThan(LOGINS);

  await start();
  const lost: unknown[] = [];
  await inFlight(handedOut.length, async (n) => {
    const { accessToken, refreshToken, user } = handedOut[n]!;
    const me = await ask(demo.apiUrl, 'GET', '/v1/me', { token: accessToken });
    const { status, body } = await ask(demo.apiUrl, 'POST', '/v1/auth/refresh', { body: { refreshToken } });
    if (status !== 200 || me.body['id'] !== user.id) lost.push({ user: user.id, me: me.body, status, body });
  });
  expect(lost).toEqual([]);

  // The people are whom they were, too.
  const known = new Map(handedOut.map(({ identity, user }) => [identity.openid, user.id]));
  await inFlight(50, async (n) => {
    const again = (await login(`person-${n}`))!;
    expect(again.user.id).toBe(known.get(again.identity.openid) ?? again.user.id);
  });

  await expectNothingLeft(database);
}, 120_000);

/** Stops the server; neither its database, nor that of the killed one, nor the sandbox runs on. */
async function expectNothingLeft(earlierDatabase: number): Promise<void> {
  const database = await serverOf(place.env['DATA_DIR']!);
  expect(isAlive(database)).toBe(true);
  expect(await server!.stop()).toEqual({ code: 0, signal: null });
  await hasEnded(database);
  await hasEnded(earlierDatabase);
  for (const url of [demo.apiUrl, demo.sandboxUrl]) await expect(fetch(url)).rejects.toThrow();
}
