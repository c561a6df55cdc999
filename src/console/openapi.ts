import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { stringify } from 'yaml';
import { ID_PREFIXES, type IdKind } from '../common/ids.js';
import { VERSION } from '../common/version.js';
import { webhooksOf } from './openapi-webhooks.js';

const PROBLEM = {
  type: 'object',
  description: 'RFC 9457. `code` is stable; `detail` says what happened here and what to do.',
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
    requestId: { type: 'string', description: 'Name it when you ask for help; it is in the log.' },
    platformCode: { type: 'string', description: "The platform's own code." },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

/** The API document, as the code has it. `server` is where the console sends what is tried out. */
export function openApiOf(app: INestApplication, server = 'http://localhost:3000'): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Minibase')
    .setDescription('Login, payments, messages and webhooks for mini-programs, the same on every platform.')
    .setVersion(VERSION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer(server)
    .addBearerAuth({ type: 'http', bearerFormat: 'JWT', description: "A user's access token, from the login." }, 'user')
    .addBearerAuth({ type: 'http', description: 'A secret key of the app: `mb_test_…` or `mb_live_…`.' }, 'secretKey')
    .addBearerAuth({ type: 'http', description: 'The token of whoever runs this server.' }, 'operator')
    .addApiKey(
      { type: 'apiKey', in: 'header', name: 'X-App-Id', description: 'The app; enough for a login.' },
      'appId',
    );
  for (const [name, description] of Object.entries(TAGS)) builder.addTag(name, description);
  const document = SwaggerModule.createDocument(app, builder.build());
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: PROBLEM },
  };
  document.webhooks = webhooksOf();
  describePathParameters(document);
  return document;
}

/** The groups of operations, by who calls them. */
const TAGS: Readonly<Record<string, string>> = {
  Login: 'How a mini-program gets tokens.',
  Me: 'What a user may do with its own things.',
  'My payments': 'How a user pays, from the front end.',
  'My subscriptions': 'How a user subscribes, and what it gives.',
  Apps: 'Apps and their secret keys: for whoever runs this server.',
  'Platform accounts': 'The mini-programs of an app.',
  'Merchant accounts': 'The payment contracts of an app: who is paid.',
  Users: 'The users of an app.',
  Catalog: 'What is sold, and for how much.',
  Payments: 'Money that users are asked for.',
  Refunds: 'Money that goes back.',
  Subscriptions: 'What is paid every period: subscriptions and their invoices.',
  Mandates: 'What users have signed: permissions to be debited.',
  Entitlements: 'What users may use, and why.',
  Ledger: 'The books: each movement of money as a debit and a credit.',
  'Message templates': 'Forms of messages, mapped to each platform.',
  'Message consents': 'What users let be sent to them, counted.',
  Notifications: 'Messages to users, one by one or to many.',
  Broadcasts: 'Messages to everybody who has agreed.',
  'Message accounts': 'The mini-programs as senders of messages: pace and pauses.',
  Callbacks: 'What platforms have told, and what of it did not fit.',
  Events: 'What happened, in order.',
  Webhooks: 'What happened, sent to your server.',
  'Test clock': 'The business time of test apps.',
  Server: 'About this server.',
};

/** Whose id follows a part of a path: `/v1/users/{id}`. */
const NOUNS: Readonly<Record<string, { kind: IdKind; noun: string; hasKey?: true }>> = {
  apps: { kind: 'app', noun: 'app' },
  keys: { kind: 'apiKey', noun: 'secret key' },
  'platform-accounts': { kind: 'platformAccount', noun: 'platform account' },
  'merchant-accounts': { kind: 'merchantAccount', noun: 'merchant account' },
  products: { kind: 'product', noun: 'product' },
  prices: { kind: 'price', noun: 'price' },
  payments: { kind: 'payment', noun: 'payment' },
  refunds: { kind: 'refund', noun: 'refund' },
  subscriptions: { kind: 'subscription', noun: 'subscription' },
  invoices: { kind: 'invoice', noun: 'invoice' },
  mandates: { kind: 'mandate', noun: 'mandate' },
  grants: { kind: 'grant', noun: 'grant' },
  callbacks: { kind: 'callback', noun: 'callback' },
  events: { kind: 'event', noun: 'event' },
  'webhook-endpoints': { kind: 'webhookEndpoint', noun: 'webhook endpoint' },
  'webhook-deliveries': { kind: 'webhookDelivery', noun: 'delivery' },
  'message-templates': { kind: 'messageTemplate', noun: 'message template', hasKey: true },
  'message-accounts': { kind: 'platformAccount', noun: 'platform account' },
  notifications: { kind: 'notification', noun: 'notification' },
  broadcasts: { kind: 'broadcast', noun: 'broadcast' },
  users: { kind: 'user', noun: 'user' },
  identities: { kind: 'identity', noun: 'identity' },
  sessions: { kind: 'session', noun: 'session' },
};

/** Ids in paths are checked by looking them up; here stands what they look like. */
function describePathParameters({ paths }: OpenAPIObject): void {
  for (const [path, item] of Object.entries(paths)) {
    for (const [, segment = '', name] of path.matchAll(/([^/]+)\/\{([^}]+)\}/g)) {
      const known = NOUNS[segment];
      if (!known) continue;
      const prefix = ID_PREFIXES[known.kind];
      const pattern = `${prefix}_[0-9a-f]{32}`;
      const described = {
        description: known.hasKey ? `The id or the key of the ${known.noun}.` : `The id of the ${known.noun}.`,
        schema: { type: 'string', pattern: known.hasKey ? `^(${pattern}|[a-z][a-z0-9._-]{0,63})$` : `^${pattern}$` },
        example: `${prefix}_019a6b0c4d5e7f00a1b2c3d4e5f60718`,
      };
      for (const parameter of parametersOf(item)) {
        if (parameter.in === 'path' && parameter.name === name) Object.assign(parameter, described);
      }
    }
  }
}

const parametersOf = (item: OpenAPIObject['paths'][string]) =>
  [item.get, item.post, item.patch, item.put, item.delete]
    .flatMap((operation) => operation?.parameters ?? [])
    .filter((parameter) => 'in' in parameter);

/** The document as `openapi.yaml` holds it. */
export const toYaml = (document: OpenAPIObject): string =>
  stringify(JSON.parse(JSON.stringify(document)), { lineWidth: 120, aliasDuplicateObjects: false });
