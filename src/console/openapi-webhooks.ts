import type { OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { payloadOf } from '../events/event-data.js';
import { EVENT_TYPES, type EventType } from '../events/event-types.js';

type Webhooks = NonNullable<OpenAPIObject['webhooks']>;

const HEADERS = [
  { name: 'webhook-id', description: "The event's id: the same however often it is sent, so drop what you have seen." },
  { name: 'webhook-timestamp', description: 'Unix seconds of this attempt; refuse what is older than five minutes.' },
  {
    name: 'webhook-signature',
    description:
      '`v1,` and the base64 HMAC-SHA256 of `<id>.<timestamp>.<body>` by the secret (or `v1a,` and an ed25519 signature); several with spaces between them while a secret is being rotated.',
  },
].map((header) => ({ ...header, in: 'header', required: true, schema: { type: 'string' } }));

/** What Minibase sends to webhook endpoints, one entry per type of event. */
export const webhooksOf = (): Webhooks =>
  Object.fromEntries(
    (Object.keys(EVENT_TYPES) as EventType[]).map((type) => [
      type,
      {
        post: {
          operationId: `on.${type}`,
          tags: ['Webhooks'],
          summary: EVENT_TYPES[type],
          parameters: HEADERS,
          requestBody: { required: true, content: { 'application/json': { schema: schemaOf(type) } } },
          responses: {
            '2XX': { description: 'Received. Answer within 15 s, and do the work afterwards.' },
            '410': { description: 'Nobody wants this any more: the endpoint is disabled.' },
            default: { description: 'Not received: it is sent again, ten times in about three days.' },
          },
        },
      },
    ]),
  ) as Webhooks;

function schemaOf(type: EventType): object {
  const { $schema: _, ...schema } = z.toJSONSchema(payloadOf(type));
  return schema;
}
