import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './accounts.js';
import { Inbox, messageFilterSchema } from './inbox.js';
import { Store } from './store.js';

const account = (platform: string, platformAppId: string): Account => ({
  ...{ platform, kind: 'program', platformAppId, credentials: {}, entity: 'default', unionid: true },
});
const wx = account('wechat', 'wx1');
const tt = account('douyin', 'tt1');
const message = (user: string, number: number) => ({
  ...{ user, openid: `o-${user}`, templateId: `t${number % 2}`, title: 'title', page: null },
  data: { thing1: String(number) },
});

let directory: string;
let store: Store;
const inbox = (most?: number): Inbox => new Inbox(() => 0, store.table('inbox'), most);
const find = (of: Inbox, filter: object) => of.find(messageFilterSchema.parse(filter));
const numbers = ({ messages }: { messages: object[] }): unknown[] =>
  messages.map((one) => (one as { data: Record<string, string> }).data.thing1);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inbox-'));
  store = await Store.open(directory, () => 0);
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

test('finds by person, account and template, the newest last, and pages backwards', async () => {
  const first = inbox();
  for (let number = 1; number <= 6; number += 1) {
    first.deliver(number <= 4 ? wx : tt, message(number % 3 === 0 ? 'ann' : 'bob', number));
  }
  await store.close();
  store = await Store.open(directory, () => 0);
  const again = inbox();
  for (const one of [first, again]) {
    expect(numbers(find(one, {}))).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(numbers(find(one, { user: 'ann' }))).toEqual(['3', '6']);
    expect(find(one, { platform: 'wechat', limit: 1 })).toMatchObject({ total: 4, messages: [{ id: 4 }] });
    expect(numbers(find(one, { platform: 'wechat', platformAppId: 'wx1', before: 4, limit: 2 }))).toEqual(['2', '3']);
    expect(find(one, { templateId: 't0', user: 'bob', limit: 1 })).toMatchObject({ total: 2, messages: [{ id: 4 }] });
  }
});

test('keeps the newest and forgets the oldest, also of each person', () => {
  const one = inbox(2_000);
  for (let number = 1; number <= 2_100; number += 1) one.deliver(wx, message(`u${number % 1_500}`, number));
  expect(find(one, { limit: 1 })).toMatchObject({ total: 2_000, messages: [{ id: 2_100 }] });
  expect(find(one, { user: 'u100' })).toMatchObject({ total: 1, messages: [{ id: 1_600 }] });
  expect(find(one, { user: 'u101' })).toMatchObject({ total: 2, messages: [{ id: 101 }, { id: 1_601 }] });
  expect(find(one, { user: 'u700' }).total).toBe(1);
});

test('is empty after everything was forgotten', () => {
  const one = inbox();
  one.deliver(wx, message('ann', 1));
  store.forgetAll();
  one.forgetAll();
  expect(find(one, {})).toEqual({ total: 0, messages: [] });
  one.deliver(wx, message('ann', 2));
  expect(find(one, { user: 'ann' })).toMatchObject({ total: 1 });
});
