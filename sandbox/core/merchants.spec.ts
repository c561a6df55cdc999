import { stage } from '../testing/stage.js';
import { type Fields, TestSandbox } from '../testing/test-sandbox.js';

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.start([stage]);
});
afterAll(() => sandbox.stop());
beforeEach(() => sandbox.post('/_/reset', {}));

const register = (over: Fields = {}): Promise<Fields> => sandbox.merchant('stage', over);
const siblingsOf = async (merchantId: string): Promise<unknown> =>
  (await sandbox.post('/stage/note', { merchantId, key: 'k', text: 't', at: 1 })).siblings;

test('what is left out is generated, and shown as the console shows it', async () => {
  expect(await register()).toEqual({
    platform: 'stage',
    kind: 'merchant',
    merchantId: '1900000001',
    credentials: { key: 'of 1900000001', shown: true },
    entity: 'default',
  });
});

test('what is given stays, also when the account is registered again without it, and after a restart', async () => {
  const first = await register({
    merchantId: 'm1',
    credentials: { key: 'mine' },
    entity: 'us',
    callbackOrigin: 'http://127.0.0.1:3000/anything',
  });
  expect(first).toMatchObject({ credentials: { key: 'mine' }, callbackOrigin: 'http://127.0.0.1:3000' });
  expect(await register({ merchantId: 'm1' })).toEqual(first);
  await sandbox.restart();
  expect(await register({ merchantId: 'm1' })).toEqual(first);
});

test('a merchant and a program may have the same id', async () => {
  await register({ merchantId: 'same', entity: 'ours' });
  expect(await sandbox.account('stage', { platformAppId: 'same' })).toMatchObject({
    kind: 'program',
    entity: 'default',
    credentials: { key: 'of a program' },
  });
});

test('the merchants of one entity are found in the order of their registration', async () => {
  for (const merchantId of ['m3', 'm1', 'm2']) await register({ merchantId, entity: 'ours' });
  await register({ merchantId: 'm0', entity: 'theirs' });
  await register({ merchantId: 'm3', credentials: { key: 'new' } });
  expect(await siblingsOf('m1')).toEqual(['m3', 'm1', 'm2']);
  await sandbox.restart();
  expect(await siblingsOf('m1')).toEqual(['m3', 'm1', 'm2']);
  await register({ merchantId: 'm1', entity: 'theirs' });
  expect(await siblingsOf('m2')).toEqual(['m3', 'm2']);
});

test.each([
  [{ merchantId: 'a b' }, 'merchantId'],
  [{ platformAppId: 'app' }, 'Unrecognized key: "platformAppId"'],
  [{ credentials: { kye: 'typo' } }, 'Unrecognized key: "kye"'],
])('%j is refused in words that help', async (over, words) => {
  expect((await register(over)).message).toContain(words);
});

test('a platform without merchants, and a merchant that nobody registered, are refused in words that help', async () => {
  const without = await TestSandbox.start([(world) => ({ ...stage(world), code: 'bare', merchants: undefined! })]);
  expect((await without.merchant('bare')).message).toBe('bare has no merchants here');
  await without.stop();
  const clock = { accounts: [{ platform: 'stage', merchantId: 'm9' }], now: new Date(sandbox.now).toISOString() };
  expect((await sandbox.post('/_/clock', clock)).message).toBe(
    'there is no stage merchant m9: register it first with POST /_/accounts',
  );
});

test('the cashier finds the platform in the client action, a refund names it', async () => {
  const clientAction = { platform: 'stage', method: 'pay', params: {}, proof: 'callback' };
  expect(await sandbox.post('/_/cashier', { clientAction, user: 'ann', outcome: 'pay' })).toEqual({
    outcome: 'pay',
    user: 'ann',
  });
  expect(await sandbox.post('/_/refund', { platform: 'stage', number: 'n1' })).toEqual({
    number: 'n1',
    by: 'merchant',
  });
  const elsewhere = { ...clientAction, platform: 'myspace' };
  expect((await sandbox.post('/_/cashier', { clientAction: elsewhere, user: 'ann', outcome: 'pay' })).error).toBe(
    'platform_unknown',
  );
});
