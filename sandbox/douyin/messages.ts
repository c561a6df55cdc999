import { setTimeout as wait } from 'node:timers/promises';
import type { Account } from '../core/accounts.js';
import { jsonFields, text } from '../core/body.js';
import type { Answer, Call, Route, World } from '../core/platform.js';
import { answering, DouyinError, success } from './answers.js';
import type { AppTokens } from './app-tokens.js';
import { CREATED, kindOf, type Template, type Templates } from './templates.js';

export const SUBSCRIPTION_PATH = '/api/notification/v2/subscription/';

/** 1,000 in a second, and a quota of each template that is not published. */
export const SEND_LIMIT = { perSecond: 1_000, perDay: null };

type Fields = Readonly<Record<string, unknown>>;

/** Subscribe messages, open.douyin.com. */
export class Messages {
  constructor(
    private readonly world: World,
    private readonly tokens: AppTokens,
    private readonly templates: Templates,
  ) {}

  readonly routes: readonly Route[] = [
    { methods: ['POST'], path: `${SUBSCRIPTION_PATH}notify_user/`, handle: (call) => this.#notify(call) },
    this.#route('POST', 'query_user_subscribe', (account, body) => this.#state(account, body)),
    this.#route('GET', 'query_app_tpl', (account) => listed(this.templates.list(account).map(shown))),
    this.#route('GET', 'query_created_tpl_list', () => listed(CREATED.map(created))),
    this.#route('POST', 'add_app_tpl', (account, body) => this.#add(account, body)),
    this.#route('POST', 'delete_app_tpl', (account, body) => {
      this.templates.remove(account, this.#template(account, body).msgId);
      return {};
    }),
  ];

  #route(method: 'GET' | 'POST', name: string, run: (account: Account, body: Fields) => object): Route {
    const handle = answering('open', (call) =>
      success('open', run(this.tokens.accountOf(call), jsonFields(call.body))),
    );
    return { methods: [method], path: `${SUBSCRIPTION_PATH}${name}/`, handle };
  }

  async #notify(call: Call): Promise<Answer> {
    let latency = 0;
    const answer = answering('open', (one) => {
      const account = this.tokens.accountOf(one);
      latency = this.world.sendLimits.latency(account);
      this.#send(account, jsonFields(one.body));
      return success('open', undefined);
    })(call);
    if (latency > 0) await wait(latency);
    return answer;
  }

  #send(account: Account, body: Fields): void {
    if (this.world.sendLimits.take(account, SEND_LIMIT)) throw new DouyinError(28006003);
    const openid = text(body.open_id);
    if (openid === undefined) throw bad('open_id');
    const template = this.#template(account, body);
    const data = valuesOf(template, body.data);
    const { page, notify_type: types } = body;
    if (page !== undefined && !(typeof page === 'string' && /^[^\s/][^\s]{0,1023}$/.test(page))) throw bad('page');
    if (types !== undefined && !(Array.isArray(types) && types.every((one) => one === 1 || one === 2)))
      throw bad('notify_type');
    const { msgId: templateId, title } = template;
    const consent = this.world.consents.get(account, { openid, templateId });
    if (!consent || !this.world.consents.take(account, consent, kindOf(template))) throw new DouyinError(28014043);
    this.world.inbox.deliver(account, {
      ...{ user: consent.user, openid, templateId, title, data },
      page: text(page) ?? null,
    });
  }

  #state(account: Account, body: Fields): object {
    const openid = text(body.open_id);
    if (openid === undefined) throw bad('open_id');
    const { msgId: templateId } = this.#template(account, body);
    const consent = this.world.consents.get(account, { openid, templateId });
    const isOpen = consent !== undefined && (consent.left > 0 || consent.subscribed);
    return { subscribe_status: isOpen, user_allow_notification: consent?.kept !== 'reject' };
  }

  #add(account: Account, { template_id: id, keyword_list: keywords }: Fields): object {
    const from = CREATED.find(({ templateId }) => templateId === String(id));
    if (!from) throw bad('template_id');
    const names = Array.isArray(keywords) ? keywords.map(String) : [];
    if (names.length === 0 || !names.every((name) => Object.hasOwn(from.keywords, name))) throw bad('keyword_list');
    return { msg_id: this.templates.add(account, from, names).msgId };
  }

  #template(account: Account, body: Fields): Template {
    const template = this.templates.find(account, text(body.msg_id) ?? '');
    if (!template) throw bad('msg_id');
    return template;
  }
}

/** One text for each keyword of the template, no more and no less. Throws DouyinError. */
function valuesOf({ keywords }: Template, data: unknown): Record<string, string> {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw bad('data');
  const given = data as Fields;
  const names = Object.keys(given);
  const other = names.find((name) => !Object.hasOwn(keywords, name));
  if (other !== undefined) throw bad(`data.${other}`);
  for (const name of Object.keys(keywords)) if (text(given[name]) === undefined) throw bad(`data.${name}`);
  return given as Record<string, string>;
}

const bad = (field: string): DouyinError => new DouyinError(28001038, field);

/** The shape of these lists is not published. */
const listed = (templates: readonly object[]): object => ({
  template_list: templates,
  total_count: templates.length,
});

const shown = ({ msgId, title, classification, keywords }: Template): object => ({
  msg_id: msgId,
  title,
  classification,
  keyword_list: Object.keys(keywords),
});

const created = ({ templateId, title, classification, keywords }: (typeof CREATED)[number]): object => ({
  template_id: templateId,
  title,
  classification,
  keyword_list: Object.keys(keywords),
});
