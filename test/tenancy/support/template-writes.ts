import { randomUUID } from 'node:crypto';
import { anApp, must, type TestApp } from '../../support/client.js';
import type { Minibase } from '../../support/minibase.js';
import type { Sample, Write } from './payment-writes.js';

/** Message templates, in an app of their own with a mini-program on WeChat. */
export function templateWrites(running: () => Minibase): Record<string, () => Promise<Sample>> {
  let opened: Promise<TestApp> | undefined;
  const path = '/v1/message-templates';
  const server = async (method: string, under = '', body?: unknown): Promise<Write> => {
    const { secretKey: token } = await (opened ??= anApp(running(), ['wechat']));
    return { method, path: path + under, body, token };
  };
  const aBody = () => ({
    key: `order.${randomUUID()}`,
    variables: [{ name: 'item', type: 'text', example: 'Coffee' }],
    platforms: { wechat: { templateId: 'x'.repeat(43), fields: { thing1: '{{item}}' } } },
  });
  const aTemplate = async () =>
    (await must<{ key: string }>(running().url, 'POST', path, await server('POST', '', aBody()))).key;

  return {
    createMessageTemplate: async () => ({ write: await server('POST', '', aBody()), otherBody: aBody() }),
    updateMessageTemplate: async () => ({
      write: await server('PATCH', `/${await aTemplate()}`, { name: 'Renamed' }),
      otherBody: { name: 'Renamed otherwise' },
    }),
    deleteMessageTemplate: async () => ({ write: await server('DELETE', `/${await aTemplate()}`) }),
    importMessageTemplates: async () => ({
      write: await server('POST', '/import', { platform: 'wechat' }),
      otherBody: { platform: 'douyin' },
    }),
  };
}
