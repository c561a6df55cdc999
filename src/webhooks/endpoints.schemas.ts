import { z } from 'zod';
import { pageOf } from '../common/pagination.js';
import { EVENT_TYPES, type EventType } from '../events/event-types.js';
import { CustomHeaders } from './custom-headers.js';
import { ENDPOINT_STATUSES } from './endpoint.js';
import { SIGNATURES } from './signature.js';

const types = ['*', ...(Object.keys(EVENT_TYPES) as EventType[])] as const;

const url = z.string().min(1).max(2_000).meta({
  description: 'https; plain http only to addresses that WEBHOOK_ALLOW lists. Public addresses only.',
  example: 'https://shop.example/webhooks',
});
const description = z.string().trim().max(200);
const events = z
  .array(z.enum(types))
  .min(1)
  .max(100)
  .meta({ description: 'Types of events to send; `*` is every type, also those that come later.' });
const rateLimit = z.int().min(1).max(1_000).nullable().meta({
  description: 'Deliveries per second at most; null: as fast as the endpoint answers.',
});
const headers = CustomHeaders.meta({
  description: 'Sent with each delivery, e.g. `Authorization`. Write-only: answers show fingerprints.',
});
const ordered = z.boolean().meta({
  description:
    "Whether the events of one stream (a payment, a user) are sent strictly one after another: the next one when the one before was delivered or is dead. Other streams go on meanwhile. Can't be changed later.",
});
const signature = z.enum(SIGNATURES).meta({
  description: "`v1`: HMAC-SHA256 with a shared secret. `v1a`: ed25519 with a key pair. Can't be changed later.",
});

export const CreateWebhookEndpoint = z
  .strictObject({
    url,
    events: events.default(['*']),
    description: description.default(''),
    ordered: ordered.default(false),
    signature: signature.default('v1'),
    rateLimit: rateLimit.default(null),
    headers: headers.default({}),
  })
  .meta({ id: 'CreateWebhookEndpoint' });
export type CreateWebhookEndpoint = z.infer<typeof CreateWebhookEndpoint>;

export const UpdateWebhookEndpoint = z
  .strictObject({
    url,
    events,
    description,
    rateLimit,
    headers: headers.meta({ description: 'Replaces what was there; `{}` takes all away.' }),
    status: z.enum(ENDPOINT_STATUSES).meta({
      description:
        '`paused`: deliveries wait. `disabled`: none are made, and those that wait become `dead`; see recover.',
    }),
  })
  .partial()
  .meta({ id: 'UpdateWebhookEndpoint' });
export type UpdateWebhookEndpoint = z.infer<typeof UpdateWebhookEndpoint>;

export const RecoverWebhookEndpoint = z
  .strictObject({
    since: z.iso.datetime({ offset: true }).meta({ description: 'Events from then on.' }),
    missing: z.boolean().default(false).meta({
      description: 'Also events that were never meant for it: from before it was made or while it was disabled.',
    }),
  })
  .meta({ id: 'RecoverWebhookEndpoint' });
export type RecoverWebhookEndpoint = z.infer<typeof RecoverWebhookEndpoint>;

export const WebhookEndpointView = z
  .object({
    id: z.string(),
    url: z.string(),
    description: z.string(),
    events: z.array(z.string()),
    ordered: z.boolean(),
    signature: z.enum(SIGNATURES),
    publicKey: z.string().nullable().meta({ description: '`whpk_…`: verifies `v1a` signatures.' }),
    previousSecretUntil: z.iso.datetime().nullable().meta({
      description: 'Until then deliveries also carry a signature by the secret before the last rotation.',
    }),
    headers: z.record(z.string(), z.string()).meta({ description: 'Names, and fingerprints of the values.' }),
    rateLimit: z.int().nullable(),
    status: z.enum(ENDPOINT_STATUSES),
    disabledReason: z.enum(['gone', 'failing']).nullable().meta({
      description: '`gone`: it answered 410. `failing`: only failures for five days. null: not disabled by Minibase.',
    }),
    failingSince: z.iso.datetime().nullable().meta({ description: 'The first failure after the last success.' }),
    pausedUntil: z.iso.datetime().nullable().meta({ description: 'After repeated failures: the next try.' }),
    recoveringSince: z.iso.datetime().nullable().meta({ description: 'While a recovery is running: from when on.' }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'WebhookEndpoint' });
export type WebhookEndpointView = z.infer<typeof WebhookEndpointView>;
export const WebhookEndpointPage = pageOf(WebhookEndpointView).meta({ id: 'WebhookEndpointPage' });

export const NewWebhookEndpointView = WebhookEndpointView.extend({
  secret: z.string().optional().meta({ description: '`whsec_…`, this once; `v1` only.' }),
}).meta({ id: 'NewWebhookEndpoint' });
export type NewWebhookEndpointView = z.infer<typeof NewWebhookEndpointView>;

export const WebhookTestView = z
  .object({
    eventId: z.string(),
    deliveryId: z.string().meta({ description: 'Look there for what became of it; 404 for the first moments.' }),
  })
  .meta({ id: 'WebhookTest' });
export type WebhookTestView = z.infer<typeof WebhookTestView>;
