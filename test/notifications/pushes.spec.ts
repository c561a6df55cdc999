import { examine } from '../../src/cli/doctor.js';
import { until } from '../queues/support/until.js';
import { aLogin, must, sandbox } from '../support/client.js';
import { untilEvent } from '../support/events.js';
import { type Minibase, startMinibase } from '../support/minibase.js';
import type { Reported } from './support/answering.js';
import { Sending } from './support/sending.js';

describe('what the platform pushes', () => {
  let minibase: Minibase;
  beforeAll(async () => {
    minibase = await startMinibase();
  });
  afterAll(async () => {
    expect(await examine(minibase.database.dataSource)).toEqual([]);
    await minibase.close();
  });

  test('the dialog on the phone grants by push, however the client tells of it', async () => {
    const stage = await Sending.open(minibase);
    const login = await aLogin(minibase, stage.app, 'ming');
    const report = async (results: object) => {
      const asking = { token: login.accessToken, body: { platform: 'wechat', results } };
      return (await must<Reported>(minibase.url, 'POST', '/v1/me/message-consents', asking)).data[0];
    };
    const { results } = await dialog(stage, 'ming');
    await until('the push grants', async () => (await stage.counts(login))[0] === 1);
    expect(await report(results)).toMatchObject({ counted: true, available: 1 });
    // A client that lies gets one message ahead of a push that never comes.
    expect(await report(results)).toMatchObject({ counted: true, available: 2 });
    expect(await stage.counts(login)).toEqual([1, 1, 0]);
    const { platformAppId } = stage;
    const settings = { platform: 'wechat', platformAppId, user: 'ming', templateIds: [stage.stock.templateId] };
    await sandbox(minibase, 'consent', { ...settings, answer: 'reject', settings: true });
    await until('the settings take it back', async () => String(await stage.counts(login)) === '0,0,0');
    const events = await untilEvent(minibase, stage.app.secretKey, 'push.received', 2);
    const pushed = events.filter(({ type }) => type === 'push.received').map(({ data }) => data['pushType']);
    expect(pushed).toEqual(['subscribe_msg_popup_event', 'subscribe_msg_change_event']);
    const { callbackId } = events.at(-1)!.data as { callbackId: string };
    const token = stage.app.secretKey;
    const raw = () => must<{ body: string | null }>(minibase.url, 'GET', `/v1/callbacks/${callbackId}`, { token });
    expect((await raw()).body).not.toBeNull();
    await must(minibase.url, 'DELETE', `/v1/users/${login.user.id}`, { token });
    expect((await raw()).body).toBeNull();
  });

  test('an acceptance after a refusal counts, though a lie was told shortly before', async () => {
    const stage = await Sending.open(minibase);
    await dialog(stage, 'hong');
    const login = await aLogin(minibase, stage.app, 'ming');
    await until('pushes arrive', async () => (await accounts(stage))[0]!.mode === 'push');
    const body = { platform: 'wechat', results: { [stage.stock.templateId]: 'accept' } };
    await must(minibase.url, 'POST', '/v1/me/message-consents', { token: login.accessToken, body });
    const { id } = await stage.send(login.user.id);
    expect(await stage.ended(id)).toMatchObject({ status: 'refused', reason: 'user_refused' });
    expect(await stage.counts(login)).toEqual([0, 0, 0]);
    await dialog(stage, 'ming');
    await until('the push grants', async () => String(await stage.counts(login)) === '1,0,0');
  });

  test('who is erased while a message is on its way, and comes back, is a stranger with a count of its own', async () => {
    const stage = await Sending.open(minibase);
    const login = await aLogin(minibase, stage.app, 'ming');
    await dialog(stage, 'ming');
    await until('the push grants', async () => (await stage.counts(login))[0] === 1);
    await stage.fault('slow', { milliseconds: 3_000 });
    const { id } = await stage.send(login.user.id);
    await until('the message is on its way', async () => (await stage.counts(login))[2] === 1);
    await must(minibase.url, 'DELETE', `/v1/users/${login.user.id}`, { token: stage.app.secretKey });
    const second = () => Math.floor(Date.now() / 1_000);
    const before = second();
    // WeChat's events are told apart by the second in which they happened.
    await until('the next second', () => second() > before);
    await dialog(stage, 'ming');
    await until('the push grants again', async () => String(await stage.counts(login)) === '1,0,0');
    expect(await stage.ended(id)).toMatchObject({ status: 'sent' });
    expect(await stage.counts(login)).toEqual([1, 0, 0]);
  });

  /** The person says yes; the platform pushes it. */
  const dialog = (stage: Sending, user: string) =>
    sandbox<{ results: Record<string, string> }>(minibase, 'consent', {
      ...{ platform: 'wechat', platformAppId: stage.platformAppId, user },
      ...{ templateIds: [stage.stock.templateId], answer: 'accept' },
    });
  const accounts = async ({ app }: Sending) => {
    const asking = { token: app.secretKey };
    return (await must<{ data: { mode: string }[] }>(minibase.url, 'GET', '/v1/message-accounts', asking)).data;
  };
});
