import type { BroadcastView } from '../../notifications/broadcasts.schemas.js';
import type { NotificationView } from '../../notifications/notifications.schemas.js';
import type { MessageTemplateView } from '../../notifications/templates.schemas.js';
import type { PlatformCode } from '../../platforms/platform.js';
import type { Person, Program, Stage } from './stage.js';

/** A message template of the app, as a mini-program's platform has it. */
export interface Form {
  readonly program: Program;
  readonly key: string;
  /** The platform's own id of the template. */
  readonly templateId: string;
  readonly data: Readonly<Record<string, string | number>>;
}

/** What the platform's console shows of a template; see `POST /_/accounts` of the sandbox. */
interface ShownTemplate {
  readonly templateId: string;
  readonly kind: 'one_time' | 'long_term';
  readonly fields: readonly { readonly name: string; readonly example: string }[];
}

/** The call that sends a message, by which faults know it. */
const SENDS: Readonly<Record<PlatformCode, string>> = {
  wechat: '/cgi-bin/message/subscribe/send',
  alipay: 'alipay.open.app.mini.templatemessage.send',
  douyin: '/api/notification/v2/subscription/notify_user/',
};

/** A template of the app that its platform knows; one is made where there is none. */
export async function formOn(stage: Stage, platforms: readonly PlatformCode[]): Promise<Form> {
  const [program] = await stage.programs(platforms);
  const { platform, platformAppId } = program;
  const shown = await stage.sandbox<{ templates: ShownTemplate[] }>('accounts', {
    ...{ platform, platformAppId, kind: 'program' },
  });
  const path = `/v1/message-templates?platform=${platform}&limit=100`;
  const { data } = await stage.ask<{ data: MessageTemplateView[] }>(path);
  const forms = data.flatMap(({ key, variables, platforms: mapped }) => {
    const mapping = mapped[platform];
    const templateId = mapping?.accounts?.[platformAppId]?.templateId ?? mapping?.templateId;
    const known = shown.templates.find((one) => one.templateId === templateId);
    return known ? [{ key, templateId: known.templateId, kind: known.kind, data: examplesOf(variables) }] : [];
  });
  // The newest is listed first; the first one made is the one that the developer works with.
  const form = forms.findLast((one) => one.kind === 'one_time') ?? forms.at(-1);
  return form ? { program, ...form } : makeForm(stage, program, shown.templates.find(isOneTime)!);
}

const isOneTime = ({ kind }: ShownTemplate): boolean => kind === 'one_time';

const examplesOf = (variables: MessageTemplateView['variables']): Form['data'] =>
  Object.fromEntries(variables.map(({ name, example }) => [name, example]));

async function makeForm(stage: Stage, program: Program, { templateId, kind, fields }: ShownTemplate): Promise<Form> {
  const { platform, platformAppId } = program;
  const key = `trigger.${platformAppId.toLowerCase()}`;
  const texts = Object.fromEntries(fields.map(({ name, example }) => [name, example]));
  const mapping = { templateId, kind, fields: texts, page: 'pages/index' };
  await stage.ask('/v1/message-templates', { body: { key, platforms: { [platform]: mapping } } });
  stage.say(`Your server makes the message template ${key}`);
  return { program, key, templateId, data: {} };
}

/** The person says yes in the dialog, and the mini-program reports it. */
export async function agree(stage: Stage, { program, templateId }: Form, person: Person): Promise<void> {
  const { platform, platformAppId } = program;
  const dialog = { platform, platformAppId, user: person.name, templateIds: [templateId], answer: 'accept' };
  const { results } = await stage.sandbox<{ results: object }>('consent', dialog);
  await stage.ask('/v1/me/message-consents', { token: person.accessToken, body: { platform, platformAppId, results } });
  stage.say(`${person.name} agrees to be written to`);
}

/** The person switches such messages off in the settings, which only WeChat tells. */
export async function switchOff(stage: Stage, { program, templateId }: Form, { name }: Person): Promise<void> {
  const { platform, platformAppId } = program;
  const settings = { platform, platformAppId, user: name, templateIds: [templateId], answer: 'reject', settings: true };
  await stage.sandbox('consent', settings);
  stage.say(`${name} switches these messages off in the settings`);
}

/** Somebody who has agreed. */
export async function agreed(stage: Stage, form: Form): Promise<Person> {
  const person = await stage.person(form.program);
  await agree(stage, form, person);
  return person;
}

/** The developer's server writes to the person; `over`: further fields of the request. */
export async function write(stage: Stage, form: Form, { user, name }: Person, over: object = {}) {
  const { program, key: template, data } = form;
  const { platform, platformAppId } = program;
  const body = { to: { userId: user.id }, template, data, platform, platformAppId, ...over };
  const notification = await stage.ask<NotificationView>('/v1/notifications', { body });
  stage.say(`Your server writes to ${name} (${template}): ${notification.id}`);
  return notification;
}

/** The developer's server writes to all who have agreed in this mini-program. */
export async function writeToAll(stage: Stage, form: Form, over: object = {}): Promise<BroadcastView> {
  const { program, key: template, data } = form;
  const { platform, platformAppId } = program;
  const body = { template, data, filter: { platform, platformAppId }, ...over };
  const broadcast = await stage.ask<BroadcastView>('/v1/broadcasts', { body });
  stage.say(`Your server writes to all who have agreed (${template}): ${broadcast.id}`);
  return broadcast;
}

/** The mini-program's next message goes wrong at the platform. */
export async function spoil(stage: Stage, { program }: Form, kind: string, over: object = {}): Promise<void> {
  const { platform, platformAppId } = program;
  const match = { platform, platformAppId, direction: 'in', path: SENDS[platform] };
  await stage.sandbox('faults', { match, kind, ...over });
}
