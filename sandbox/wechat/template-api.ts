import type { Account } from '../core/accounts.js';
import { jsonFields, text } from '../core/body.js';
import type { Answer, Call, Route } from '../core/platform.js';
import type { AccessTokens } from './access-tokens.js';
import { answering, ok, WechatError } from './answers.js';
import { CATEGORIES, PUBLIC_TEMPLATES } from './public-templates.js';
import type { Template, Templates } from './templates.js';

type Handle = (account: Account, call: Call) => Answer;

/** The management of templates, `/wxaapi/newtmpl/`. */
export function templateRoutes(tokens: AccessTokens, templates: Templates): readonly Route[] {
  const route = (method: 'GET' | 'POST', name: string, handle: Handle): Route => ({
    methods: ['GET', 'POST'],
    path: `/wxaapi/newtmpl/${name}`,
    handle: answering((call) => {
      if (call.method !== method) throw new WechatError(method === 'GET' ? 43001 : 43002);
      return handle(tokens.accountOf(call), call);
    }),
  });

  const add: Handle = (account, { body }) => {
    const { tid, kidList, sceneDesc } = jsonFields(body);
    const from = PUBLIC_TEMPLATES.find((one) => String(one.tid) === String(tid));
    if (!from) throw new WechatError(200014);
    const kids = Array.isArray(kidList) ? kidList.map(Number) : [];
    const keywords = kids.flatMap((kid) => from.keywords.filter((one) => one.kid === kid));
    const isGood = kids.length >= 2 && kids.length <= 5 && new Set(kids).size === kids.length;
    if (!isGood || keywords.length < kids.length) throw new WechatError(200020);
    if (sceneDesc !== undefined && !isDescription(sceneDesc)) throw new WechatError(200021);
    const template = templates.add(account, from, keywords);
    if (!template) throw new WechatError(200012);
    return ok({ priTmplId: template.priTmplId });
  };

  const remove: Handle = (account, { body }) => {
    const id = text(jsonFields(body).priTmplId);
    if (id === undefined || !templates.find(account, id)) throw new WechatError(40037);
    templates.remove(account, id);
    return ok();
  };

  return [
    route('GET', 'getcategory', () => ok({ data: CATEGORIES })),
    route('GET', 'getpubtemplatetitles', (_account, { query }) => titles(query)),
    route('GET', 'getpubtemplatekeywords', (_account, { query }) => keywordsOf(query.tid)),
    route('POST', 'addtemplate', add),
    route('POST', 'deltemplate', remove),
    route('GET', 'gettemplate', (account) => ok({ data: templates.list(account).map(view) })),
  ];
}

function titles({ ids = '', start = '0', limit = '30' }: Readonly<Record<string, string>>): Answer {
  const categories = ids.split(',').map(Number);
  const [from, count] = [Number(start), Number(limit)];
  if (!(from >= 0) || !(count >= 1 && count <= 30)) throw new WechatError(40097);
  const found = PUBLIC_TEMPLATES.filter(({ categoryId }) => categories.includes(categoryId));
  const data = found.slice(from, from + count).map(({ tid, title, type, categoryId }) => ({
    ...{ tid, title, type, categoryId: String(categoryId) },
  }));
  return ok({ count: found.length, data });
}

function keywordsOf(tid: string | undefined): Answer {
  const from = PUBLIC_TEMPLATES.find((one) => String(one.tid) === tid);
  if (!from) throw new WechatError(200014);
  return ok({ count: from.keywords.length, data: from.keywords });
}

const isDescription = (value: unknown): boolean => typeof value === 'string' && [...value].length <= 15;

const view = ({ priTmplId, title, type, fields }: Template): object => ({
  priTmplId,
  title,
  content: fields.map(({ name, label }) => `${label}:{{${name}.DATA}}\n`).join(''),
  example: fields.map(({ label, example }) => `${label}:${example}\n`).join(''),
  type,
});
