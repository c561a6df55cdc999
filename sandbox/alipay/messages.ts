import type { Account } from '../core/accounts.js';
import type { World } from '../core/platform.js';
import { idOf } from './consent.js';
import type { AlipayCredentials } from './developer-console.js';
import { AlipayError } from './errors.js';
import { type Fields, jsonFields, text } from './fields.js';
import type { Operation, OperationInput } from './methods.js';
import type { People } from './people.js';
import type { Template, Templates } from './templates.js';

/** No limit is published. */
export const SEND_LIMIT = { perSecond: null, perDay: null };

const MOST_QUERIED = 3;
const LONGEST_PAGE = 128;
const LONGEST_VALUE = 50;
const LONGEST_DATA = 2_048;

/** Subscription messages. Messages for a form or a payment (`form_id`) are not played. */
export class Messages {
  constructor(
    private readonly world: World,
    private readonly people: People,
    private readonly templates: Templates,
  ) {}

  readonly methods: Readonly<Record<string, Operation>> = {
    'alipay.open.app.mini.templatemessage.send': (input) => this.#send(input),
    'alipay.open.app.messagetemplate.subscribe.query': (input) => this.#query(input),
  };

  #send({ account, content }: OperationInput): Fields {
    if (this.world.sendLimits.take(account, SEND_LIMIT)) throw new AlipayError('isv.app-call-limited');
    const { to_open_id: openId, to_user_id: userId, form_id: formId, page } = content;
    const user = this.people.byOpenId(account.platformAppId, text(openId)) ?? this.people.byUserId(text(userId));
    if (user === undefined) throw new AlipayError('USER_ID_INVALID');
    if (text(formId) !== undefined) throw new AlipayError('FORM_ID_INVALID');
    const template = this.templates.find(account, text(content.user_template_id) ?? '');
    if (!template) throw new AlipayError('USER_TEMPLATE_ILLEGAL');
    if (text(page) === undefined) throw new AlipayError('ILLEGAL_ARGUMENT_PARAMS');
    if (String(page).length > LONGEST_PAGE) throw new AlipayError('PAGE_OVER_LIMIT');
    const data = valuesOf(template, content.data);
    const message = { openid: idOf(account, user), templateId: template.id };
    if (!this.world.consents.take(account, message, template.kind)) throw new AlipayError('MSG_UNSUBSCRIBED');
    this.world.inbox.deliver(account, { ...message, user, title: template.title, data, page: String(page) });
    return {};
  }

  #query({ account, content }: OperationInput): Fields {
    const { open_id: openId, user_id: userId, template_id_list: list } = content;
    if (Object.keys(content).length === 0) throw new AlipayError('BIZ_CONTENT_IS_NULL');
    const user = this.people.byOpenId(account.platformAppId, text(openId)) ?? this.people.byUserId(text(userId));
    if (user === undefined) throw new AlipayError('OPENID_INVALID');
    if (!Array.isArray(list) || list.length === 0) throw new AlipayError('MSG_TEMPLATE_INVALID');
    if (list.length > MOST_QUERIED) throw new AlipayError('SUBSCRIBE_TEMPLATE_OVER_LIMIT');
    const relations = list.map((id) => this.#relation(account, user, String(id)));
    return { show_component: relations.some(({ show }) => show), subscribe_relations: relations };
  }

  /** The words for kind and state are not published. */
  #relation(account: Account<AlipayCredentials>, user: string, templateId: string) {
    const template = this.templates.find(account, templateId);
    if (!template) throw new AlipayError('MSG_TEMPLATE_NOT_EXIST');
    const consent = this.world.consents.get(account, { openid: idOf(account, user), templateId });
    const isOpen = consent !== undefined && (consent.left > 0 || consent.subscribed);
    return {
      template_id: templateId,
      subscribe_type: template.kind === 'one_time' ? 'ONCE' : 'LONG_TERM',
      subscribe_state: isOpen ? 'SUBSCRIBED' : 'UNSUBSCRIBED',
      keep_state: consent?.kept !== undefined,
      show: consent?.kept === undefined,
    };
  }
}

/** One text for each keyword of the template. Throws AlipayError. */
function valuesOf({ keywords }: Template, data: unknown): Record<string, string> {
  if (text(data) === undefined) throw new AlipayError('DATA_IS_EMPTY');
  const given = String(data).length <= LONGEST_DATA ? jsonFields(String(data)) : undefined;
  if (!given) throw new AlipayError('DATA_CONTENT_FORMAT_ERROR');
  const values: Record<string, string> = {};
  for (const index of keywords.keys()) {
    const name = `keyword${index + 1}`;
    const value = text((given[name] as { value?: unknown } | null | undefined)?.value);
    if (value === undefined) throw new AlipayError('USER_TEMPLATE_LACK_KEYWORD');
    if ([...value].length > LONGEST_VALUE) throw new AlipayError('USER_KEYWORD_LENGTH_ERROR');
    values[name] = value;
  }
  if (Object.keys(given).some((name) => !(name in values))) throw new AlipayError('MESSAGE_TEMPLATE_KEYWORD_ILLEGAL');
  return values;
}
