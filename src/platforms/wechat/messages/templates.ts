import { z } from 'zod';
import type { AccessTokens, TokenSource } from '../../access-tokens.js';
import type { PlatformTemplate } from '../../message-platform.js';
import type { PlatformAccount } from '../../platform.js';
import { repeating } from '../../repeating.js';
import type { WechatApi, WechatEndpoint } from '../api.js';
import { WechatAnswer } from '../wechat.wire.js';
import { fieldProblem } from './fields.js';

const Template = z.object({
  priTmplId: z.string().min(1),
  title: z.string().catch(''),
  content: z.string().catch(''),
  example: z.string().catch(''),
  /** 2: one-time, 3: long-term. */
  type: z.coerce.number().catch(2),
});

/** `GET /wxaapi/newtmpl/gettemplate` */
const Templates = WechatAnswer.extend({ data: z.array(Template).optional() });
type Templates = z.infer<typeof Templates>;

const GET_TEMPLATE: WechatEndpoint<Templates> = {
  path: '/wxaapi/newtmpl/gettemplate',
  operation: 'gettemplate',
  answer: Templates,
  errors: {},
};

/** 我的模板 of the mini-program. Throws PlatformError. */
export async function templates(
  api: WechatApi,
  tokens: AccessTokens,
  source: TokenSource,
  account: PlatformAccount,
): Promise<readonly PlatformTemplate[]> {
  const { data = [] } = await tokens.use(account, source, (token) =>
    repeating(() => api.get(account, GET_TEMPLATE, `access_token=${encodeURIComponent(token)}`)),
  );
  return data.map(({ priTmplId, title, content, example, type }) => ({
    templateId: priTmplId,
    title,
    kind: type === 3 ? 'long_term' : 'one_time',
    fields: fieldsIn(content, example),
  }));
}

/**
 * `content` has a line `会议时间:{{date2.DATA}}` for each field, `example` the same with a value in place of the braces;
 * the colon may be a wide one.
 */
function fieldsIn(content: string, example: string): PlatformTemplate['fields'] {
  const examples = new Map(linesOf(example).map(([label, value]) => [label, value]));
  return linesOf(content).flatMap(([label, value]) => {
    const name = /^\{\{([a-z_0-9]+)\.DATA\}\}$/.exec(value)?.[1];
    if (name === undefined || fieldProblem(name) !== undefined) return [];
    return [{ name, label, example: examples.get(label) ?? '' }];
  });
}

const linesOf = (text: string): [label: string, value: string][] =>
  text
    .slice(0, 10_000)
    .split('\n')
    .flatMap((line) => {
      const at = line.search(/[:：]/);
      return at < 0 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()]];
    });
