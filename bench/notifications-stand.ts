import { NOTIFICATION_SCHEMA } from './bare/notifications-schema.js';
import { once } from './load.js';
import { logIn, newPeople } from './people.js';
import type { Side, Stand } from './stand.js';

/** Somebody who gets messages, as the side knows him. */
export interface Recipient {
  readonly name: string;
  readonly userId: string;
  readonly openid: string;
}

/** One side with a template and people who may get messages. */
export interface Notifying {
  readonly side: Side;
  readonly accountId: string;
  /** `tpl_…`, and the platform's own id. */
  readonly templateId: string;
  readonly platformTemplateId: string;
  readonly recipients: readonly Recipient[];
  /** Nothing is sent until it is started. */
  readonly pause: () => Promise<unknown>;
  /** Has all sent that is due; may resolve before it is. */
  readonly start: () => Promise<unknown>;
}

export interface NotificationStand {
  readonly ours: Notifying;
  readonly bare: Notifying;
  readonly sandboxUrl: string;
}

/** As the sandbox's console shows it. */
interface Program {
  readonly templates: readonly {
    readonly templateId: string;
    readonly kind: 'one_time' | 'long_term';
    readonly fields: readonly { readonly name: string; readonly example: string }[];
  }[];
}

export const KEY = 'bench.shipped';
const RECIPIENTS = 500;

export async function openNotificationStand({ ours, bare, sandboxUrl }: Stand): Promise<NotificationStand> {
  await bare.rows(NOTIFICATION_SCHEMA);
  return {
    ours: await prepareOurs(ours, sandboxUrl),
    bare: await prepareBare(bare, sandboxUrl),
    sandboxUrl,
  };
}

/** The account's first template of that kind. What became of each message is not pushed: nothing here takes it in. */
export async function templateOf(sandboxUrl: string, { platformAppId }: Side, kind: 'one_time' | 'long_term') {
  const { templates } = await once<Program>(sandboxUrl, {
    method: 'POST',
    path: '/_/accounts',
    headers: {},
    body: JSON.stringify({ platform: 'wechat', kind: 'program', platformAppId, push: { sent: false } }),
  });
  const template = templates.find((one) => one.kind === kind);
  if (!template) throw new Error(`the sandbox has no ${kind} template`);
  return template;
}

/** Makes a template of our own for one of the platform's: its fields are variables of the same names. */
export async function createTemplate(side: Side, key: string, template: Program['templates'][number], kind: string) {
  const variables = template.fields.map(({ name, example }) => ({ name, type: 'text', example }));
  const fields = Object.fromEntries(template.fields.map(({ name }) => [name, `{{${name}}}`]));
  const platforms = { wechat: { templateId: template.templateId, kind, fields } };
  return once<{ id: string }>(side.url, {
    method: 'POST',
    path: '/v1/message-templates',
    headers: headersOf(side),
    body: JSON.stringify({ key, variables, platforms }),
  });
}

/** With the secret key. */
export const post = <Answer>(side: Side, path: string, body: object): Promise<Answer> =>
  once<Answer>(side.url, { method: 'POST', path, headers: headersOf(side), body: JSON.stringify(body) });

export const headersOf = ({ secretKey }: Side) => ({
  authorization: `Bearer ${secretKey}`,
  'content-type': 'application/json',
});

export const examplesOf = (template: Program['templates'][number]): Record<string, string> =>
  Object.fromEntries(template.fields.map(({ name, example }) => [name, example]));

async function prepareOurs(side: Side, sandboxUrl: string): Promise<Notifying> {
  const template = await templateOf(sandboxUrl, side, 'one_time');
  const { id: templateId } = await createTemplate(side, KEY, template, 'one_time');
  const headers = headersOf(side);
  const accountId = await accountOf(side);
  const path = `/v1/message-accounts/${accountId}`;
  await once(side.url, { method: 'PATCH', path, headers, body: JSON.stringify({ rateLimit: 10_000 }) });
  return {
    ...{ side, accountId, templateId, platformTemplateId: template.templateId },
    recipients: await recipientsOf(sandboxUrl, side),
    pause: () =>
      side.rows(
        `update message_accounts set paused_until = now() + interval '1 day' where app_id = $1 and account_id = $2`,
        [side.appId, accountId],
      ),
    // The API wakes the lane.
    start: () => once(side.url, { method: 'POST', path: `${path}/resume`, headers, body: '{}' }),
  };
}

export async function accountOf(side: Side): Promise<string> {
  const [row] = await side.rows<{ id: string }>(
    'select id from platform_accounts where app_id = $1 and platform_app_id = $2',
    [side.appId, side.platformAppId],
  );
  return row!.id;
}

async function prepareBare(side: Side, sandboxUrl: string): Promise<Notifying> {
  const template = await templateOf(sandboxUrl, side, 'one_time');
  const templateId = `tpl_${'0'.repeat(32)}`;
  await side.rows(
    `insert into message_templates (app_id, id, key, name, time_zone, variables, platforms)
     values ($1, $2, $3, '', 'Asia/Shanghai', '[]', '{}')`,
    [side.appId, templateId, KEY],
  );
  return {
    ...{ side, accountId: 'pac_bare', templateId, platformTemplateId: template.templateId },
    recipients: await recipientsOf(sandboxUrl, side),
    pause: async () => undefined,
    start: () => side.process.ask({ notify: { templateId, templateKey: KEY } }),
  };
}

async function recipientsOf(sandboxUrl: string, side: Side): Promise<Recipient[]> {
  const people = newPeople(RECIPIENTS);
  const entered = await logIn(sandboxUrl, side, people);
  return entered.map(({ user, identity }, place) => ({
    name: people[place]!.name,
    userId: user.id,
    openid: identity.openid,
  }));
}
