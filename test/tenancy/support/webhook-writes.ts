import { randomUUID } from 'node:crypto';
import { until } from '../../queues/support/until.js';
import { anApp, must, type TestApp } from '../../support/client.js';
import { eventsOf } from '../../support/events.js';
import type { Minibase } from '../../support/minibase.js';
import type { Sample, Write } from './payment-writes.js';

const idOf = ({ id }: Record<string, unknown>): unknown => id;
const idsOf = ({ data }: Record<string, unknown>): unknown => (data as { id: string }[]).map(({ id }) => id);

/** Endpoints and what is sent there again; in an app of their own, where nothing happens but tests of endpoints. */
export function webhookWrites(running: () => Minibase): Record<string, () => Promise<Sample>> {
  let opened: Promise<TestApp> | undefined;
  const token = async (): Promise<string> => (await (opened ??= anApp(running(), []))).secretKey;
  const server = async (method: string, path: string, body?: unknown): Promise<Write> => ({
    method,
    path,
    body,
    token: await token(),
  });
  const post = async (path: string, body?: unknown) =>
    must<Record<string, string>>(running().url, 'POST', path, await server('POST', path, body));
  // Nobody listens there, and nothing but a test is ever sent.
  const aBody = (description = '') => ({
    url: `http://127.0.0.1:9/${randomUUID()}`,
    events: ['webhook.test'],
    description,
  });
  const anEndpoint = async () => (await post('/v1/webhook-endpoints', aBody()))['id']!;

  /** An event that can be read, and the endpoint that it went to. */
  async function aTest(): Promise<{ endpointId: string; eventId: string }> {
    const endpointId = await anEndpoint();
    const { eventId } = await post(`/v1/webhook-endpoints/${endpointId}/test`);
    const secretKey = await token();
    await until('the test', async () => (await eventsOf(running(), secretKey)).some(({ id }) => id === eventId));
    return { endpointId, eventId: eventId! };
  }

  return {
    createWebhookEndpoint: async () => ({
      write: await server('POST', '/v1/webhook-endpoints', aBody('First')),
      otherBody: aBody('Other'),
    }),
    updateWebhookEndpoint: async () => ({
      write: await server('PATCH', `/v1/webhook-endpoints/${await anEndpoint()}`, { description: 'Renamed' }),
      otherBody: { description: 'Renamed otherwise' },
    }),
    deleteWebhookEndpoint: async () => ({
      write: await server('DELETE', `/v1/webhook-endpoints/${await anEndpoint()}`),
    }),
    rotateWebhookSecret: async () => ({
      write: await server('POST', `/v1/webhook-endpoints/${await anEndpoint()}/rotate-secret`),
    }),
    recoverWebhookEndpoint: async () => ({
      write: await server('POST', `/v1/webhook-endpoints/${await anEndpoint()}/recover`, {
        since: '2026-11-20T08:00:00Z',
      }),
      otherBody: { since: '2026-11-20T09:00:00Z' },
      lasting: idOf,
    }),
    redeliverEvent: async () => {
      const { endpointId, eventId } = await aTest();
      return {
        write: await server('POST', `/v1/events/${eventId}/redeliver`, { endpointId }),
        otherBody: {},
        lasting: idsOf,
      };
    },
    testWebhookEndpoint: async () => ({
      write: await server('POST', `/v1/webhook-endpoints/${await anEndpoint()}/test`),
    }),
  };
}
