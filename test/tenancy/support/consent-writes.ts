import { Answering, aTemplateId } from '../../notifications/support/answering.js';
import type { Minibase } from '../../support/minibase.js';
import type { Sample, Write } from './payment-writes.js';

/** What is told of consents, and set for the mini-programs that send messages; each in an app of its own. */
export function consentWrites(running: () => Minibase): Record<string, () => Promise<Sample>> {
  const ofAccount = async (method: string, action: string, body?: unknown): Promise<Write> => {
    const { app, accountId } = await Answering.open(running());
    return { method, path: `/v1/message-accounts/${accountId}${action}`, body, token: app.secretKey };
  };
  return {
    reportMyMessageConsents: async () => {
      const { login, templateId } = await Answering.open(running());
      const token = login.accessToken;
      const results = { [templateId]: 'accept', [aTemplateId()]: 'accept' };
      return {
        write: { method: 'POST', path: '/v1/me/message-consents', token, body: { platform: 'wechat', results } },
        otherBody: { platform: 'wechat', results: { [templateId]: 'reject' } },
      };
    },
    updateMessageAccount: async () => ({
      write: await ofAccount('PATCH', '', { rateLimit: 50 }),
      otherBody: { rateLimit: null },
    }),
    resumeMessageAccount: async () => ({ write: await ofAccount('POST', '/resume') }),
  };
}
