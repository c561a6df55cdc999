import { must } from '../test/support/client.js';
import type { Stage } from '../test/payments/model/stage.js';
import { type StockTemplate, stockTemplates } from '../test/notifications/support/stock-templates.js';

/** What is sent to all who have agreed to its template. */
export interface Letter {
  /** Of our template. */
  readonly key: string;
  readonly kind: StockTemplate['kind'];
  /** The platform's own id of the template. */
  readonly templateId: string;
  readonly data: Readonly<Record<string, string>>;
  /** How many of the people agree: the first ones. */
  readonly readers: number;
}

/** One of each kind: everybody agrees once to the first, a quarter of them lastingly to the second. */
export async function openLetters(
  stage: Stage,
  token: string,
  platformAppId: string,
  people: number,
): Promise<readonly Letter[]> {
  const stock = await stockTemplates(stage, 'wechat', platformAppId);
  const letter = async (kind: Letter['kind'], readers: number): Promise<Letter> => {
    const { templateId, fields } = stock.find((one) => one.kind === kind)!;
    const key = `torture.${kind}`;
    const body = {
      key,
      variables: fields.map(({ name, example }) => ({ name, type: 'text', example })),
      platforms: {
        wechat: { templateId, kind, fields: Object.fromEntries(fields.map(({ name }) => [name, `{{${name}}}`])) },
      },
    };
    await must(stage.urls[0]!, 'POST', '/v1/message-templates', { token, body });
    return { key, kind, templateId, readers, data: Object.fromEntries(fields.map(({ name, example }) => [name, example])) }; // prettier-ignore
  };
  return Promise.all([letter('one_time', people), letter('long_term', Math.ceil(people / 4))]);
}
