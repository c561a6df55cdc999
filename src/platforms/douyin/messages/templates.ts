import { z } from 'zod';
import type { AccessTokens, TokenSource } from '../../access-tokens.js';
import type { PlatformTemplate } from '../../message-platform.js';
import type { PlatformAccount } from '../../platform.js';
import { repeating } from '../../repeating.js';
import { type DouyinApi, type DouyinEndpoint, OPEN_DOUYIN } from '../api.js';
import { TemplateId } from './answers.js';

const text = z.string().catch('');
/** A keyword is its own label; some lists of Douyin's have objects in the place of names. */
const Keyword = z.union([
  z.string(),
  z.object({ name: z.string() }).transform(({ name }) => name),
  z.object({ keyword: z.string() }).transform(({ keyword }) => keyword),
]);
const Keywords = z
  .preprocess(
    (list) => (typeof list === 'string' ? list.split(/[,，]/).filter(Boolean) : list),
    z.array(Keyword).max(50),
  )
  .catch([]);

/** Tolerant: no documentation shows an answer. Without an id it is no template. */
const Template = z.object({
  msg_id: TemplateId,
  title: text,
  keyword_list: Keywords,
  /** 1: one-time, 2: long-term. */
  classification: z.coerce.number().catch(1),
});
const list = z.array(z.unknown()).optional().catch(undefined);
/** The list is looked for where Douyin's other lists have it. */
const Templates = z.union([
  z.array(z.unknown()),
  z
    .object({ template_list: list, tpl_list: list, list })
    .transform(({ template_list, tpl_list, list }) => template_list ?? tpl_list ?? list ?? []),
]);

const QUERY_APP_TPL: DouyinEndpoint<unknown[]> = {
  origin: OPEN_DOUYIN,
  path: '/api/notification/v2/subscription/query_app_tpl/',
  operation: 'query_app_tpl',
  data: Templates,
  errors: {},
};

/** The templates that the mini-program has taken on. Throws PlatformError. */
export async function templates(
  api: DouyinApi,
  tokens: AccessTokens,
  source: TokenSource,
  account: PlatformAccount,
): Promise<readonly PlatformTemplate[]> {
  const found = await tokens.use(account, source, (token) => repeating(() => api.get(account, QUERY_APP_TPL, token)));
  return found.flatMap((one) => {
    const parsed = Template.safeParse(one);
    if (!parsed.success) return [];
    const { msg_id: templateId, title, keyword_list, classification } = parsed.data;
    const fields = keyword_list.map((name) => ({ name, label: name, example: '' }));
    return [{ templateId, title, kind: classification === 2 ? 'long_term' : 'one_time', fields }];
  });
}
