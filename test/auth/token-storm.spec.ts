import { aLogin, anApp, aPhoneProof, ask, must, sandbox, type LoggedIn, type TestApp } from '../support/client.js';
import { startMinibase, type Minibase } from '../support/minibase.js';

let minibase: Minibase;
let app: TestApp;
beforeAll(async () => {
  minibase = await startMinibase();
  app = await anApp(minibase, ['wechat']);
});
afterAll(() => minibase.close(), 60_000);

const tokenCalls = async () =>
  (
    await must<{ total: number }>(
      minibase.sandboxUrl,
      'GET',
      '/_/calls?platform=wechat&path=/cgi-bin/stable_token&limit=1',
    )
  ).total;
const expire = () =>
  sandbox(minibase, 'expire', {
    platform: 'wechat',
    platformAppId: app.programs.wechat.platformAppId,
    what: 'token',
  });

/** One request for a phone number, ready to be sent. */
interface Tap {
  readonly login: LoggedIn;
  readonly body: object;
}
async function taps(people: number, each: number): Promise<Tap[]> {
  const made: Tap[] = [];
  // One person after another: only what comes afterwards is meant to be a storm.
  for (let n = 0; n < people; n++) {
    const login = await aLogin(minibase, app, `person-${n}`);
    const proofs = Array.from({ length: each }, () => aPhoneProof(minibase, app, `person-${n}`, 'wechat'));
    made.push(...(await Promise.all(proofs)).map((body) => ({ login, body })));
  }
  return made;
}

test('1,000 phone numbers at once with an expired platform token, in two processes, fetch one new token', async () => {
  const urls = [minibase.url, (await minibase.another()).url] as const;
  const [first, second, ...rest] = await taps(50, 20);
  const send = ({ login, body }: Tap, n: number) =>
    ask(urls[n % 2]!, 'POST', '/v1/me/phone', { token: login.accessToken, body });
  // Both processes hold the token that is about to expire.
  expect((await Promise.all([first!, second!].map(send))).map(({ status }) => status)).toEqual([200, 200]);
  expect(await tokenCalls()).toBe(1);

  await expire();
  const answers = await Promise.all(rest.map(send));
  expect(answers.map(({ status }) => status)).toEqual(Array(998).fill(200));
  expect(await tokenCalls()).toBe(2);
}, 120_000);
