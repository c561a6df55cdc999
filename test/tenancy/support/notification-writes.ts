import { anApp, aLogin, must, type LoggedIn, type TestApp } from '../../support/client.js';
import type { Minibase } from '../../support/minibase.js';
import type { Sample, Write } from './payment-writes.js';

/** Long after the test: nothing of it is ever sent. */
const IN_A_WEEK = 7 * 24 * 3_600_000;

/** Messages and broadcasts that wait for their time, in an app of their own. */
export function notificationWrites(running: () => Minibase): Record<string, () => Promise<Sample>> {
  let opened: Promise<{ app: TestApp; login: LoggedIn }> | undefined;
  const open = async () => {
    const app = await anApp(running(), ['wechat']);
    const platforms = { wechat: { templateId: 'x'.repeat(43), fields: { thing1: 'Hello' } } };
    const body = { key: 'hello', platforms };
    await must(running().url, 'POST', '/v1/message-templates', { token: app.secretKey, body });
    return { app, login: await aLogin(running(), app) };
  };
  const server = async (path: string, body?: unknown): Promise<Write> => {
    const { app } = await (opened ??= open());
    return { method: 'POST', path, body, token: app.secretKey };
  };
  const later = (over: object = {}) => ({
    template: 'hello',
    sendAt: new Date(running().clock.now().getTime() + IN_A_WEEK).toISOString(),
    ...over,
  });
  const aMessage = async (over: object = {}) => {
    const { login } = await (opened ??= open());
    return later({ to: { userId: login.user.id }, ...over });
  };
  const made = async (path: string, body: object) =>
    (await must<{ id: string }>(running().url, 'POST', path, await server(path, body))).id;
  const ofBroadcast = async (action: string, ...before: string[]): Promise<Sample> => {
    const path = `/v1/broadcasts/${await made('/v1/broadcasts', later())}`;
    for (const one of before) await must(running().url, 'POST', `${path}/${one}`, await server(`${path}/${one}`));
    return { write: await server(`${path}/${action}`), lasting: ({ id }) => id };
  };

  return {
    createNotification: async () => ({
      write: await server('/v1/notifications', await aMessage()),
      otherBody: await aMessage({ page: 'pages/other' }),
    }),
    cancelNotification: async () => ({
      write: await server(`/v1/notifications/${await made('/v1/notifications', await aMessage())}/cancel`),
    }),
    createBroadcast: async () => ({
      write: await server('/v1/broadcasts', later()),
      otherBody: later({ page: 'pages/other' }),
    }),
    pauseBroadcast: () => ofBroadcast('pause'),
    resumeBroadcast: () => ofBroadcast('resume', 'pause'),
    cancelBroadcast: () => ofBroadcast('cancel'),
  };
}
